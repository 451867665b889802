"""Whatever a result holds, every format renders it: the structs are built from their own fields, with hostile text."""

from __future__ import annotations

import re
from functools import cache
from types import NoneType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from harness.conformance.findings import Verdict
from harness.results import CaseResult, CorpusRun, Pairs, RunResult
from reports.formats import FORMATS, PAIRS_FORMATS
from reports.pairs_summary import summarise_corpus
from reports.render_markdown import render_run_markdown
from reports.render_pairs_text import render_pairs_text
from reports.render_text import render_case_text, render_run_text, render_verdict_text
from reports.text_page import NARROWEST

HOSTILE: Final = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "a|b",
            "`|`",
            "\\|",
            "</details>\n\n|x|",
            "\x1b[31m",
            "\r\n| --- |",
            "\u202e",
            "[/red]",
            "日本語" * 40,
            "x" * 300,
            "👩\u200d🚀" * 30,
            "e\u0301" * 90,
        ]
    ),
)
# Text that a terminal obeys: C0 and C1 controls but the line feed, and the bidirectional controls.
OBEYED: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SLOW: Final = settings(max_examples=60)


@cache
def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of an annotated type, as the structs of results use them."""
    if kind is str:
        return HOSTILE
    if kind is Any:
        return st.recursive(HOSTILE | st.none() | st.floats(), lambda inner: st.lists(inner) | st.tuples(inner, inner))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{name: anything(hint) for name, hint in get_type_hints(kind).items()})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return st.lists(anything(arguments[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(*map(anything, arguments), max_size=3)
    if origin is Union or NoneType in arguments:
        return st.one_of(*map(anything, arguments))
    return st.from_type(kind)


@SLOW
@given(anything(RunResult))
def test_no_run_breaks_a_format(run: RunResult) -> None:
    for render in FORMATS.values():
        assert render(run).endswith("\n")


@SLOW
@given(anything(RunResult), st.integers(min_value=0, max_value=160))
def test_text_keeps_its_width_and_holds_nothing_that_a_terminal_obeys(run: RunResult, width: int) -> None:
    text = render_run_text(run, width=width)
    assert max(map(cell_len, text.splitlines())) <= max(width, NARROWEST)
    assert not OBEYED.search(text)


@SLOW
@given(anything(CaseResult), anything(Verdict))
def test_parts_render_alone_and_in_colour(case: CaseResult, verdict: Verdict) -> None:
    for text in (
        render_case_text(case, color=True),
        render_verdict_text(verdict, color=True),
    ):
        assert not OBEYED.search(re.sub(r"\x1b\[[0-9;]*m", "", text))


@SLOW
@given(
    anything(CorpusRun),
    anything(Pairs),
    # How many utterances there are is counted here; all else may be from a file of somebody's.
    st.dictionaries(st.integers(), st.integers(1, 10**7), max_size=4),
    anything(Any),
)
def test_no_corpus_breaks_a_format(run: CorpusRun, pairs: Pairs, errors_more: dict[int, int], options: Any) -> None:
    pairs = msgspec.structs.replace(pairs, errors_more=errors_more)
    run = msgspec.structs.replace(run, settings={**run.settings, "options": options, "stream": options})
    summary = summarise_corpus(run)
    for render in PAIRS_FORMATS.values():
        assert render(summary, pairs).endswith("\n")
    assert not OBEYED.search(render_pairs_text(summary))


@SLOW
@given(anything(RunResult))
def test_markdown_tables_stay_rectangular_and_sections_closed(run: RunResult) -> None:
    text = render_run_markdown(run)
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
    assert len(re.findall(r"^<details( open)?><summary>[^<]*</summary>$", text, re.MULTILINE)) == len(run.cases)
    assert len(re.findall(r"^</details>$", text, re.MULTILINE)) == len(run.cases)
    assert set(re.findall(r"<[^>]*>", text)) <= {
        *("<details>", "<details open>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>"),
    } | set(re.findall(r"(?<=\[source\]\()<https?://[^>]*>", text))

"""Results as values and as JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results import (
    CaseResult,
    Check,
    Counts,
    Outcome,
    RunResult,
    Score,
    from_json,
    to_builtins,
    to_json,
    why_unread,
)
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import normalizer
from harness.scoring.wer import CorpusScore, score

COUNTS = st.builds(ErrorRate, *[st.integers(0, 1000)] * 4)


def _case(name: str, outcome: Outcome = Outcome.PASS) -> CaseResult:
    return CaseResult(name=name, outcome=outcome, audio="clip.wav", replies="script")


def _run(*cases: CaseResult, **fields: Any) -> RunResult:
    scored = Score.of(score("a b c d", "a b x", normalizer("basic")))
    wanted: dict[str, Any] = {
        "tool": "dgharness test",
        "created": "2026-11-20T09:14:33.207Z",
        "server": "mock",
        "seed": 7,
        "partial": False,
        "cases": cases,
        "streaming": scored,
        "prerecorded": None,
    }
    return RunResult(**{**wanted, **fields})


@given(COUNTS)
def test_counts_are_those_of_the_score_and_the_rate_follows(score: ErrorRate) -> None:
    counts = Counts.of(score)
    assert counts.errors == counts.substitutions + counts.deletions + counts.insertions == score.errors
    assert counts.reference_length == counts.hits + counts.substitutions + counts.deletions
    assert counts.rate == score.rate


def test_a_score_keeps_counts_rates_and_the_normaliser() -> None:
    one = Score.of(score("please book a table", "please look a table now", normalizer("basic")))
    assert one.normalizer == "basic@1"
    assert (one.words.hits, one.words.substitutions, one.words.deletions, one.words.insertions) == (3, 1, 0, 1)
    assert one.words.rate == 0.5
    assert one.characters.errors == 5
    assert Score.of(CorpusScore.zero(normalizer("basic"))).words.rate is None


def test_a_run_passes_when_every_case_does_and_none_is_missing() -> None:
    assert _run(_case("a"), _case("b")).passed
    assert _run().passed
    assert not _run(_case("a"), partial=True).passed
    for outcome in (Outcome.FAIL, Outcome.ERROR):
        assert not _run(_case("a"), _case("b", outcome)).passed


def test_a_run_reads_back_from_its_json_as_it_was() -> None:
    check = Check(name="streaming_wer", found=None, allowed=0.1, passed=False)
    case = msgspec.structs.replace(
        _case("a", Outcome.FAIL), checks=(check,), reasons=("streaming_wer is not measured",)
    )
    run = _run(case)
    text = to_json(run)
    assert from_json(text.encode()) == run
    assert json.loads(text) == json.loads(json.dumps(to_builtins(run)))
    assert list(json.loads(text)) == list(RunResult.__struct_fields__)
    assert json.loads(text)["layout"] == 1
    assert text.startswith('{\n  "layout": 1,\n  "tool"')
    assert to_json(run, indent=4).startswith('{\n    "layout"')


@pytest.mark.parametrize("change", [{"layout": 2}, {"cases": None}, {"seed": "x"}, {"layout": "1"}])
def test_another_layout_is_not_read(change: dict[str, Any]) -> None:
    fields = {**json.loads(to_json(_run())), **change}
    with pytest.raises(msgspec.ValidationError):
        from_json(json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            b'{"layout": 2, "tool": "dgharness 9.9"}',
            "results of layout 2, as dgharness 9.9 writes them, and this version ",
        ),
        (b'{"layout": 2}', "results of layout 2, and this version reads layout 1"),
        (b'{"layout": 1}', "missing required field"),
        (b"[]", "missing required field"),
    ],
)
def test_results_of_another_layout_say_so(data: bytes, why: str) -> None:
    assert why_unread(data, ValueError("missing required field")).startswith(why)


def test_fields_that_a_later_version_added_are_passed_over() -> None:
    fields = {**json.loads(to_json(_run())), "later": [1]}
    assert from_json(json.dumps(fields).encode()) == _run()


def test_text_that_is_no_json_is_not_read() -> None:
    with pytest.raises(msgspec.DecodeError):
        from_json(b"not json")

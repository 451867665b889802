"""`harness.gate.baseline`: the three kinds of file that a run can be read from."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.gate.baseline import Baseline, rounded, write_baseline
from harness.gate.source import read_baseline
from harness.results import CaseResult, Outcome, Prerecorded, RunResult, Score, to_json
from harness.scoring.normalize import normalizer
from harness.scoring.wer import score

if TYPE_CHECKING:
    from tests.unit.gate.conftest import Run

ROW = (
    b'{"id": "a", "normalizer": "basic@1", "streaming": {"hits": 3, "substitutions": 1, "deletions": 0, "insertions":'
    b' 0}, "prerecorded": {"hits": 4, "substitutions": 0, "deletions": 0, "insertions": 0}}'
)


def results(*names: str, partial: bool = False) -> RunResult:
    posted = Prerecorded(
        transcript=("one two",),
        request_id=None,
        audio_s=1.0,
        wall_s=0.1,
        score=Score.of(score("one two", "one too", normalizer("basic"))),
    )
    cases = (
        CaseResult(name=name, outcome=Outcome.PASS, audio="a.wav", replies="a test", prerecorded=posted)
        for name in names
    )
    return RunResult(
        tool="t", created="c", server="s", seed=None, partial=partial, cases=tuple(cases), streaming=None,
        prerecorded=None,
    )  # fmt: skip


def test_a_baseline_comes_back_as_it_was(run: Run) -> None:
    baseline = run([0, 1, None], first_interim=0.5)
    assert read_baseline(msgspec.json.encode(baseline), "b.json") == baseline


def test_a_file_holds_an_utterance_a_line_and_apart_from_them_their_delays(run: Run) -> None:
    first, second = run([0, 1], first_interim=0.5), run([0, 2], first_interim=0.25)
    written = write_baseline(first)
    assert read_baseline(written.encode(), "b.json") == first
    assert write_baseline(first) == written
    lines, others = written.splitlines(), write_baseline(second).splitlines()
    changed = [number for number, pair in enumerate(zip(lines, others, strict=True)) if pair[0] != pair[1]]
    assert changed == [2, 4, 5], "the answer that changed, and the delays"


def test_a_file_without_utterances_is_a_baseline_too() -> None:
    assert read_baseline(write_baseline(Baseline(utterances=())).encode(), "b.json").utterances == ()


def test_delays_are_kept_to_the_millisecond() -> None:
    assert rounded([("a", 0.1234567), ("b", None)]) == {"a": 0.123}


def test_results_of_a_run() -> None:
    baseline = read_baseline(to_json(results("one", "two")).encode(), "r.json")
    assert [utterance.id for utterance in baseline.utterances] == ["one", "two"]
    first = baseline.utterances[0]
    assert first.prerecorded is not None
    assert first.prerecorded.words is not None
    assert first.prerecorded.words.substitutions == 1
    assert (first.streaming, first.normalizer, first.passed) == (None, "basic@1", True)


@pytest.mark.parametrize("lines", [ROW, ROW + b"\n", ROW + b"\n\n" + ROW.replace(b'"a"', b'"b"') + b"\n"])
def test_lines_of_score(lines: bytes) -> None:
    utterance = read_baseline(lines, "u.jsonl").utterances[0]
    assert utterance.streaming is not None
    assert utterance.streaming.words is not None
    assert utterance.streaming.words.substitutions == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "b is empty"),
        (b"nothing", "wanted a baseline"),
        (b"[1]", "wanted a baseline"),
        (ROW + b"\n{}", "b, line 2: Object missing required field `id`"),
        (ROW + b"\n" + ROW, "'a' occurs twice"),
        (
            b'{"format": "dgharness-baseline", "version": 2, "utterances": []}',
            r"Invalid enum value 2 - at `\$.version`",
        ),
        (b'{"format": "dgharness-baseline", "version": 1}', "missing required field `utterances`"),
        (b'{"layout": 1}', "missing required field"),
        (b'{"layout": 1, "files": 2, "partial": true}', "b: the totals of a corpus; wanted its folder"),
        (b'{\n "layout": 1,\n', "b: Input data was truncated"),
        (ROW.replace(b": 3", b": -3"), "b, line 1: Expected `int` >= 0"),
        (ROW.replace(b": 3", b": 30000000000"), "b, line 1: Expected `int` <= 100000000"),
        (
            b'{"format": "dgharness-baseline", "version": 1, "tolerances": {"failures": -1}, "utterances": []}',
            r"Expected `float` >= 0",
        ),
        (
            b'{"format": "dgharness-baseline", "version": 1, "utterances": [{"id": "a", "errors": 9999999999}]}',
            r"Expected `int` <= 2147483647 - at `\$.utterances\[0\].errors`",
        ),
        (
            to_json(results("one")).replace('"hits": 1', '"hits": -1').encode(),
            "b: Expected `int` >= 0 .*wanted results",
        ),
        (to_json(results("one")).replace('"hits": 1', f'"hits": {10**30}').encode(), "b: Expected `int` <= 100000000"),
        (to_json(results("one", "one")).encode(), "'one' occurs twice"),
        (to_json(results("one", partial=True)).encode(), "interrupted"),
    ],
)
def test_what_is_none_of_them_gets_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as caught:
        read_baseline(data, "b")
    assert str(caught.value).startswith("b")


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(BadInput):
        read_baseline(data, "b")

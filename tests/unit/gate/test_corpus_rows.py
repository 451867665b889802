"""The rows of a corpus as the gate reads them; they are written by `harness.corpus.rows` itself."""

from __future__ import annotations

import msgspec
import pytest

from harness.corpus.rows import DELAYS, Row, scored
from harness.errors import BadInput
from harness.gate.baseline import Baseline, Edits, Utterance
from harness.gate.gate import compare_runs
from harness.gate.metrics import DELAYS as MEASURED
from harness.gate.source import Source, read_both

WHOLE = b'{"files": 1, "partial": false}'


def row(id_: str = "a", streaming: str | None = "one too", *names: str, reference: str | None = "one two") -> Row:
    bare = Row(
        id=id_,
        audio=f"{id_}.wav",
        streaming_failure="timed out" if streaming is None else None,
        streaming=streaming,
        prerecorded="one two",
        first_interim_wall_s=0.5004,
        first_final_wall_s=1.0,
        last_message_wall_s=0.1,
        word_shown_p50_wall_s=0.2,
        word_final_p50_wall_s=0.3,
        end_of_speech_p50_wall_s=0.4,
    )
    return scored(bare, reference, names or ("basic",))


def lines(*rows: Row) -> bytes:
    return b"".join(msgspec.json.encode(one) + b"\n" for one in rows)


def read(*rows: Row) -> Baseline:
    return Source(lines(*rows), "rows.jsonl").under(None)


def only(*rows: Row) -> Utterance:
    return read(*rows).utterances[0]


def test_all_that_the_gate_measures_is_in_a_row() -> None:
    utterance = only(row())
    assert (utterance.id, utterance.normalizer, utterance.reference) == ("a", "basic@1", "one two")
    assert (utterance.passed, tuple(utterance.delays_wall_s)) == (True, MEASURED)
    assert utterance.delays_wall_s["first_interim"] == 0.5
    assert {f"{name}_p50_wall_s" for name in utterance.delays_wall_s} >= set(DELAYS)
    assert utterance.streaming is not None
    assert utterance.streaming.words == Edits(1, 1, 0, 0)
    assert utterance.streaming.characters == Edits(6, 1, 0, 0)
    assert utterance.streaming.text == "one too"
    assert utterance.prerecorded is not None
    assert utterance.prerecorded.words == Edits(2, 0, 0, 0)


def test_a_side_that_failed_stays_in_n_with_every_word_wrong() -> None:
    failed = only(row(streaming=None))
    assert (failed.passed, failed.delays_wall_s) == (False, {})
    result = compare_runs(read(row()), read(row(streaming=None)), {})
    (wer,) = [metric for metric in result.metrics if metric.metric == "streaming_wer"]
    assert (wer.n, wer.base, wer.new) == (1, 0.5, 1.0)
    (failures,) = [metric for metric in result.metrics if metric.metric == "failures"]
    assert (failures.base, failures.new) == (0, 1)


def test_a_session_with_something_wrong_in_it_did_not_pass() -> None:
    assert only(msgspec.structs.replace(row(), reasons=("no Metadata",))).passed is False


def test_a_row_without_a_reference_has_its_texts() -> None:
    utterance = only(row(reference=None))
    assert utterance.streaming is not None
    assert (utterance.normalizer, utterance.streaming.words, utterance.streaming.text) == ("", None, "one too")


def sources(base: tuple[str, ...], new: tuple[str, ...]) -> tuple[Source, Source]:
    return Source(lines(row("a", "One too", *base)), "base"), Source(lines(row("a", "One too", *new)), "new")


@pytest.mark.parametrize(
    ("base", "new", "wanted", "chosen"),
    [
        (("basic", "none"), ("none", "basic"), None, "basic@1"),
        (("basic", "none"), ("none",), None, "none@1"),
        (("basic", "none"), ("basic", "none"), "none", "none@1"),
        (("basic", "none"), ("basic", "none"), "none@1", "none@1"),
    ],
)
def test_the_first_normaliser_of_the_base_that_both_have(
    base: tuple[str, ...], new: tuple[str, ...], wanted: str | None, chosen: str
) -> None:
    both = read_both(*sources(base, new), wanted)
    assert [run.utterances[0].normalizer for run in both] == [chosen, chosen]
    assert all(run.utterances[0].streaming for run in both)
    assert {run.utterances[0].streaming.words.substitutions for run in both if run.utterances[0].streaming} == (  # type: ignore[union-attr]
        {1} if chosen == "basic@1" else {2}
    )


def test_a_baseline_decides_for_a_corpus() -> None:
    base = Source(msgspec.json.encode(read(row("a", "one", "none"))), "base")
    assert read_both(base, sources(("basic",), ("basic", "none"))[1])[1].utterances[0].normalizer == "none@1"


@pytest.mark.parametrize("wanted", [None, "basic", "none"])
def test_no_normaliser_in_both_gets_one_sentence(wanted: str | None) -> None:
    with pytest.raises(BadInput, match=r"base is scored under basic@1; new is scored under none@1; wanted \S+ in both"):
        read_both(*sources(("basic",), ("none",)), wanted)


@pytest.mark.parametrize(
    ("data", "run", "sentence"),
    [
        (lines(row()) + b'{"id": "b"\n', WHOLE, r"rows, line 2: Input data was truncated"),
        (lines(row()) + b'{"id": "b"}\n', WHOLE, r"rows, line 2: Object missing required field `audio`"),
        (lines(row(), row()), WHOLE, "'a' occurs twice"),
        (lines(row("a"), row("b", "one", "none")), WHOLE, "rows, line 2: is scored under none@1; wanted basic@1"),
        (lines(row()), b'{"files": 1, "partial": true}', r"rows: the rows of a corpus that was interrupted \(1 of 1"),
        (lines(row()), b'{"files": 2, "partial": false}', r"interrupted \(1 of 2 files\)"),
        (b"", WHOLE, r"interrupted \(0 of 1 files\)"),
        (lines(row()), b"{}", "run.json beside rows: Object missing required field"),
    ],
)
def test_rows_that_are_broken_or_not_all_there_get_one_sentence(data: bytes, run: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Source(data, "rows", run).under(None)

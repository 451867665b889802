"""Rows as utterances of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.corpus.inputs import Item
from harness.corpus.rows import Row, Scored, scored
from harness.corpus.utterances import gather, utterance_of
from harness.pairs import Gathered
from harness.results import ExtraError, PairedUtterance
from harness.scoring.causes import Cause

if TYPE_CHECKING:
    from tests.unit.corpus.conftest import MakeItems, MakeRow

ERROR = ExtraError(
    cause=Cause.RECOGNITION, kind="substitute", reference="one", hypothesis="won", channel=0, start_audio_s=0.5,
    evidence="its audio was delivered",
)  # fmt: skip
replace = msgspec.structs.replace


def texts(utterance: PairedUtterance) -> list[tuple[str, str, str]]:
    return [(run.kind, run.reference, run.hypothesis) for run in utterance.streaming_alignment]


def test_a_row_in_full_has_both_sides_beside_its_reference(items: MakeItems, row: MakeRow) -> None:
    (item,) = items("one")
    causes = {Cause.RECOGNITION: 1}
    told = replace(row(item, "This is won"), causes=causes, extra_errors=(ERROR,), word_shown_p50_wall_s=0.75)
    utterance = utterance_of(told)
    assert texts(utterance) == [("equal", "this is", "this is"), ("substitute", "one", "won")]
    assert [run.kind for run in utterance.prerecorded_alignment] == ["equal"]
    assert (utterance.id, utterance.audio, utterance.audio_s) == ("one", item.audio, 1.5)
    assert utterance.streaming is not None
    assert utterance.streaming.errors == 1
    assert utterance.causes == {Cause.RECOGNITION: 1}
    assert utterance.extra_errors == (ERROR,)
    assert utterance.delays_wall_s == {"word_shown_p50_wall_s": 0.75}


def test_a_side_that_failed_is_empty_beside_its_reference_and_says_why(items: MakeItems, row: MakeRow) -> None:
    utterance = utterance_of(replace(row(items("one")[0], None), reasons=("drift of 2 s",)))
    assert utterance.troubles == ("streaming: timed out", "drift of 2 s")
    assert utterance.streaming_text is None
    assert texts(utterance) == [("delete", "this is one", "")]


def test_without_a_reference_there_are_texts_alone(items: MakeItems, row: MakeRow) -> None:
    told = scored(replace(row(items("one")[0]), reference=None), None, ["basic"])
    utterance = utterance_of(told)
    assert (utterance.streaming, utterance.streaming_alignment) == (None, ())
    assert utterance.streaming_text == "this is one"


def test_counts_of_another_version_are_not_explained_by_this_one(items: MakeItems, row: MakeRow) -> None:
    told = row(items("one")[0], "this was one")
    for label in ("basic@0", "gone@1"):
        utterance = utterance_of(replace(told, scores=(relabelled(told.scores[0], label),)))
        assert utterance.streaming is not None
        assert utterance.streaming.errors == 1
        assert utterance.streaming_alignment == ()


def test_texts_that_nobody_would_read_are_not_aligned(items: MakeItems, row: MakeRow) -> None:
    told = replace(row(items("one")[0], "this was one"), reference="one " * 125_001)
    assert utterance_of(told).streaming_alignment == ()
    assert utterance_of(replace(told, reference="one " * 1000)).streaming_alignment != ()


def relabelled(one: Scored, label: str) -> Scored:
    return replace(one, normalizer=label)


def test_rows_pass_and_those_with_trouble_come_first(items: MakeItems, row: MakeRow) -> None:
    one, two, three = items("one", "two", "three")
    rows: list[Row] = [row(one, "that was one"), row(two, "this is two"), row(three, "", None)]
    rows.append(row(Item("four", three.audio, None)))
    gathered = Gathered()
    assert list(gather(rows, gathered)) == rows
    pairs = gathered.result()
    assert [utterance.id for utterance in pairs.shown] == ["three", "one", "two", "four"]
    assert pairs.errors_more == {-3: 1, 0: 1, 2: 1}

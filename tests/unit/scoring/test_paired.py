from __future__ import annotations

from pathlib import Path

from harness.scoring.normalize import normalizer
from harness.scoring.paired import LeftOut, score_pairs
from harness.scoring.texts import parse_texts
from harness.scoring.wer import CorpusScore

BASIC = normalizer("basic")


def test_rows_hold_both_sides_of_an_id_in_the_order_of_the_references() -> None:
    paired = score_pairs(
        {"b": "one two", "a": "three"},
        {"a": "Three.", "b": "one"},
        {"a": "tree", "b": "One, two!"},
        BASIC,
    )
    assert [row.id for row in paired.rows] == ["b", "a"]
    assert [row.streaming.words.errors for row in paired.rows] == [1, 0]
    assert [row.prerecorded.words.errors for row in paired.rows] == [0, 1]


def test_the_corpora_are_the_sums_of_the_rows() -> None:
    paired = score_pairs({"a": "x y", "b": "z"}, {"a": "x", "b": "z"}, {"a": "x y", "b": "w"}, BASIC)
    assert paired.streaming == paired.rows[0].streaming + paired.rows[1].streaming
    assert paired.prerecorded == paired.rows[0].prerecorded + paired.rows[1].prerecorded
    assert (paired.streaming.wer, paired.prerecorded.wer) == (1 / 3, 1 / 3)


def test_every_id_left_out_is_counted_once_by_the_sides_that_have_it() -> None:
    paired = score_pairs(
        dict.fromkeys(["all", "r1", "rs1", "rs2", "rp1", "rp2", "rp3"], "x"),
        dict.fromkeys(["all", "s1", "s2", "rs1", "rs2", "sp1"], "x"),
        dict.fromkeys(["all", "p1", "p2", "p3", "rp1", "rp2", "rp3", "sp1"], "x"),
        BASIC,
    )
    assert [row.id for row in paired.rows] == ["all"]
    assert paired.left_out == LeftOut(
        only_in_references=1,
        only_in_streaming=2,
        only_in_prerecorded=3,
        missing_in_references=1,
        missing_in_streaming=3,
        missing_in_prerecorded=2,
    )


def test_nothing_in_common_scores_nothing() -> None:
    paired = score_pairs({"a": "x"}, {"b": "x"}, {}, BASIC)
    assert paired.rows == ()
    assert paired.streaming == paired.prerecorded == CorpusScore.zero(BASIC)


def test_an_empty_transcript_is_scored_not_left_out() -> None:
    paired = score_pairs({"a": "x y"}, {"a": ""}, {"a": "x y"}, BASIC)
    assert paired.rows[0].streaming.wer == 1.0
    assert paired.left_out.only_in_prerecorded == paired.left_out.missing_in_streaming == 0


def test_the_figures_of_nova_3_on_librispeech_come_out_to_the_word(shared: Path) -> None:
    recordings = shared / "recordings"
    transcripts = recordings / "nova3-streaming-vs-batch" / "transcripts"
    references, streaming, prerecorded = (
        parse_texts(path.read_bytes(), path.name)
        for path in (
            recordings / "librispeech-test-clean" / "refs.tsv",
            transcripts / "librispeech-deepgram-nova-3-stream.json.gz",
            transcripts / "librispeech-deepgram-nova-3.json.gz",
        )
    )
    paired = score_pairs(references, streaming, prerecorded, BASIC)
    assert len(paired.rows) == 758
    assert paired.left_out.missing_in_streaming == 2620 - 758
    assert paired.streaming.words.reference_length == paired.prerecorded.words.reference_length == 15_607
    assert paired.streaming.words.errors == 543
    assert paired.prerecorded.words.errors == 434

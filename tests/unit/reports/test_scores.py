from __future__ import annotations

import msgspec

from harness.results import Comparison, Counts, Score
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import normalizer
from harness.scoring.paired import score_pairs
from reports.scores import (
    ScoreRow,
    Side,
    comparison_line,
    rate_cell,
    score_table,
    score_title,
    unscored_ids,
    unscored_line,
)


def rows_of(streaming: Score | None, prerecorded: Score | None) -> dict[str, ScoreRow]:
    table = score_table("a title", Side(streaming, "no reason"), Side(prerecorded, "no reason"))
    return {row.measure: row for row in table.rows}


def test_both_sides_stand_side_by_side_with_what_streaming_costs(
    streaming_score: Score, prerecorded_score: Score
) -> None:
    rows = rows_of(streaming_score, prerecorded_score)
    assert rows["WER"] == ("WER", "12.00 %", "3.00 %", "+9.00 pp")
    assert rows["MER"] == ("MER", "11.76 %", "3.00 %", "+8.76 pp")
    assert rows["WIL"] == ("WIL", "16.49 %", "4.96 %", "+11.54 pp")
    assert rows["CER"] == ("CER", "4.00 %", "1.00 %", "+3.00 pp")
    assert rows["hits"] == ("hits", "90", "97", "-7")
    assert rows["substitutions"] == ("substitutions", "5", "2", "+3")
    assert rows["deletions"] == ("deletions", "5", "1", "+4")
    assert rows["insertions"] == ("insertions", "2", "0", "+2")
    assert rows["reference words"] == ("reference words", "100", "100", "+0")
    assert rows["normaliser"] == ("normaliser", "basic@1", "basic@1", "")


def test_a_side_without_score_says_so_and_why(streaming_score: Score) -> None:
    table = score_table("a title", Side(streaming_score), Side(None, "it was not asked"))
    assert table.rows[0] == ("WER", "12.00 %", "not scored", "–")
    assert table.notes == ("pre-recorded: not scored, it was not asked",)


def test_without_any_score_there_are_reasons_and_no_rows() -> None:
    table = score_table("a title", Side(None, "it failed"), Side(None, "it was not asked"), ["first"])
    assert table.title == "Errors against the reference: not scored"
    assert table.rows == ()
    assert table.notes == (
        "first",
        "streaming: not scored, it failed",
        "pre-recorded: not scored, it was not asked",
    )


def test_undefined_rates_say_why() -> None:
    nothing, inserted = ErrorRate.zero(), ErrorRate(0, 0, 0, 2)
    empty = Score(normalizer="basic@1", words=Counts.of(nothing), characters=Counts.of(nothing), mer=None, wil=None)
    noisy = Score(normalizer="basic@1", words=Counts.of(inserted), characters=Counts.of(inserted), mer=1.0, wil=None)
    rows = rows_of(empty, noisy)
    assert rows["WER"] == ("WER", "– (empty reference)", "– (empty reference)", "–")
    assert rows["MER"] == ("MER", "– (both texts empty)", "100.00 %", "–")
    assert rows["WIL"] == ("WIL", "– (empty reference)", "– (empty reference)", "–")
    assert rows["CER"] == ("CER", "– (empty reference)", "– (empty reference)", "–")
    assert rate_cell(empty) == "– (empty reference)"
    assert rate_cell(None) == "not scored"


def test_a_rate_that_a_foreign_writer_left_out_is_undefined_and_no_error(streaming_score: Score) -> None:
    bare = Counts(hits=9, substitutions=1, deletions=0, insertions=0, reference_length=10, rate=None)
    score = msgspec.structs.replace(streaming_score, words=bare, characters=bare, mer=None, wil=None)
    assert {rows.streaming for name, rows in rows_of(score, None).items() if name in {"WER", "MER", "WIL", "CER"}} == {
        "– (undefined)"
    }


def test_different_normalisers_are_not_subtracted(streaming_score: Score, prerecorded_score: Score) -> None:
    other = msgspec.structs.replace(prerecorded_score, normalizer="whisper@1")
    table = score_table("a title", Side(streaming_score), Side(other))
    assert table.rows[0].difference == "–"
    assert table.notes == ("no difference is given: the sides have different references or normalisers",)


def test_sides_known_to_differ_are_not_subtracted_even_when_the_counts_agree(streaming_score: Score) -> None:
    table = score_table("a title", Side(streaming_score), Side(streaming_score), comparable=False)
    assert table.rows[0] == ("WER", "12.00 %", "12.00 %", "–")


def test_only_recognised_replies_are_titled_without_reserve() -> None:
    assert score_title([False, False]) == "Errors against the reference"
    assert score_title([True]).startswith("Errors in synthetic replies: made up, nothing was recognised; not the acc")
    assert score_title([True, False, None]).endswith(
        "replies are synthetic in 1 of 3 scored cases: not the accuracy of Deepgram"
    )
    assert score_title([None, False]).endswith("whether replies are synthetic is not known in 1 of 2 scored cases")


def test_ids_left_out_of_a_pairing_are_counted_by_reason() -> None:
    paired = score_pairs(
        {"a": "x", "b": "y", "c": "z"}, {"a": "x", "b": "y"}, {"a": "x", "d": "w"}, normalizer("basic")
    )
    reasons = unscored_ids(paired.left_out)
    assert reasons == {
        "only in the references": 1,
        "only in pre-recorded": 1,
        "missing in pre-recorded": 1,
    }
    assert unscored_line(reasons) == (
        "3 ids not scored: 1 only in the references, 1 only in pre-recorded, 1 missing in pre-recorded"
    )


def test_nothing_left_out_needs_no_line() -> None:
    assert unscored_line({}) is None
    assert unscored_line({"only in streaming": 0}) is None


COMPARED = Comparison(
    verdict="worse", utterances=758, fewer=26, more=107, errors=109, rate=0.00698, low=0.0051, high=0.0089,
    p_value=1e-12, test="exact sign-flip permutation", resamples=1000, seed=0,
)  # fmt: skip


def test_a_comparison_gives_verdict_interval_and_test_on_one_line() -> None:
    assert comparison_line(COMPARED) == (
        "streaming against pre-recorded: worse (758 utterances: 107 worse, 26 better; WER difference +0.70 pp; "
        "95 % interval +0.51 pp to +0.89 pp; p < 0.0001, exact sign-flip permutation; seed 0)"
    )


def test_a_comparison_without_reference_words_has_no_difference_to_give() -> None:
    empty = msgspec.structs.replace(COMPARED, rate=None, low=None, high=None, p_value=1.0)
    assert "WER" not in comparison_line(empty)
    assert "p = 1.0000" in comparison_line(empty)

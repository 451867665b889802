"""`harness.totals`: counts added over cases, and streaming against pre-recorded."""

from __future__ import annotations

from harness.results import CaseResult, Outcome, Prerecorded, Score, Streamed
from harness.scoring.normalize import normalizer
from harness.scoring.wer import score
from harness.totals import comparison, total

REFERENCE = "one two three four"


def scored(heard: str | None) -> Score | None:
    return None if heard is None else Score.of(score(REFERENCE, heard, normalizer("basic")))


def case(streamed: str | None, posted: str | None) -> CaseResult:
    """A case whose sides heard these; None failed."""
    return CaseResult(
        name="case",
        outcome=Outcome.PASS,
        audio="case.wav",
        reference=REFERENCE,
        replies="a test",
        streamed=Streamed(
            transcript=(streamed or "",),
            request_id=None,
            audio_s=1.0,
            wall_s=1.0,
            interims=0,
            finals=1,
            first_interim_wall_s=None,
            first_final_wall_s=None,
            last_message_wall_s=None,
            pacing=None,
            score=scored(streamed),
            failure="timed out" if streamed is None else None,
        ),
        prerecorded=Prerecorded(
            transcript=(posted or "",),
            request_id=None,
            audio_s=1.0,
            wall_s=1.0,
            score=scored(posted),
            failure="refused" if posted is None else None,
        ),
    )


def test_the_comparison_is_streaming_less_prerecorded() -> None:
    found = comparison([(case("one two tree four", REFERENCE), "basic")] * 40, seed=3)
    assert found is not None
    assert (found.utterances, found.errors, found.more, found.fewer) == (40, 40, 40, 0)
    assert (found.rate, found.verdict, found.seed) == (0.25, "worse", 3)


def test_a_side_that_failed_heard_nothing_and_stays_in() -> None:
    found = comparison([(case(None, REFERENCE), "basic"), (case(REFERENCE, None), "basic")], seed=0)
    assert found is not None
    assert (found.utterances, found.more, found.fewer, found.errors) == (2, 1, 1, 0)


def test_both_sides_failed_is_no_difference_and_stays_in() -> None:
    found = comparison([(case(None, None), "basic")], seed=0)
    assert found is not None
    assert (found.utterances, found.errors, found.rate) == (1, 0, 0.0)


def test_cases_without_a_reference_have_nothing_to_compare() -> None:
    assert comparison([], seed=0) is None


def test_totals_add_counts_and_not_rates() -> None:
    both = [part for part in (scored("one"), scored(REFERENCE)) if part]
    added = total(both)
    assert added is not None
    assert (added.words.deletions, added.words.reference_length, added.words.rate) == (3, 8, 0.375)


def test_scores_under_two_normalisers_have_no_total() -> None:
    other = Score.of(score(REFERENCE, REFERENCE, normalizer("none")))
    one = scored(REFERENCE)
    assert one is not None
    assert total([one, other]) is None

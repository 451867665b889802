from __future__ import annotations

import dataclasses

import pytest

from harness.scoring.error_rate import ErrorRate

SOME = ErrorRate(hits=6, substitutions=2, deletions=2, insertions=1)


def test_lengths_and_errors_follow_from_the_counts() -> None:
    assert SOME.errors == 5
    assert SOME.reference_length == 10
    assert SOME.hypothesis_length == 9


def test_rates_follow_from_the_counts() -> None:
    assert SOME.rate == 0.5
    assert SOME.match_error_rate == 5 / 11
    assert SOME.word_information_lost == pytest.approx(1 - 0.6 * 6 / 9)


def test_addition_adds_counts_so_a_long_text_outweighs_a_short_one() -> None:
    wrong_word, right_sentence = ErrorRate(0, 1, 0, 0), ErrorRate(9, 0, 0, 0)
    assert wrong_word + right_sentence == ErrorRate(9, 1, 0, 0)
    assert (wrong_word + right_sentence).rate == 0.1


def test_a_corpus_is_a_sum_from_zero() -> None:
    assert sum([SOME, SOME, SOME], ErrorRate.zero()) == ErrorRate(18, 6, 6, 3)
    assert sum([], ErrorRate.zero()) == ErrorRate(0, 0, 0, 0)


def test_nothing_else_adds() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        SOME + 0.5  # type: ignore[operator]


def test_insertions_lift_the_rate_above_one() -> None:
    assert ErrorRate(hits=1, substitutions=0, deletions=0, insertions=3).rate == 3.0


def test_an_empty_reference_with_insertions_has_errors_but_no_rate() -> None:
    invented = ErrorRate(hits=0, substitutions=0, deletions=0, insertions=3)
    assert invented.errors == 3
    assert invented.rate is None
    assert invented.match_error_rate == 1.0
    assert invented.word_information_lost is None


def test_an_empty_hypothesis_loses_everything() -> None:
    silent = ErrorRate(hits=0, substitutions=0, deletions=4, insertions=0)
    assert (silent.rate, silent.match_error_rate, silent.word_information_lost) == (1.0, 1.0, 1.0)


def test_two_empty_texts_have_no_rate_at_all() -> None:
    nothing = ErrorRate.zero()
    assert (nothing.rate, nothing.match_error_rate, nothing.word_information_lost) == (None, None, None)


def test_insertions_over_silence_count_once_added_to_speech() -> None:
    invented, spoken = ErrorRate(0, 0, 0, 2), ErrorRate(8, 0, 0, 0)
    assert (invented + spoken).rate == 0.25


@pytest.mark.parametrize("field", ["hits", "substitutions", "deletions", "insertions"])
def test_a_negative_count_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"cannot be negative: .*{field}=-1"):
        dataclasses.replace(SOME, **{field: -1})

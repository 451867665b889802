"""Interval, test and verdict on differences whose answers are known by other means."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.error_rate import ErrorRate
from harness.scoring.significance import MINIMUM_UTTERANCES, Test, Verdict, compare


def counts(*errors: int, of: int = 20) -> list[ErrorRate]:
    return [ErrorRate(of - wrong, wrong, 0, 0) for wrong in errors]


small = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=9)


@given(small)
def test_the_p_value_is_that_of_counting_every_sign_pattern(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    differences = [ours - theirs for ours, theirs in pairs]
    patterns = [abs(sum(map(int.__mul__, differences, signs))) for signs in product((1, -1), repeat=len(pairs))]
    expected = sum(sum_ >= abs(sum(differences)) for sum_ in patterns) / len(patterns)
    assert compare(counts(*first), counts(*second)).p_value == pytest.approx(expected)


@given(small)
def test_swapping_the_systems_swaps_the_answer(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    one, other = compare(counts(*first), counts(*second)), compare(counts(*second), counts(*first))
    assert (one.errors, one.fewer, one.more) == (-other.errors, other.more, other.fewer)
    assert one.p_value == other.p_value


def test_alike_is_not_distinguishable() -> None:
    same = counts(*[1, 0, 2] * 20)
    comparison = compare(same, same)
    assert (comparison.rate, comparison.low, comparison.high, comparison.p_value) == (0, 0, 0, 1)
    assert comparison.verdict is Verdict.NOT_DISTINGUISHABLE


def test_worse_and_better() -> None:
    good, bad = counts(*[0, 1] * 30), counts(*[1, 1] * 30)
    assert compare(bad, good).verdict is Verdict.WORSE
    assert compare(good, bad).verdict is Verdict.BETTER


def test_a_verdict_takes_both_the_test_and_the_interval() -> None:
    both = compare(counts(*[1, 1] * 30), counts(*[0, 1] * 30))
    assert both.verdict is Verdict.WORSE
    assert replace(both, p_value=0.05).verdict is Verdict.NOT_DISTINGUISHABLE
    assert replace(both, low=0.0).verdict is Verdict.NOT_DISTINGUISHABLE
    assert replace(both, low=-0.2, high=0.0).verdict is Verdict.NOT_DISTINGUISHABLE


def test_one_awful_utterance_proves_nothing() -> None:
    assert compare(counts(20, *[0] * 99), counts(*[0] * 100)).verdict is Verdict.NOT_DISTINGUISHABLE


def test_too_few_get_no_verdict() -> None:
    few = MINIMUM_UTTERANCES - 1
    comparison = compare(counts(*[3] * few), counts(*[0] * few))
    assert comparison.p_value < 0.001
    assert comparison.verdict is Verdict.TOO_FEW


def test_the_interval_is_that_of_theory_and_the_seed_decides_it() -> None:
    # 400 utterances of 20 words, every second one an error more: sd 0.5 errors, so 0.5 / sqrt(400) / 20 a word.
    worse, base = counts(*[1, 0] * 200), counts(*[0] * 400)
    comparison = compare(worse, base, seed=1, resamples=4000)
    spread = 1.96 * 0.5 / math.sqrt(400) / 20
    assert comparison.rate == pytest.approx(0.025)
    assert comparison.low == pytest.approx(0.025 - spread, abs=spread / 10)
    assert comparison.high == pytest.approx(0.025 + spread, abs=spread / 10)
    assert compare(worse, base, seed=1, resamples=4000) == comparison
    assert compare(worse, base, seed=2, resamples=4000) != comparison


def test_where_counting_takes_too_long_the_normal_test_agrees_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    worse, base = counts(*[1, 0, 0, 2, 0] * 60), counts(*[0, 1, 0, 1, 1] * 60)
    exact = compare(worse, base)
    monkeypatch.setattr("harness.scoring.significance._EXACT_STEPS", 0)
    normal = compare(worse, base)
    assert (exact.test, normal.test) == (Test.SIGN_FLIP, Test.MATCHED_PAIRS)
    assert normal.p_value == pytest.approx(exact.p_value, abs=0.08)


def test_systems_that_are_alike_seldom_get_a_verdict() -> None:
    """Skewed errors, as real ones are: mostly none or few, now and then a transcript that is all wrong."""
    chance = random.Random(30)
    drawn = [
        [counts(*(min(20, int(chance.lognormvariate(0, 1.2))) for _ in range(MINIMUM_UTTERANCES))) for _ in range(2)]
        for _ in range(400)
    ]
    verdicts = [compare(first, second, resamples=200) for first, second in drawn]
    outside = sum(one.low is not None and one.high is not None and not one.low <= 0 <= one.high for one in verdicts)
    told = sum(one.verdict is not Verdict.NOT_DISTINGUISHABLE for one in verdicts)
    assert told <= 0.065 * len(drawn)
    assert outside > 0.065 * len(drawn)  # with so few utterances the interval alone would tell too much


def test_a_seed_may_be_any_whole_number() -> None:
    worse, base = counts(*[1, 0, 2, 9, 17] * 20), counts(*[0] * 100)
    drawn = [compare(worse, base, seed=seed, resamples=100) for seed in (-7, -7, 7)]
    assert drawn[0] == drawn[1]
    assert (drawn[0].low, drawn[0].high) != (drawn[2].low, drawn[2].high)


def test_many_utterances_that_all_differ_alike_leave_no_doubt() -> None:
    """Their spread is 0: nothing to divide by."""
    comparison = compare(counts(*[2] * 15_000), counts(*[1] * 15_000), resamples=10)
    assert (comparison.p_value, comparison.test, comparison.low) == (0.0, Test.MATCHED_PAIRS, 0.05)
    assert comparison.verdict is Verdict.WORSE


def test_empty_references_have_no_rate_and_the_test_alone_tells_who_makes_up_more() -> None:
    made_up, nothing = [ErrorRate(0, 0, 0, 2)] * 40, [ErrorRate.zero()] * 40
    comparison = compare(made_up, nothing)
    assert (comparison.errors, comparison.rate, comparison.low, comparison.high) == (80, None, None, None)
    assert comparison.verdict is Verdict.WORSE
    assert compare(nothing, made_up).verdict is Verdict.BETTER
    assert compare(made_up, [*made_up[:36], *nothing[:4]]).verdict is Verdict.NOT_DISTINGUISHABLE
    assert compare(nothing, nothing).verdict is Verdict.NOT_DISTINGUISHABLE


def test_nothing_compares_as_nothing() -> None:
    assert compare([], []).verdict is Verdict.TOO_FEW


@pytest.mark.parametrize(
    ("first", "second", "resamples", "message"),
    [
        (counts(1), counts(1, 2), 1000, "1 utterances do not pair with 2"),
        (counts(1), counts(1, of=21), 1000, "utterance 0: 20 reference tokens in one, 21 in the other"),
        (counts(1), counts(1), 0, "resamples is 0"),
    ],
)
def test_what_does_not_pair_is_refused(
    first: list[ErrorRate], second: list[ErrorRate], resamples: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        compare(first, second, resamples=resamples)

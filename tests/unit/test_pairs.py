"""Utterances gathered one by one: the worst are kept, everything is counted, curves are nearest-rank percentiles."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.pairs import CURVE_POINTS, Gathered, curve
from harness.results import PairedUtterance, Pairs
from harness.scoring.error_rate import ErrorRate

COUNTS = st.builds(ErrorRate, *[st.integers(0, 5)] * 4)
UTTERANCES = st.lists(st.tuples(st.none() | st.tuples(COUNTS, COUNTS), st.booleans()))


def gathered(utterances: list[tuple[tuple[ErrorRate, ErrorRate] | None, bool]], shown: int) -> Pairs:
    all_of_them = Gathered(shown)
    for number, (sides, trouble) in enumerate(utterances):
        all_of_them.add(sides, lambda number=number: PairedUtterance(id=str(number)), trouble=trouble)  # type: ignore[misc]
    return all_of_them.result()


def badness(utterance: tuple[tuple[ErrorRate, ErrorRate] | None, bool]) -> tuple[bool, float, int]:
    sides, trouble = utterance
    if sides is None:
        return trouble, -math.inf, 0
    return trouble, sides[0].errors - sides[1].errors, sides[0].errors


@given(UTTERANCES, st.integers(0, 8))
def test_the_worst_are_shown_in_order_and_all_are_counted(
    utterances: list[tuple[tuple[ErrorRate, ErrorRate] | None, bool]], shown: int
) -> None:
    pairs = gathered(utterances, shown)
    ordered = sorted(range(len(utterances)), key=lambda number: badness(utterances[number]), reverse=True)
    assert [int(one.id) for one in pairs.shown] == ordered[:shown]
    assert pairs.utterances == len(utterances)
    assert sum(pairs.errors_more.values()) == sum(sides is not None for sides, _ in utterances)
    assert sum(more * number for more, number in pairs.errors_more.items()) == sum(
        sides[0].errors - sides[1].errors for sides, _ in utterances if sides is not None
    )


def test_only_those_shown_are_made() -> None:
    made: list[int] = []

    def show(number: int) -> PairedUtterance:
        made.append(number)
        return PairedUtterance(id=str(number))

    all_of_them = Gathered(2)
    for number in range(5):
        sides = ErrorRate(0, number, 5 - number, 0), ErrorRate(5, 0, 0, 0)
        all_of_them.add(sides, lambda number=number: show(number))  # type: ignore[misc]
    all_of_them.result()
    assert sorted(made) == [0, 1]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3 * CURVE_POINTS))
def test_a_curve_is_of_nearest_rank_percentiles(values: list[float]) -> None:
    points = curve(values)
    ordered = sorted(values)
    assert len(points) == min(len(values), CURVE_POINTS)
    assert points == tuple(
        ordered[math.ceil(number * len(values) / len(points)) - 1] for number in range(1, len(points) + 1)
    )


def test_utterances_without_words_or_delays_are_in_no_curve() -> None:
    all_of_them = Gathered()
    for rate, delay in ((ErrorRate(0, 0, 0, 2), None), (ErrorRate(1, 1, 0, 0), 0.5)):
        all_of_them.add((rate, rate), lambda: PairedUtterance(id="x"), delays_wall_s={"word_shown_p50_wall_s": delay})
    pairs = all_of_them.result()
    assert pairs.streaming_wer == pairs.prerecorded_wer == (0.5,)
    assert pairs.delays_wall_s == {"word_shown_p50_wall_s": (0.5,)}
    assert pairs.errors_more == {0: 2}


@pytest.mark.parametrize("shown", [0, 1])
def test_of_nothing_there_is_nothing(shown: int) -> None:
    assert gathered([], shown) == Pairs(
        utterances=0, shown=(), errors_more={}, streaming_wer=(), prerecorded_wer=(), delays_wall_s={}
    )

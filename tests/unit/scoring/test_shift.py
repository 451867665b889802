"""`harness.scoring.shift`: did a percentile move?"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.latency import percentiles
from harness.scoring.shift import percentile_shift

SECONDS = st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=60)


def test_a_move_that_every_utterance_makes_has_an_interval_of_that_move() -> None:
    before = [0.1 * number for number in range(50)]
    moved = percentile_shift([value + 0.5 for value in before], before, 50)
    assert moved is not None
    assert moved.pairs == 50
    assert moved.second == pytest.approx(2.4)
    assert moved.low == pytest.approx(0.5)
    assert moved.high == pytest.approx(0.5)


def test_a_seed_may_be_below_0() -> None:
    assert percentile_shift([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 50, seed=-1) is not None


def test_noise_has_an_interval_around_nothing() -> None:
    chance = random.Random(7)
    before = [chance.gauss(1, 0.1) for _ in range(200)]
    now = [chance.gauss(1, 0.1) for _ in range(200)]
    moved = percentile_shift(now, before, 50)
    assert moved is not None
    assert moved.low < 0 < moved.high


def test_the_same_seed_gives_the_same_interval() -> None:
    chance = random.Random(1)
    one, two = ([chance.random() for _ in range(40)] for _ in range(2))
    assert percentile_shift(one, two, 95, seed=3) == percentile_shift(one, two, 95, seed=3)
    assert percentile_shift(one, two, 95, seed=3) != percentile_shift(one, two, 95, seed=4)


def test_no_values_no_shift() -> None:
    assert percentile_shift([], [], 50) is None


def test_values_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values do not pair with 1"):
        percentile_shift([1, 2], [1], 50)


@given(values=SECONDS)
def test_its_percentiles_are_those_of_the_scoring_room(values: list[float]) -> None:
    known = percentiles(values)
    assert known is not None
    for percent, value in ((50, known.p50), (95, known.p95), (99, known.p99)):
        moved = percentile_shift(values, values, percent, resamples=10)
        assert moved is not None
        assert moved.first == moved.second == value
        assert moved.low == moved.high == 0

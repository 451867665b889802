from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.latency import Percentiles, percentiles

NUMBERS = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300)


def test_of_one_to_a_hundred_the_percentile_is_the_number() -> None:
    assert percentiles(range(100, 0, -1)) == Percentiles(count=100, p50=50, p95=95, p99=99)


def test_a_single_value_is_every_percentile() -> None:
    assert percentiles([0.25]) == Percentiles(count=1, p50=0.25, p95=0.25, p99=0.25)


def test_of_an_even_number_the_median_is_the_lower_middle_value() -> None:
    assert percentiles([4.0, 1.0, 3.0, 2.0]) == Percentiles(count=4, p50=2.0, p95=4.0, p99=4.0)


def test_a_share_that_is_a_whole_number_of_values_takes_no_further_value() -> None:
    """95 % of 20 values are 19, so the p95 is the last but one."""
    assert percentiles(range(1, 21)) == Percentiles(count=20, p50=10, p95=19, p99=20)


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentiles([]) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="need finite values"):
        percentiles([1.0, value])


@given(NUMBERS)
def test_numpy_finds_the_same_by_the_same_definition(values: list[float]) -> None:
    p50, p95, p99 = np.percentile(values, (50, 95, 99), method="inverted_cdf")
    assert percentiles(values) == Percentiles(len(values), p50, p95, p99)


@given(NUMBERS)
def test_percentiles_are_values_that_occurred_in_rising_order(values: list[float]) -> None:
    found = percentiles(values)
    assert found is not None
    assert {found.p50, found.p95, found.p99} <= set(values)
    assert found.p50 <= found.p95 <= found.p99
    assert sum(value <= found.p95 for value in values) * 100 >= 95 * len(values)


def test_the_delays_of_nova_3_streaming_have_the_published_percentiles(shared: Path) -> None:
    folder = shared / "recordings" / "nova3-streaming-vs-batch" / "latency"
    rows = [
        json.loads(line)
        for line in (folder / "librispeech-deepgram-nova-3-stream.jsonl").read_text("utf-8").splitlines()
    ]
    first_partial = percentiles(row["ttfp_s"] for row in rows)
    closing = percentiles(row["finalization_lag_s"] for row in rows)
    assert first_partial == Percentiles(count=758, p50=0.965, p95=1.046, p99=1.413)
    assert closing is not None
    assert closing.p50 == 0.067

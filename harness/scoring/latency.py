"""Percentiles of delays. What the numbers measure, and in which unit, is the caller's to name."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Nearest-rank percentiles, in the unit of the values.

    Attributes:
        count: how many values there were. Below 100 the p99, and below 20 the p95, is the largest of them.
        p50: half of the values are at most this.
        p95: 95 % of the values are at most this.
        p99: 99 % of the values are at most this.
    """

    count: int
    p50: float
    p95: float
    p99: float


def percentiles(values: Iterable[float]) -> Percentiles | None:
    """The p50, p95 and p99 of some values, or None when there are none.

    By the nearest-rank definition: the smallest value such that at least p % of all values are at most that value. So
    each is a value that was really measured, never one interpolated between two; the p50 of an even number of values
    is the lower of the middle two. (numpy calls this method `inverted_cdf`.)

    Raises:
        ValueError: a value is not finite.
    """
    ranked = sorted(values)
    if not all(map(math.isfinite, ranked)):
        raise ValueError("percentiles need finite values: leave out what was not measured")
    if not ranked:
        return None
    count = len(ranked)
    return Percentiles(count, *(ranked[math.ceil(percent * count / 100) - 1] for percent in (50, 95, 99)))

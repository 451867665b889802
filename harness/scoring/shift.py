"""Did a percentile move? The same percentile of two runs over the same utterances, with an interval of the move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.scoring.significance import seeded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DRAWN_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Shift:
    """One nearest-rank percentile in two runs, in the unit of the values.

    Attributes:
        pairs: utterances that have a value in both runs.
        first: the percentile of the first run.
        second: that of the second.
        low: lower end of the 95 % interval of `first - second`, by the paired bootstrap (Efron and Tibshirani, "An
            Introduction to the Bootstrap", 1993, chapter 13).
        high: its upper end.
    """

    pairs: int
    first: float
    second: float
    low: float
    high: float


def percentile_shift(
    first: Sequence[float], second: Sequence[float], percent: int, *, seed: int = 0, resamples: int = 1000
) -> Shift | None:
    """Compare one percentile of two runs whose values stand in the same order; None without values.

    Raises:
        ValueError: the two differ in length.
    """
    import numpy as np

    if len(first) != len(second):
        raise ValueError(f"{len(first)} values do not pair with {len(second)}")
    if not first:
        return None
    ours, theirs = np.array(first, np.float64), np.array(second, np.float64)
    size = len(ours)
    rank = math.ceil(percent * size / 100) - 1

    def at_rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
        ranked: NDArray[np.float64] = np.partition(values, rank, axis=-1)[..., rank]
        return ranked

    generator = seeded(seed)
    moves: list[NDArray[np.float64]] = []
    at_once = max(1, _DRAWN_AT_ONCE // size)  # bounds the memory, whatever the corpus
    for start in range(0, resamples, at_once):
        drawn = generator.integers(0, size, (min(at_once, resamples - start), size), dtype=np.int32)
        moves.append(at_rank(ours[drawn]) - at_rank(theirs[drawn]))
    low, high = np.quantile(np.concatenate(moves), [0.025, 0.975], method="inverted_cdf")
    return Shift(size, float(at_rank(ours)), float(at_rank(theirs)), float(low), float(high))

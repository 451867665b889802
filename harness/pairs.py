"""Gathers utterances that were heard twice, however many: a few numbers are kept of each, and the worst are kept whole.

Worst come first those with which something went wrong, then those in which streaming has most word errors more than
pre-recorded, then those in which it has most errors; among equals the first to come.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from harness.results import PairedUtterance, Pairs
from harness.scoring.error_rate import ErrorRate

SHOWN: Final = 500
"""Utterances that are kept whole: as many as a page can hold and a person would look through."""
CURVE_POINTS: Final = 200


class Gathered:
    """Takes utterances one by one.

    Args:
        shown: how many are kept whole.
    """

    def __init__(self, shown: int = SHOWN) -> None:
        self._shown = shown
        self._worst: list[tuple[_Badness, Callable[[], PairedUtterance]]] = []
        self._utterances = 0
        self._errors_more: Counter[int] = Counter()
        self._wer = array("d"), array("d")
        self._delays: dict[str, array[float]] = {}

    def add(
        self,
        sides: tuple[ErrorRate, ErrorRate] | None,
        show: Callable[[], PairedUtterance],
        *,
        trouble: bool = False,
        delays_wall_s: Mapping[str, float | None] | None = None,
    ) -> None:
        """Count an utterance in.

        Args:
            sides: word errors of streaming and of pre-recorded; None without a reference.
            show: makes the utterance in full; called at the end, if it is among the worst.
            trouble: whether something went wrong with it.
            delays_wall_s: by what is measured.
        """
        errors, more = 0, -math.inf
        if sides is not None:
            streaming, prerecorded = sides
            errors, more = streaming.errors, streaming.errors - prerecorded.errors
            self._errors_more[streaming.errors - prerecorded.errors] += 1
            for rates, side in zip(self._wer, sides, strict=True):
                if side.rate is not None:
                    rates.append(side.rate)
        for name, seconds in (delays_wall_s or {}).items():
            if seconds is not None:
                self._delays.setdefault(name, array("d")).append(seconds)
        badness = _Badness(trouble, more, errors, -self._utterances)
        self._utterances += 1
        if len(self._worst) < self._shown:
            heapq.heappush(self._worst, (badness, show))
        elif self._worst and badness > self._worst[0][0]:
            heapq.heapreplace(self._worst, (badness, show))

    def result(self) -> Pairs:
        """All of it."""
        return Pairs(
            utterances=self._utterances,
            shown=tuple(show() for _, show in sorted(self._worst, reverse=True)),
            errors_more=dict(sorted(self._errors_more.items())),
            streaming_wer=curve(self._wer[0]),
            prerecorded_wer=curve(self._wer[1]),
            delays_wall_s={name: curve(seconds) for name, seconds in self._delays.items()},
        )


class _Badness(NamedTuple):
    """What utterances are ordered by. No two are equal: each has its own place."""

    trouble: bool
    errors_more: float
    errors: int
    place: int


def curve(values: Sequence[float]) -> tuple[float, ...]:
    """Nearest-rank percentiles, evenly spaced; all the values where there are few."""
    ordered = sorted(values)
    count = len(ordered)
    points = min(count, CURVE_POINTS)
    # -(-a // b) rounds up, in whole numbers.
    return tuple(ordered[-(-number * count // points) - 1] for number in range(1, points + 1))

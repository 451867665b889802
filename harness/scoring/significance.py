"""Is the difference real? Errors of two systems on the same utterances, with an interval, a test and a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from harness.scoring.error_rate import ErrorRate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MINIMUM_UTTERANCES = 30
"""Fewer pairs than this get no verdict: a resampled interval is too narrow when there is little to draw from."""

MINIMUM_RESAMPLES = 100
"""Users get no interval of fewer draws: that of a single one is a point, and may lie on the other side of 0."""

_SIGNIFICANCE = 0.05
_DRAWN_AT_ONCE = 2_000_000
_EXACT_STEPS = 200_000_000


class Verdict(Enum):
    """What may be said of the first system against the second."""

    BETTER = "better"
    WORSE = "worse"
    NOT_DISTINGUISHABLE = "not distinguishable"
    TOO_FEW = "too few utterances"


class Test(Enum):
    """The test that gave the p-value.

    - `SIGN_FLIP`: the exact permutation test on paired differences (Fisher, "The Design of Experiments", 1935,
      section 21): every way to swap the two systems in an utterance is counted, none is drawn.
    - `MATCHED_PAIRS`: the matched-pairs test of Gillick and Cox, "Some statistical issues in the comparison of speech
      recognition algorithms", ICASSP 1989, with each utterance as one segment. It stands in where counting every
      swap would take minutes, and there its normal approximation holds.
    """

    __test__ = False  # the name is the field's word; pytest shall not collect it
    SIGN_FLIP = "exact sign-flip permutation"
    MATCHED_PAIRS = "matched pairs, an utterance a segment"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first system's error rate less the second's, over the same utterances.

    Attributes:
        utterances: how many pairs there were.
        fewer: in how many of them the first system has fewer errors.
        more: in how many it has more.
        errors: its errors less those of the second, over all.
        rate: the same, per reference token; None when no utterance has any.
        low: lower end of the 95 % interval of `rate` (percentiles of the paired bootstrap: Bisani and Ney, "Bootstrap
            estimates for confidence intervals in ASR performance evaluation", ICASSP 2004); None with `rate`.
        high: its upper end.
        p_value: how likely a difference at least this large is, either way, were the two systems alike.
        test: where `p_value` comes from.
        resamples: how many resamples the interval rests on.
        seed: what they were drawn with: the same seed gives the same interval.
    """

    utterances: int
    fewer: int
    more: int
    errors: int
    rate: float | None
    low: float | None
    high: float | None
    p_value: float
    test: Test
    resamples: int
    seed: int

    @property
    def verdict(self) -> Verdict:
        """Better or worse only where the test and the interval both say so, at 5 % and 95 %.

        Where nothing was said there is no rate and so no interval; whether more was made up, the test tells alone.
        """
        if self.utterances < MINIMUM_UTTERANCES:
            return Verdict.TOO_FEW
        low, high = (self.errors,) * 2 if self.low is None or self.high is None else (self.low, self.high)
        if self.p_value >= _SIGNIFICANCE or low <= 0 <= high:
            return Verdict.NOT_DISTINGUISHABLE
        return Verdict.WORSE if low > 0 else Verdict.BETTER


def compare(
    first: Sequence[ErrorRate], second: Sequence[ErrorRate], *, seed: int = 0, resamples: int = 1000
) -> Comparison:
    """Compare two systems that heard the same utterances; both sequences hold their counts in the same order.

    Utterances are taken to be independent. Many from one speaker or one recording are not, and the interval is then
    narrower than it should be.

    Raises:
        ValueError: the two differ in length, or in the reference of an utterance, or `resamples` is below 1.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} utterances do not pair with {len(second)}")
    for place, (ours, theirs) in enumerate(zip(first, second, strict=True)):
        if ours.reference_length != theirs.reference_length:
            raise ValueError(
                f"utterance {place}: {ours.reference_length} reference tokens in one, {theirs.reference_length} in the"
                " other; the two were not scored against one reference"
            )
    return compare_differences(
        [ours.errors - theirs.errors for ours, theirs in zip(first, second, strict=True)],
        [ours.reference_length for ours in first],
        seed=seed,
        resamples=resamples,
    )


def compare_differences(
    errors_more: Sequence[int], reference_lengths: Sequence[int], *, seed: int = 0, resamples: int = 1000
) -> Comparison:
    """The same from the differences themselves: what `compare` does once both systems are counted.

    Args:
        errors_more: for each utterance, the errors of the first system less those of the second.
        reference_lengths: for each utterance, the tokens of its reference.
        seed: of the interval.
        resamples: draws that it rests on.

    Raises:
        ValueError: the two differ in length, or `resamples` is below 1.
    """
    import numpy as np  # like jiwer, it loads with the first score

    if len(errors_more) != len(reference_lengths):
        raise ValueError(f"{len(errors_more)} differences do not pair with {len(reference_lengths)} references")
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}; wanted 1 or more")
    differences, lengths = np.array(errors_more, np.int64), np.array(reference_lengths, np.int64)
    errors, tokens = int(differences.sum()), int(lengths.sum())
    low, high = _interval(differences, lengths, seed, resamples) if tokens else (None, None)
    p_value, test = _p_value(differences)
    return Comparison(
        utterances=len(differences),
        fewer=int((differences < 0).sum()),
        more=int((differences > 0).sum()),
        errors=errors,
        rate=errors / tokens if tokens else None,
        low=low,
        high=high,
        p_value=p_value,
        test=test,
        resamples=resamples,
        seed=seed,
    )


def seeded(seed: int) -> np.random.Generator:
    """A generator for any whole number; numpy's own takes none below 0."""
    import numpy as np

    return np.random.default_rng(seed if seed >= 0 else (1, -seed))


def _interval(
    differences: NDArray[np.int64], lengths: NDArray[np.int64], seed: int, resamples: int
) -> tuple[float, float]:
    """Draw as many utterances as there are, with replacement, again and again, both systems' together."""
    import numpy as np

    generator = seeded(seed)
    size = len(differences)
    both = differences + 1j * lengths  # one look-up for the two; whole numbers are exact in either part
    rates: list[NDArray[np.float64]] = []
    at_once = max(1, _DRAWN_AT_ONCE // size)  # bounds the memory, whatever the corpus
    for start in range(0, resamples, at_once):
        drawn = generator.integers(0, size, (min(at_once, resamples - start), size), dtype=np.int32)
        sums = both[drawn].sum(axis=1)
        # A draw of nothing but empty references has no rate; it says nothing about the difference either.
        known = sums[sums.imag > 0]
        rates.append(known.real / known.imag)
    low, high = np.quantile(np.concatenate(rates), [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def _p_value(differences: NDArray[np.int64]) -> tuple[float, Test]:
    sizes = abs(differences[differences != 0])
    if len(sizes) * int(sizes.sum()) <= _EXACT_STEPS:
        return _sign_flip(sizes, abs(int(differences.sum()))), Test.SIGN_FLIP
    error = float(differences.std(ddof=1)) * math.sqrt(len(differences))
    if error == 0:  # as many utterances as it takes to come here, and all differ by the same
        return 0.0, Test.MATCHED_PAIRS
    return math.erfc(abs(int(differences.sum())) / error / math.sqrt(2)), Test.MATCHED_PAIRS


def _sign_flip(sizes: NDArray[np.int64], observed: int) -> float:
    """The share of all sign patterns whose sum is at least as far from 0 as the observed one."""
    import numpy as np

    total = int(sizes.sum())
    chance = np.zeros(total + 1)  # of the positive sizes to add up to each number
    chance[0] = 1.0
    reach = 0  # no sum so far is larger
    for size in map(int, sizes):
        kept = 0.5 * chance[: reach + 1]
        chance[: reach + 1] = kept
        chance[size : reach + size + 1] += kept
        reach += size
    sums = 2 * np.arange(total + 1) - total
    return min(1.0, float(chance[abs(sums) >= observed].sum()))

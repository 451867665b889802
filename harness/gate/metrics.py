"""The metrics of the gate: what each one measures over the utterances that two runs share. Higher is always worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from harness.gate.baseline import Side, Utterance
from harness.scoring.error_rate import ErrorRate
from harness.scoring.shift import percentile_shift
from harness.scoring.significance import MINIMUM_UTTERANCES, Comparison, Verdict, compare_differences

Pair: TypeAlias = tuple[Utterance, Utterance]
"""One utterance in the base and in the new run."""


DELAYS: Final = ("first_interim", "first_final", "last_message", "word_shown", "word_final", "end_of_speech")
"""Of one utterance, by name; of its words and ends of speech it is their median."""


@dataclass(frozen=True)
class Measured:
    """A metric in both runs.

    Attributes:
        n: utterances that have it in both.
        base, new: its values.
        low, high: the 95 % interval of `new - base`; None for a plain count.
        p_value: of a test on it; None where there is none.
        real: whether the difference is more than chance; None where no test can say.
    """

    n: int
    base: float
    new: float
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    real: bool | None = None


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        tolerance: how much worse a new run may be, unless the user says otherwise.
        measure: its values over some pairs, or None where no pair has it.
    """

    tolerance: float
    measure: Callable[[Sequence[Pair], int, int], Measured | None]


def edits(side: Side | None, other: Side | None, tokens: str = "words") -> ErrorRate | None:
    """A side's counts; when it failed, those of an empty text, if the other run knows the reference's length."""
    if side is None:
        return None
    found = getattr(side, tokens)
    if found is not None:
        counted: ErrorRate = found.counted
        return counted
    known = getattr(other, tokens) if other is not None else None
    return ErrorRate(0, 0, known.counted.reference_length, 0) if side.failed and known is not None else None


def _rate(endpoint: str, tokens: str) -> Metric:
    def measure(pairs: Sequence[Pair], seed: int, resamples: int) -> Measured | None:
        sides = [(getattr(base, endpoint), getattr(new, endpoint)) for base, new in pairs]
        both = [(edits(base, new, tokens), edits(new, base, tokens)) for base, new in sides]
        return _compared([(base, new) for base, new in both if base and new], seed, resamples)

    return Metric(0.0, measure)


def _compared(counts: list[tuple[ErrorRate, ErrorRate]], seed: int, resamples: int) -> Measured | None:
    length = sum(base.reference_length for base, _ in counts)
    if not length:
        return None
    found = compare_differences(
        [new.errors - base.errors for base, new in counts],
        [base.reference_length for base, _ in counts],
        seed=seed,
        resamples=resamples,
    )
    return Measured(
        n=len(counts),
        base=sum(base.errors for base, _ in counts) / length,
        new=sum(new.errors for _, new in counts) / length,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        real=_real(found),
    )


def _real(found: Comparison) -> bool | None:
    return None if found.verdict is Verdict.TOO_FEW else found.verdict is not Verdict.NOT_DISTINGUISHABLE


def _cost(pairs: Sequence[Pair], seed: int, resamples: int) -> Measured | None:
    """What streaming costs: its WER less that of pre-recorded, over utterances that have both in both runs."""
    rows = list(_costs(pairs))
    length = sum(row[2] for row in rows)
    if not length:
        return None
    differences = [new - base for base, new, _ in rows]
    found = compare_differences(differences, [words for _, _, words in rows], seed=seed, resamples=resamples)
    return Measured(
        n=len(rows),
        base=sum(base for base, _, _ in rows) / length,
        new=sum(new for _, new, _ in rows) / length,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        real=_real(found),
    )


def _costs(pairs: Sequence[Pair]) -> Iterator[tuple[int, int, int]]:
    for base, new in pairs:
        streamed = edits(base.streaming, new.streaming), edits(new.streaming, base.streaming)
        posted = edits(base.prerecorded, new.prerecorded), edits(new.prerecorded, base.prerecorded)
        if streamed[0] and streamed[1] and posted[0] and posted[1]:
            before, now = streamed[0].errors - posted[0].errors, streamed[1].errors - posted[1].errors
            yield before, now, streamed[0].reference_length


def _delay(name: str, percent: int) -> Metric:
    def measure(pairs: Sequence[Pair], seed: int, resamples: int) -> Measured | None:
        both = [
            (base.delays_wall_s[name], new.delays_wall_s[name])
            for base, new in pairs
            if name in base.delays_wall_s and name in new.delays_wall_s
        ]
        shift = percentile_shift(
            [new for _, new in both], [base for base, _ in both], percent, seed=seed, resamples=resamples
        )
        if shift is None:
            return None
        real = None if shift.pairs < MINIMUM_UTTERANCES else not shift.low <= 0 <= shift.high
        return Measured(shift.pairs, shift.second, shift.first, shift.low, shift.high, None, real)

    return Metric(0.25, measure)


def _count(of: Callable[[Utterance], int | None]) -> Metric:
    def measure(pairs: Sequence[Pair], _seed: int, _resamples: int) -> Measured | None:
        both = [
            (before, now) for base, new in pairs if (before := of(base)) is not None and (now := of(new)) is not None
        ]
        return Measured(len(both), sum(before for before, _ in both), sum(now for _, now in both)) if both else None

    return Metric(0.0, measure)


def _delays_missing(pairs: Sequence[Pair], seed: int, resamples: int) -> Measured | None:
    """Delays of one run that the other has no value of, as when interims no longer come.

    Sessions that failed have no delays at all, and are left to `failures`; so are runs in which nobody timed anything.
    """
    both = [(base.delays_wall_s, new.delays_wall_s) for base, new in pairs if base.delays_wall_s and new.delays_wall_s]
    if not both:
        return None
    lost = [(len(now.keys() - before.keys()), len(before.keys() - now.keys())) for before, now in both]
    found = compare_differences([new - base for base, new in lost], [1] * len(lost), seed=seed, resamples=resamples)
    base, new = (sum(column) for column in zip(*lost, strict=True))
    return Measured(len(lost), base, new, p_value=found.p_value, real=_real(found))


def _failures(utterance: Utterance) -> int | None:
    sides = [side for side in (utterance.streaming, utterance.prerecorded) if side is not None]
    return sum(side.failed for side in sides) if sides else None


def _not_passed(utterance: Utterance) -> int | None:
    return None if utterance.passed is None else int(not utterance.passed)


METRICS: Final[dict[str, Metric]] = {
    "streaming_wer": _rate("streaming", "words"),
    "streaming_cer": _rate("streaming", "characters"),
    "prerecorded_wer": _rate("prerecorded", "words"),
    "prerecorded_cer": _rate("prerecorded", "characters"),
    "streaming_cost_wer": Metric(0.0, _cost),
    **{f"{name}_p{percent}_wall_s": _delay(name, percent) for name in DELAYS for percent in (50, 95)},
    "delays_missing": Metric(0.0, _delays_missing),
    "failures": _count(_failures),
    "cases_not_passed": _count(_not_passed),
    "verdict_errors": _count(lambda utterance: utterance.errors),
    "verdict_warnings": _count(lambda utterance: utterance.warnings),
}
"""By name, in the order of reports."""

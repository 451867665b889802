"""Holds a new run against a base: which metrics regressed, which utterances changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.gate.baseline import Baseline, Utterance
from harness.gate.metrics import METRICS, Measured, Pair, edits
from harness.results import Change, GateResult, MetricChange, UtteranceChange

_ENDPOINTS = ("streaming", "prerecorded")
_ROUNDING = 1e-12  # 0.12 - 0.11 is more than 0.01 to a computer


def compare_runs(
    base: Baseline, new: Baseline, tolerances: Mapping[str, float], *, seed: int = 0, resamples: int = 1000
) -> GateResult:
    """Compare two runs, utterance by utterance.

    A metric regressed when it is worse by more than its tolerance, unless there are enough utterances to tell that
    from chance and it cannot be told. With fewer, the counts speak for themselves: replays repeat to the word.

    Args:
        base: what was.
        new: what is now.
        tolerances: by metric, in its unit; they come before those in `base`, and those before the default.
        seed: of the intervals.
        resamples: draws that they rest on.
    """
    before, now = ({one.id: one for one in run.utterances} for run in (base, new))
    shared = [(before[id_], now[id_]) for id_ in before if id_ in now]
    changed = {one.id: why for one, other in shared if (why := _why_incomparable(one, other))}
    pairs = [pair for pair in shared if pair[0].id not in changed]
    allowed = {**base.tolerances, **tolerances}
    metrics = tuple(_metrics(pairs, allowed, seed, resamples))
    missing = tuple(id_ for id_ in before if id_ not in now)
    regressed = any(metric.change is Change.REGRESSED for metric in metrics)
    return GateResult(
        passed=not (regressed or missing or changed),
        compared=len(pairs),
        missing=missing,
        added=tuple(id_ for id_ in now if id_ not in before),
        incomparable=tuple(changed.values()),
        metrics=metrics,
        utterances=tuple(sorted(_changes(pairs), key=lambda one: one.base_errors - one.new_errors)),
        seed=seed,
        resamples=resamples,
    )


def _why_incomparable(base: Utterance, new: Utterance) -> str | None:
    if base.normalizer and new.normalizer and base.normalizer != new.normalizer:
        return f"{base.id}: scored under {base.normalizer} before and under {new.normalizer} now"
    for endpoint in _ENDPOINTS:
        sides = [getattr(one, endpoint) for one in (base, new)]
        lengths = [side.words.counted.reference_length for side in sides if side is not None and side.words is not None]
        if len(set(lengths)) > 1:
            return f"{base.id}: the reference had {lengths[0]} words before and has {lengths[1]} now"
        if sides[0] is not None and sides[1] is None:
            return f"{base.id}: {endpoint} was asked before and is not now"
    return None


def _metrics(pairs: Sequence[Pair], allowed: Mapping[str, float], seed: int, resamples: int) -> Iterator[MetricChange]:
    for name, metric in METRICS.items():
        measured = metric.measure(pairs, seed, resamples)
        if measured is not None:
            yield _metric_change(name, measured, allowed.get(name, metric.tolerance))


def _metric_change(name: str, found: Measured, tolerance: float) -> MetricChange:
    difference = found.new - found.base
    if difference == 0:
        change = Change.SAME
    elif abs(difference) <= tolerance + _ROUNDING:
        change = Change.WITHIN_TOLERANCE
    elif found.real is False:
        change = Change.NOT_DISTINGUISHABLE
    else:
        change = Change.BETTER if difference < 0 else Change.REGRESSED
    return MetricChange(
        metric=name,
        change=change,
        n=found.n,
        base=found.base,
        new=found.new,
        difference=difference,
        tolerance=tolerance,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
    )


def _changes(pairs: Sequence[Pair]) -> Iterator[UtteranceChange]:
    for base, new in pairs:
        for endpoint in _ENDPOINTS:
            before, now = getattr(base, endpoint), getattr(new, endpoint)
            old, fresh = edits(before, now), edits(now, before)
            if old is not None and fresh is not None and old.errors != fresh.errors:
                yield UtteranceChange(
                    id=base.id,
                    endpoint=endpoint,
                    base_errors=old.errors,
                    new_errors=fresh.errors,
                    reference_words=old.reference_length,
                    base_text=before.text,
                    new_text=now.text,
                )

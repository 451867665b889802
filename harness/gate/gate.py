"""Holds a new run against a base: which metrics regressed, which utterances changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.gate.baseline import Baseline, Side
from harness.gate.comparable import ENDPOINTS, why_incomparable
from harness.gate.metrics import METRICS, Measured, Pair, edits
from harness.results import Change, GateResult, MetricChange, UtteranceChange
from harness.scoring.normalize import basic

_ROUNDING = 1e-12  # 0.12 - 0.11 is more than 0.01 to a computer


def compare_runs(
    base: Baseline,
    new: Baseline,
    tolerances: Mapping[str, float],
    *,
    exact: bool = False,
    seed: int = 0,
    resamples: int = 1000,
) -> GateResult:
    """Compare two runs, utterance by utterance.

    A metric regressed when it is worse by more than its tolerance, unless there are enough utterances to tell that
    from chance and it cannot be told. With fewer, the counts speak for themselves: replays repeat to the word.

    Args:
        base: what was.
        new: what is now.
        tolerances: by metric, in its unit; they come before those in `base`, and those before the default.
        exact: let the figures decide alone, however many utterances there are.
        seed: of the intervals.
        resamples: draws that they rest on.
    """
    before, now = ({one.id: one for one in run.utterances} for run in (base, new))
    shared = [(before[id_], now[id_]) for id_ in before if id_ in now]
    changed = {one.id: why for one, other in shared if (why := why_incomparable(one, other))}
    pairs = [pair for pair in shared if pair[0].id not in changed]
    allowed = {**base.tolerances, **tolerances}
    metrics = tuple(_metrics(pairs, allowed, exact, seed, resamples))
    missing = tuple(id_ for id_ in before if id_ not in now)
    regressed = any(metric.change is Change.REGRESSED for metric in metrics)
    return GateResult(
        passed=not (regressed or missing or changed),
        compared=len(pairs),
        missing=missing,
        added=tuple(id_ for id_ in now if id_ not in before),
        incomparable=tuple(changed.values()),
        unmeasured=tuple(_unmeasured(pairs, metrics)),
        normalizers=tuple(dict.fromkeys(one.normalizer for pair in pairs for one in pair if one.normalizer)),
        metrics=metrics,
        utterances=tuple(sorted(_changes(pairs), key=lambda one: -one.errors_more)),
        exact=exact,
        seed=seed,
        resamples=resamples,
    )


def _metrics(
    pairs: Sequence[Pair], allowed: Mapping[str, float], exact: bool, seed: int, resamples: int
) -> Iterator[MetricChange]:
    for name, metric in METRICS.items():
        measured = metric.measure(pairs, seed, resamples)
        if measured is not None:
            yield _metric_change(name, measured, allowed.get(name, metric.tolerance), exact)


def _unmeasured(pairs: Sequence[Pair], found: Sequence[MetricChange]) -> Iterator[str]:
    """A metric that went away can hide a regression."""
    known = {one.metric for one in found}
    before = [(base, base) for base, _ in pairs]
    for name, metric in METRICS.items():
        if name not in known and metric.measure(before, 0, 1) is not None:
            yield name


def _metric_change(name: str, found: Measured, tolerance: float, exact: bool) -> MetricChange:
    difference = found.new - found.base
    if difference == 0:
        change = Change.SAME
    elif abs(difference) <= tolerance + _ROUNDING:
        change = Change.WITHIN_TOLERANCE
    elif found.real is False and not exact:
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
        for endpoint in ENDPOINTS:
            before, now = getattr(base, endpoint), getattr(new, endpoint)
            if before is None or now is None:
                continue
            old, fresh = edits(before, now), edits(now, before)
            scored = old is not None and fresh is not None
            change = UtteranceChange(
                id=base.id,
                endpoint=endpoint,
                base_errors=old.errors if old and scored else None,
                new_errors=fresh.errors if fresh and scored else None,
                reference_words=old.reference_length if old and scored else None,
                base_text=before.text,
                new_text=now.text,
                base_failed=before.failed,
                new_failed=now.failed,
            )
            if change.errors_more or before.failed != now.failed or _other_words(before, now):
                yield change


def _other_words(before: Side, now: Side) -> bool:
    if before.text is None or now.text is None or before.text == now.text:
        return False
    return basic(before.text) != basic(now.text)

"""What holding a new run against an old one came to."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Change(StrEnum):
    """What became of one metric.

    `within tolerance`: it moved, either way, by no more than is tolerated. `not distinguishable`: by more than that,
    and yet no more than chance would give.
    """

    SAME = "same"
    BETTER = "better"
    WITHIN_TOLERANCE = "within tolerance"
    NOT_DISTINGUISHABLE = "not distinguishable"
    REGRESSED = "regressed"


class MetricChange(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of both runs; higher is worse for all of them.

    Attributes:
        metric: its name, as a tolerance names it.
        change: what became of it.
        n: utterances that it was compared over.
        base, new: its value in each run: a share for `_wer` and `_cer`, seconds for `_wall_s`, else a count.
        difference: `new` less `base`.
        tolerance: how much of that is allowed.
        low, high: ends of the 95 % interval of the difference; None where the metric is a plain count.
        p_value: of the test on the difference; None where none was made.
    """

    metric: str
    change: Change
    n: int
    base: float
    new: float
    difference: float
    tolerance: float
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


class UtteranceChange(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint's answer to one utterance that has more or fewer errors than before, or other words.

    Attributes:
        id: of the utterance.
        endpoint: `streaming` or `prerecorded`.
        base_errors, new_errors: word errors before and now; a failed answer has every word wrong. None without a
            reference.
        reference_words: words of the reference; None without one.
        base_text, new_text: what was heard; None where that was not kept.
        base_failed, new_failed: whether there was no answer.
    """

    id: str
    endpoint: str
    base_errors: int | None
    new_errors: int | None
    reference_words: int | None
    base_text: str | None = None
    new_text: str | None = None
    base_failed: bool = False
    new_failed: bool = False

    @property
    def errors_more(self) -> int:
        """Errors now less those before; 0 without a reference."""
        return 0 if self.base_errors is None or self.new_errors is None else self.new_errors - self.base_errors


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """Layout of `dgharness compare --json`.

    Attributes:
        passed: whether nothing regressed and nothing is missing.
        compared: utterances in both runs.
        missing: those that only the base has; each is a regression.
        added: those that only the new run has; they are not compared.
        incomparable: those whose reference or normaliser changed, or that lost their score or an endpoint, one sentence
            each; each is a regression.
        unmeasured: metrics that the base has and the new run has not: they are not compared.
        normalizers: that the compared utterances are scored under.
        metrics: in a fixed order.
        utterances: those that changed, the worst first.
        exact: whether the figures decided alone, and nothing was put down to chance.
        seed: of the intervals.
        resamples: draws that they rest on.
    """

    passed: bool
    compared: int
    missing: tuple[str, ...]
    added: tuple[str, ...]
    incomparable: tuple[str, ...]
    unmeasured: tuple[str, ...] = ()
    normalizers: tuple[str, ...] = ()
    metrics: tuple[MetricChange, ...]
    utterances: tuple[UtteranceChange, ...]
    exact: bool = False
    seed: int
    resamples: int

"""Which cases of a run come first where not all can be shown in full."""

from __future__ import annotations

from collections.abc import Sequence

from harness.results import CaseResult, Outcome


def worst_first(cases: Sequence[CaseResult]) -> list[int]:
    """Places of the cases: those that went wrong, then those with most errors that only streaming has."""

    def rank(number: int) -> tuple[bool, int]:
        case = cases[number]
        return case.outcome is Outcome.PASS, -(case.causes.extra if case.causes else 0)

    return sorted(range(len(cases)), key=rank)

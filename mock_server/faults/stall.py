"""A connection of which one half, or both, stand still."""

from __future__ import annotations

import math
from enum import StrEnum
from random import Random

from mock_server.faults.base import Lasting, LastingFault, Way
from mock_server.faults.steps import Due, Moment, Passing, PauseReading, at_once
from mock_server.faults.when import Watch


class Held(StrEnum):
    """What becomes of what a stall holds back."""

    RELEASED = "released"
    LOST = "lost"


class Stall(LastingFault, frozen=True, kw_only=True, tag="stall"):
    """Nothing passes in one direction, or in both, while the connection stays open.

    Attributes:
        direction: which half stalls.
        held: whether what came meanwhile passes when the stall ends, or never. One for good releases nothing.
    """

    summary = "let nothing pass in one direction or both, for a while or for good"

    direction: Way = Way.BOTH
    held: Held = Held.RELEASED

    def open(self, rng: Random, watch: Watch) -> Lasting:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Lasting):
    def __init__(self, fault: Stall, watch: Watch) -> None:
        super().__init__(watch, fault.duration_s)
        self._fault = fault
        self._keeps = fault.held is Held.RELEASED and fault.duration_s is not None
        self._held: list[Passing] = []

    def begin(self, moment: Moment) -> list[Due]:
        # What will pass later waits in the client's socket, so that what it sends meanwhile is bounded by TCP. What is
        # lost is read all the same: only so is the client's own end of the connection noticed.
        pauses = self._keeps and self._fault.direction is not Way.DOWNSTREAM
        return at_once(moment, PauseReading(self._until_s)) if pauses else []

    def hamper(self, passing: Passing, moment: Moment) -> list[Due]:
        if not self._fault.direction.covers(passing):
            return at_once(moment, passing)
        if self._keeps:
            self._held.append(passing)
        return []

    def wake(self, moment: Moment) -> list[Due]:
        released: list[Due] = []
        if moment.now_s >= self._until_s:
            released = at_once(moment, *self._held)
            self._held.clear()
        return released + super().wake(moment)

    @property
    def next_wakeup_s(self) -> float | None:
        instant_s = super().next_wakeup_s
        if not self._held:
            return instant_s
        return min(self._until_s, math.inf if instant_s is None else instant_s)

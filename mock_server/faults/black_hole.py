"""A connection that is gone without anybody having said so."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import InstantFault, Striking
from mock_server.faults.steps import Due, Moment, Passing
from mock_server.faults.when import Watch


class BlackHole(InstantFault, frozen=True, kw_only=True, tag="black-hole"):
    """From the instant on nothing passes in either direction, for good: no message, no pong, no close, no reset."""

    summary = "swallow everything in both directions, pings too, for good"

    def open(self, rng: Random, watch: Watch) -> Striking:
        """This fault on a new connection."""
        return _State(watch)


class _State(Striking):
    def __init__(self, watch: Watch) -> None:
        super().__init__(watch)
        self._swallows = False

    def strike(self, moment: Moment) -> list[Due]:
        self._swallows = True
        return []

    def let(self, passing: Passing, moment: Moment) -> list[Due]:
        return [] if self._swallows else super().let(passing, moment)

"""A network that takes its time."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Lasting, LastingFault, Way
from mock_server.faults.steps import Due, Moment, Passing, at_once
from mock_server.faults.when import Watch


class Latency(LastingFault, frozen=True, kw_only=True, tag="latency"):
    """Everything arrives later, in the order in which it was sent.

    Attributes:
        by_s: so much later.
        jitter_s: and up to so much more or less, drawn evenly for each; never earlier than it was sent.
        direction: which way.
    """

    summary = "deliver everything later, with seeded jitter, order kept"

    by_s: float = 0.0
    jitter_s: float = 0.0
    direction: Way = Way.BOTH

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need_seconds("by_s", "jitter_s")
        self.need(self.by_s > 0.0 or self.jitter_s > 0.0, "by_s", "more than 0, or a jitter_s beside it")

    def open(self, rng: Random, watch: Watch) -> Lasting:
        """This fault on a new connection."""
        return _State(self, rng, watch)


class _State(Lasting):
    def __init__(self, fault: Latency, rng: Random, watch: Watch) -> None:
        super().__init__(watch, fault.duration_s)
        self._fault = fault
        self._rng = rng

    def hamper(self, passing: Passing, moment: Moment) -> list[Due]:
        fault = self._fault
        if not fault.direction.covers(passing):
            return at_once(moment, passing)
        jitter_s = self._rng.uniform(-fault.jitter_s, fault.jitter_s)
        return [Due(moment.now_s + fault.by_s + jitter_s, passing)]  # a time gone by means at once

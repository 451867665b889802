"""A link that is too narrow."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Lasting, LastingFault, Way
from mock_server.faults.steps import Due, Moment, Passing, PauseReading, Upstream, at_once, payload_bytes
from mock_server.faults.when import Watch


class Bandwidth(LastingFault, frozen=True, kw_only=True, tag="bandwidth"):
    """Each direction carries so many bytes per second; something arrives when its last byte has.

    Attributes:
        bytes_per_s: payload, per direction.
        direction: which of them.
    """

    summary = "carry only so many bytes per second"

    bytes_per_s: float
    direction: Way = Way.BOTH

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need_rate("bytes_per_s")

    def open(self, rng: Random, watch: Watch) -> Lasting:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Lasting):
    def __init__(self, fault: Bandwidth, watch: Watch) -> None:
        super().__init__(watch, fault.duration_s)
        self._fault = fault
        self._free_at_s = {Way.UPSTREAM: 0.0, Way.DOWNSTREAM: 0.0}

    def hamper(self, passing: Passing, moment: Moment) -> list[Due]:
        if not self._fault.direction.covers(passing):
            return at_once(moment, passing)
        way = Way.UPSTREAM if isinstance(passing, Upstream) else Way.DOWNSTREAM
        arrives_s = max(self._free_at_s[way], moment.now_s) + payload_bytes(passing) / self._fault.bytes_per_s
        self._free_at_s[way] = arrives_s
        if way is Way.DOWNSTREAM:
            return [Due(arrives_s, passing)]
        # What the link has not carried yet waits in the client's socket, not in our memory.
        return [Due(arrives_s, passing), Due(moment.now_s, PauseReading(min(arrives_s, self._until_s)))]

"""A server that takes its input off the socket too slowly."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Lasting, LastingFault
from mock_server.faults.steps import Due, Moment, Passing, PauseReading, Upstream, at_once, payload_bytes
from mock_server.faults.when import Watch


class SlowReader(LastingFault, frozen=True, kw_only=True, tag="slow-reader"):
    """The server reads at this rate, so that the client's writes back up in both kernels and then in the client.

    Attributes:
        bytes_per_s: payload taken off the socket per second.
    """

    summary = "take only so many bytes per second off the socket"

    bytes_per_s: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need_rate("bytes_per_s")

    def open(self, rng: Random, watch: Watch) -> Lasting:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Lasting):
    def __init__(self, fault: SlowReader, watch: Watch) -> None:
        super().__init__(watch, fault.duration_s)
        self._bytes_per_s = fault.bytes_per_s
        self._read_by_s = 0.0

    def hamper(self, passing: Passing, moment: Moment) -> list[Due]:
        if not isinstance(passing, Upstream):
            return at_once(moment, passing)
        self._read_by_s = max(self._read_by_s, moment.now_s) + payload_bytes(passing) / self._bytes_per_s
        return at_once(moment, passing, PauseReading(min(self._read_by_s, self._until_s)))

"""A TCP reset in mid-stream."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import InstantFault, Striking
from mock_server.faults.steps import Due, Moment, Reset, at_once
from mock_server.faults.when import Watch


class TcpReset(InstantFault, frozen=True, kw_only=True, tag="reset"):
    """The connection is reset, as by a crashed process or a middlebox: the client sees 1006."""

    summary = "cut the TCP connection with a reset"

    def open(self, rng: Random, watch: Watch) -> Striking:
        """This fault on a new connection."""
        return _State(watch)


class _State(Striking):
    def strike(self, moment: Moment) -> list[Due]:
        return at_once(moment, Reset())

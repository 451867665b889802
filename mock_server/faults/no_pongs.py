"""Pings that are not answered."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Lasting, LastingFault
from mock_server.faults.steps import Due, Moment, Passing, SendPong, at_once
from mock_server.faults.when import Watch


class NoPongs(LastingFault, frozen=True, kw_only=True, tag="no-pongs"):
    """Pings stay unanswered while everything else goes on; a client with a ping time-out closes with 1011."""

    summary = "leave pings unanswered"

    def open(self, rng: Random, watch: Watch) -> Lasting:
        """This fault on a new connection."""
        return _State(watch, self.duration_s)


class _State(Lasting):
    def hamper(self, passing: Passing, moment: Moment) -> list[Due]:
        return [] if isinstance(passing, SendPong) else at_once(moment, passing)

"""The end of the TCP connection without a close frame."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import InstantFault, Striking
from mock_server.faults.steps import Due, Fin, Moment, at_once
from mock_server.faults.when import Watch


class TcpFin(InstantFault, frozen=True, kw_only=True, tag="fin"):
    """The connection ends in good order for TCP and in none for WebSocket, as behind a proxy that restarts: 1006."""

    summary = "end the TCP connection without a close frame"

    def open(self, rng: Random, watch: Watch) -> Striking:
        """This fault on a new connection."""
        return _State(watch)


class _State(Striking):
    def strike(self, moment: Moment) -> list[Due]:
        return at_once(moment, Fin())

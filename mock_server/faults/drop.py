"""Messages that never arrive."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Changing, MessageFault
from mock_server.faults.steps import Due, Moment, Text
from mock_server.faults.when import Watch


class Drop(MessageFault, frozen=True, kw_only=True, tag="drop"):
    """The message never arrives."""

    summary = "lose a message"

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(watch)


class _State(Changing):
    def change(self, passing: Text, moment: Moment) -> list[Due]:
        return []

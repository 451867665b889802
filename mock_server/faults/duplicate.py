"""Messages that arrive more than once."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Changing, MessageFault
from mock_server.faults.steps import Due, Moment, Text, at_once
from mock_server.faults.when import Watch


class Duplicate(MessageFault, frozen=True, kw_only=True, tag="duplicate"):
    """The message arrives again, at once.

    Attributes:
        copies: so many times more.
    """

    summary = "deliver a message more than once"

    copies: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(1 <= self.copies <= 100, "copies", "a whole number from 1 to 100")

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Changing):
    def __init__(self, fault: Duplicate, watch: Watch) -> None:
        super().__init__(watch)
        self._copies = fault.copies

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        return at_once(moment, *[passing] * (1 + self._copies))

"""Messages that arrive in fragments."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Changing, ServerMessageFault
from mock_server.faults.steps import Due, Moment, SendText, Text, at_once
from mock_server.faults.when import Watch


class Split(ServerMessageFault, frozen=True, kw_only=True, tag="split"):
    """The message is one text frame and its continuations (RFC 6455, 5.4), which a client must put together.

    Attributes:
        fragments: of so many frames in all.
    """

    summary = "send a message in several frames"

    fragments: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(2 <= self.fragments <= 1000, "fragments", "a whole number from 2 to 1000")

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Changing):
    def __init__(self, fault: Split, watch: Watch) -> None:
        super().__init__(watch)
        self._fragments = fault.fragments

    def concerns(self, passing: Text) -> bool:
        return isinstance(passing, SendText)

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        return at_once(moment, SendText(passing.text, self._fragments))

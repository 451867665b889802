"""Messages that are cut short."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from mock_server.faults.base import Changing, MessageFault
from mock_server.faults.steps import Due, Moment, Text, at_once
from mock_server.faults.when import Watch


class Truncate(MessageFault, frozen=True, kw_only=True, tag="truncate"):
    """Only the beginning of the message arrives, in a frame that is whole: JSON that stops in the middle.

    Attributes:
        keep_share: share of the characters that arrives, rounded down.
    """

    summary = "deliver only the beginning of a message"

    keep_share: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(0.0 <= self.keep_share < 1.0, "keep_share", "a number from 0 to below 1")

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Changing):
    def __init__(self, fault: Truncate, watch: Watch) -> None:
        super().__init__(watch)
        self._keep_share = fault.keep_share

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        kept = passing.text[: int(len(passing.text) * self._keep_share)]
        return at_once(moment, replace(passing, text=kept))

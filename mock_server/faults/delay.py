"""Messages that arrive late."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Changing, MessageFault
from mock_server.faults.steps import Due, Moment, Text
from mock_server.faults.when import Watch


class Delay(MessageFault, frozen=True, kw_only=True, tag="delay"):
    """The message arrives late, and what comes after it in its direction waits for it; `reorder` lets that overtake.

    Attributes:
        by_s: so much later.
    """

    summary = "deliver a message later; what follows waits for it"

    by_s: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need_seconds("by_s")

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Changing):
    def __init__(self, fault: Delay, watch: Watch) -> None:
        super().__init__(watch)
        self._by_s = fault.by_s

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        return [Due(moment.now_s + self._by_s, passing)]

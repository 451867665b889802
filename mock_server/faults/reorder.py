"""Messages that are overtaken by later ones."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Changing, MessageFault
from mock_server.faults.steps import (
    ClientAudio,
    ClientClose,
    Due,
    Fin,
    Moment,
    Passing,
    Reset,
    SendClose,
    Text,
    Upstream,
    at_once,
)
from mock_server.faults.when import Watch


class Reorder(MessageFault, frozen=True, kw_only=True, tag="reorder"):
    """The message is overtaken; while it waits, no other of its direction is chosen. It is never lost.

    Attributes:
        overtaken_by: by so many later messages of its direction (upstream, audio frames count too).
        at_most_s: it waits no longer for them than this, nor beyond the end of the connection.
    """

    summary = "let later messages overtake a message"

    overtaken_by: int = 1
    at_most_s: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(self.overtaken_by >= 1, "overtaken_by", "a whole number from 1")
        self.need_seconds("at_most_s")

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(self, watch)


class _Waiting:
    """A message that is being overtaken."""

    def __init__(self, message: Text, missing: int, until_s: float) -> None:
        self.message = message
        self.missing = missing
        self.until_s = until_s


class _State(Changing):
    def __init__(self, fault: Reorder, watch: Watch) -> None:
        super().__init__(watch)
        self._fault = fault
        self._waiting: dict[bool, _Waiting] = {}
        """By direction; True is upstream."""

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        until_s = moment.now_s + self._fault.at_most_s
        self._waiting[isinstance(passing, Upstream)] = _Waiting(passing, self._fault.overtaken_by, until_s)
        return []

    def passes(self, passing: Passing, moment: Moment) -> list[Due]:
        upstream = isinstance(passing, Upstream)
        waiting = self._waiting.get(upstream)
        if waiting is None:
            return super().passes(passing, moment)
        if isinstance(passing, ClientClose | SendClose | Fin | Reset):
            return at_once(moment, self._waiting.pop(upstream).message, passing)
        if isinstance(passing, Text | ClientAudio):
            waiting.missing -= 1
        if waiting.missing > 0:
            return at_once(moment, passing)
        return at_once(moment, passing, self._waiting.pop(upstream).message)

    def wake(self, moment: Moment) -> list[Due]:
        late = [way for way, waiting in self._waiting.items() if waiting.until_s <= moment.now_s]
        return at_once(moment, *[self._waiting.pop(way).message for way in late])

    @property
    def next_wakeup_s(self) -> float | None:
        return min((waiting.until_s for waiting in self._waiting.values()), default=None)

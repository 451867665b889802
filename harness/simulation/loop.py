"""The event loop: a virtual clock that jumps to the next event, and a log whose hash tells two runs apart."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable
from functools import partial
from itertools import count


class EventLoop:
    """Runs callbacks in order of their time; those of the same instant in the order they were asked for.

    Attributes:
        now_s: the virtual clock.
        events: how many callbacks ran.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.events = 0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._log = hashlib.sha256()

    def at(self, at_s: float, callback: Callable[[], None]) -> None:
        """Call something at an instant; one that has passed means at once."""
        heapq.heappush(self._heap, (max(at_s, self.now_s), next(self._order), callback))

    def note(self, *facts: object) -> None:
        """Put something into the log, with the time."""
        self._log.update(f"{self.now_s:.6f} {' '.join(map(str, facts))}\n".encode())

    @property
    def log_sha256(self) -> str:
        """Hash of everything noted so far."""
        return self._log.hexdigest()

    def run(self, until_s: float) -> bool:
        """Run until nothing is left to do, or the clock would pass `until_s`; whether nothing was left."""
        while self._heap:
            at_s, _, callback = self._heap[0]
            if at_s > until_s:
                return False
            heapq.heappop(self._heap)
            self.now_s = at_s
            self.events += 1
            callback()
        return True


class Alarm:
    """Calls something at the time that its owner wants to be woken, which may change at any moment."""

    def __init__(self, loop: EventLoop, wanted_s: Callable[[], float | None], ring: Callable[[], None]) -> None:
        self._loop, self._wanted_s, self._ring = loop, wanted_s, ring
        self._set_for_s: float | None = None

    def set(self) -> None:
        """Look at when the owner wants to be woken, and see to it."""
        wanted_s = self._wanted_s()
        if wanted_s is None or (self._set_for_s is not None and self._set_for_s <= wanted_s):
            return
        self._set_for_s = max(wanted_s, self._loop.now_s)
        self._loop.at(self._set_for_s, partial(self._rang, self._set_for_s))

    def _rang(self, at_s: float) -> None:
        if self._set_for_s != at_s:
            return  # an earlier one was set meanwhile, and rang
        self._set_for_s = None
        wanted_s = self._wanted_s()
        if wanted_s is not None and wanted_s <= self._loop.now_s:
            self._ring()
        self.set()

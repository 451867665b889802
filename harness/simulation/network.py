"""One simulated TCP connection: in order, late by a seeded amount, and lossless until it is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from harness.simulation.loop import EventLoop


@dataclass(frozen=True)
class NetworkSettings:
    """How far apart client and server are.

    Attributes:
        latency_s: one way.
        jitter_s: up to so much more, drawn for each frame; the order stays.
    """

    latency_s: float = 0.02
    jitter_s: float = 0.01


class Pipe:
    """One direction."""

    def __init__(self, loop: EventLoop, settings: NetworkSettings, rng: Random) -> None:
        self._loop, self._settings, self._rng = loop, settings, rng
        self._last_arrival_s = 0.0
        self.cut = False

    def carry(self, deliver: Callable[[], None]) -> None:
        """Deliver something at the other end, unless the connection is cut before it gets there."""
        late_s = self._settings.latency_s + self._rng.uniform(0.0, self._settings.jitter_s)
        self._last_arrival_s = max(self._last_arrival_s, self._loop.now_s + late_s)
        self._loop.at(self._last_arrival_s, lambda: None if self.cut else deliver())

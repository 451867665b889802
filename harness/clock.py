"""The only file that reads the time. Pure rooms are handed numbers; shells hold a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds for measuring, Unix milliseconds for naming a date."""

    def now_s(self) -> float:
        """Monotonic seconds from an arbitrary zero."""
        ...

    def unix_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now_s(self) -> float:
        """Monotonic seconds; unaffected by changes of the date."""
        return time.monotonic()

    def unix_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is moved; for tests and simulation."""

    def __init__(self, now_s: float = 0.0, unix_ms: int = 1_767_225_600_000) -> None:
        self._now_s = now_s
        self._unix_ms = unix_ms

    def now_s(self) -> float:
        """Seconds moved so far."""
        return self._now_s

    def unix_ms(self) -> int:
        """The start date plus what was moved."""
        return self._unix_ms + round(self._now_s * 1000)

    def advance(self, duration_s: float) -> None:
        """Move forward."""
        self._now_s += duration_s


def rfc3339(unix_ms: int) -> str:
    """A date as Deepgram writes it: UTC, milliseconds, `Z`."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""What `dgharness delay --json` prints."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from harness.results.delay import Delay, DelayTotal, Stability


class MeasuredStream(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded stream.

    Attributes:
        recording: its name.
        delay: how late it was.
        stability: how much of what it showed was taken back.
    """

    recording: str
    delay: Delay
    stability: Stability


class MeasuredTotal(msgspec.Struct, frozen=True, kw_only=True):
    """All streams together; None without any."""

    delay: DelayTotal | None
    stability: Stability | None


class DelayDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What `dgharness delay --json` prints.

    Attributes:
        streams: each recorded stream, in the order in which they were named.
        total: over all of them.
    """

    streams: tuple[MeasuredStream, ...]
    total: MeasuredTotal

    @classmethod
    def of(cls, streams: Sequence[MeasuredStream]) -> DelayDocument:
        """The streams, and what they come to."""
        total = MeasuredTotal(
            delay=DelayTotal.of(one.delay for one in streams),
            stability=Stability.total(one.stability for one in streams),
        )
        return cls(streams=tuple(streams), total=total)

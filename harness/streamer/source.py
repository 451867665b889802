"""The audio that may still be needed: from what is not final yet to what is not sent yet, bounded in seconds.

Positions are bytes of the source, counted over all connections. A source that can wait is asked to (`has_room`); one
that cannot, a microphone, loses its oldest audio when the bound is reached, and exactly what was lost is reported.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dropped:
    """Audio of the source that was given up before the server had it for good: `[start_audio_s, end_audio_s)`."""

    start_audio_s: float
    end_audio_s: float


class SourceBuffer:
    """A window on the source.

    Args:
        frame_bytes: bytes of one sample of every channel.
        capacity_bytes: most that is kept.
        drop_oldest: whether the source cannot wait; one that can is trusted to look at `has_room`.
    """

    def __init__(self, frame_bytes: int, capacity_bytes: int, *, drop_oldest: bool) -> None:
        self._frame_bytes = frame_bytes
        self._capacity_bytes = max(capacity_bytes, frame_bytes)
        self._drop_oldest = drop_oldest
        self._kept = bytearray()
        self.start_byte = 0
        self.ended = False

    @property
    def end_byte(self) -> int:
        """Position after the last byte that has come."""
        return self.start_byte + len(self._kept)

    @property
    def has_room(self) -> bool:
        """Whether more can be taken without losing anything."""
        return len(self._kept) < self._capacity_bytes

    def append(self, data: bytes) -> None:
        """Take what the source gives; of one that cannot wait the oldest whole frames go beyond the capacity."""
        self._kept += data
        surplus = len(self._kept) - self._capacity_bytes
        if self._drop_oldest and surplus > 0:
            self.release(self.start_byte + -(-surplus // self._frame_bytes) * self._frame_bytes)

    def release(self, before_byte: int) -> None:
        """Nothing before this position will be asked for again."""
        surplus = min(before_byte - self.start_byte, len(self._kept))
        if surplus > 0:
            del self._kept[:surplus]
            self.start_byte += surplus

    def read(self, at_byte: int, size: int) -> bytes:
        """Up to `size` bytes from a position on; it must not lie before `start_byte`."""
        offset = at_byte - self.start_byte
        return bytes(self._kept[offset : offset + size])

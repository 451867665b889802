"""Request ids: version 7 UUIDs, as the live service's are (captures of 2026), from the run's seed and the date."""

from __future__ import annotations

from random import Random
from uuid import UUID


def uuid7(unix_ms: int, rng: Random) -> str:
    """A version 7 UUID (RFC 9562, section 5.7): 48 bits of Unix milliseconds, the rest drawn from `rng`."""
    value = (unix_ms & (1 << 48) - 1) << 80 | rng.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return str(UUID(int=value))

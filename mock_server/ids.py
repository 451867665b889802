"""Request ids, from the run's seed: UUIDs of version 7, as live ones are (captures of 2026), or of version 4."""

from __future__ import annotations

from random import Random
from uuid import UUID


def uuid7(unix_ms: int, rng: Random) -> str:
    """A version 7 UUID (RFC 9562, section 5.7): 48 bits of Unix milliseconds, the rest drawn from `rng`."""
    value = (unix_ms & (1 << 48) - 1) << 80 | rng.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return str(UUID(int=value))


def uuid4(rng: Random) -> str:
    """A version 4 UUID (RFC 9562, section 5.4), drawn from `rng`."""
    return str(UUID(int=rng.getrandbits(128), version=4))

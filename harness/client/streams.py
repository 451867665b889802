"""What the streaming client is given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from harness.audio.format import AudioFormat


@dataclass(frozen=True)
class AudioToSend:
    """Raw audio in its format.

    Attributes:
        blocks: the bytes, in pieces of any size, as they become available.
        format: what they are.
        source: where they come from: a file name, a URL or `-`.
    """

    blocks: AsyncIterator[bytes]
    format: AudioFormat
    source: str

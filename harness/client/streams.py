"""What the streaming client is given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from harness.audio.format import AudioFormat


@dataclass(frozen=True)
class AudioToSend:
    """Raw audio in its format, or a container's audio with the header that belongs before it.

    Attributes:
        blocks: the audio, in pieces of any size, as they become available; never the header.
        format: what they are.
        source: where they come from: a file name, a URL or `-`.
        header: of the container, sent before the first audio of every connection; empty for raw audio, which the query
            string declares.
        container: the container's name, such as `wav`; None for raw audio.
    """

    blocks: AsyncIterator[bytes]
    format: AudioFormat
    source: str
    header: bytes = b""
    container: str | None = None

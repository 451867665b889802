"""Cutting audio into the chunks that go out as binary frames.

Deepgram advises 20 to 250 ms of audio per frame
(https://developers.deepgram.com/docs/measuring-streaming-latency); small chunks cost little and add little delay,
since a chunk can only be recognised once all of it has arrived.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.audio.format import AudioFormat
from harness.errors import BadInput

MIN_CHUNK_MS = 20
MAX_CHUNK_MS = 250
RECOMMENDED_MIN_CHUNK_MS = 20
RECOMMENDED_MAX_CHUNK_MS = 40


def chunk_size(fmt: AudioFormat, chunk_ms: float) -> int:
    """Bytes of a chunk of `chunk_ms` milliseconds, cut down to whole frames.

    Raises:
        BadInput: `chunk_ms` is outside 20 to 250.
    """
    if not MIN_CHUNK_MS <= chunk_ms <= MAX_CHUNK_MS:
        raise BadInput(f"chunk_ms is {chunk_ms:g}; wanted {MIN_CHUNK_MS} to {MAX_CHUNK_MS}")
    return fmt.aligned_bytes(chunk_ms / 1000)


def chunk_advice(chunk_ms: float) -> str | None:
    """One sentence of advice when `chunk_ms` is allowed but outside the recommended 20 to 40 ms, else None."""
    if chunk_ms > RECOMMENDED_MAX_CHUNK_MS:
        return (
            f"chunks of {chunk_ms:g} ms hold every word back by up to {chunk_ms:g} ms; "
            f"{RECOMMENDED_MIN_CHUNK_MS} to {RECOMMENDED_MAX_CHUNK_MS} ms is recommended"
        )
    if chunk_ms < RECOMMENDED_MIN_CHUNK_MS:
        return (
            f"chunks of {chunk_ms:g} ms cost a frame for very little audio; "
            f"{RECOMMENDED_MIN_CHUNK_MS} to {RECOMMENDED_MAX_CHUNK_MS} ms is recommended"
        )
    return None


def _check_size(size: int) -> None:
    if size < 1:
        raise BadInput(f"the chunk size is {size} bytes; wanted 1 or more")


def split(data: bytes, size: int) -> Iterator[bytes]:
    """`data` in chunks of `size` bytes, the last one shorter; empty data gives no chunk.

    No chunk is ever empty: an empty binary frame ends a Deepgram stream as CloseStream does.

    Raises:
        BadInput: `size` is less than 1.
    """
    _check_size(size)
    return (data[start : start + size] for start in range(0, len(data), size))


class Chunker:
    """The streaming `split`: bytes arrive in any pieces (stdin, a socket), chunks of one size come out."""

    def __init__(self, size: int) -> None:
        _check_size(size)
        self.size = size
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The chunks that `data` completes, possibly none."""
        data = self._rest + data
        whole = len(data) - len(data) % self.size
        self._rest = data[whole:]
        return list(split(data[:whole], self.size))

    def flush(self) -> bytes:
        """The shorter last chunk; empty when nothing is left over, and then it must not be sent."""
        rest, self._rest = self._rest, b""
        return rest

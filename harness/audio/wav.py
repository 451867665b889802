"""WAV headers: read incrementally, in any split, and written.

A WAV header is not always 44 bytes: LIST, fact and extensible chunks make it longer, and a streaming writer leaves 0 or
0xFFFFFFFF as the length of the data. So it is parsed, chunk by chunk, and never sliced off.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum

from harness.audio.format import MAX_SAMPLE_RATE, AudioFormat, Encoding

# A streaming writer cannot know the length: ffmpeg leaves 0xFFFFFFFF, sox just under 2 GiB, others 0.
_UNKNOWN_LENGTH_FROM = 0x7FFF_0000
_EXTENSIBLE = 0xFFFE
# Chunks that precede the audio and are kept for reading; a fmt chunk is 16, 18 or 40 bytes.
_MAX_FMT_BYTES = 1024


class SampleType(StrEnum):
    """How one little-endian sample is stored."""

    U8 = "u8"
    S16 = "s16"
    S24 = "s24"
    S32 = "s32"
    F32 = "f32"
    F64 = "f64"
    MULAW = "mulaw"
    ALAW = "alaw"


SAMPLE_WIDTH = {
    SampleType.U8: 1,
    SampleType.S16: 2,
    SampleType.S24: 3,
    SampleType.S32: 4,
    SampleType.F32: 4,
    SampleType.F64: 8,
    SampleType.MULAW: 1,
    SampleType.ALAW: 1,
}
_BY_TAG_AND_WIDTH = {
    (1, 1): SampleType.U8,
    (1, 2): SampleType.S16,
    (1, 3): SampleType.S24,
    (1, 4): SampleType.S32,
    (3, 4): SampleType.F32,
    (3, 8): SampleType.F64,
    (6, 1): SampleType.ALAW,
    (7, 1): SampleType.MULAW,
}
_TAG_AND_BITS = {
    Encoding.LINEAR16: (1, 16),
    Encoding.LINEAR32: (3, 32),
    Encoding.ALAW: (6, 8),
    Encoding.MULAW: (7, 8),
}


@dataclass(frozen=True, slots=True)
class WavFormat:
    """The fmt chunk, as far as it matters here.

    Attributes:
        sample_type: how a sample is stored, or None for a compressed WAV (ADPCM and the like).
        sample_rate: frames per second.
        channels: samples per frame.
    """

    sample_type: SampleType | None
    sample_rate: int
    channels: int


class WavParser:
    """Turns WAV bytes, in any split, into the bytes of the data chunk.

    Attributes:
        format: what the fmt chunk says, or None before it was read.
        in_data: the header is complete and audio has begun.
        declared_bytes: length of the data by the header; None before the data, or when the header leaves it open.
        data_bytes: bytes of audio given out so far.
        broken: why this is no readable WAV, or None.
    """

    def __init__(self) -> None:
        self.format: WavFormat | None = None
        self.in_data = False
        self.declared_bytes: int | None = None
        self.data_bytes = 0
        self.broken: str | None = None
        self._buffer = bytearray()
        self._started = False
        self._skip = 0

    def feed(self, data: bytes) -> bytes:
        """The audio bytes in `data`; empty while the header lasts and after the data chunk has ended."""
        return self._audio(data if self.in_data else self._read_header(data))

    def _read_header(self, data: bytes) -> bytes:
        """Read on in the header; the audio bytes that follow it, once it is complete."""
        if self.broken is not None:
            return b""
        self._buffer += data
        while self._advance():
            if self.in_data:
                rest = bytes(self._buffer)
                self._buffer.clear()
                return rest
        return b""

    def _advance(self) -> bool:
        """Take one step through the header; False when more bytes are needed."""
        if self._skip:
            skipped = min(self._skip, len(self._buffer))
            del self._buffer[:skipped]
            self._skip -= skipped
            return not self._skip
        if not self._started:
            return self._read_group()
        return self._read_chunk()

    def _read_group(self) -> bool:
        if len(self._buffer) < 12:
            return False
        group, form = bytes(self._buffer[:4]), bytes(self._buffer[8:12])
        if group not in (b"RIFF", b"RF64") or form != b"WAVE":
            self.broken = "it does not begin with RIFF and WAVE"
            return False
        del self._buffer[:12]
        self._started = True
        return True

    def _read_chunk(self) -> bool:
        if len(self._buffer) < 8:
            return False
        name, size = struct.unpack_from("<4sI", self._buffer)
        if name == b"data":
            return self._begin_data(size)
        if name == b"fmt ":
            if size > _MAX_FMT_BYTES or size < 16:
                self.broken = f"its fmt chunk has {size} bytes"
                return False
            if len(self._buffer) < 8 + size:
                return False
            self._read_format(bytes(self._buffer[8 : 8 + size]))
        # Chunks are padded to an even length (RIFF specification, 1991, «Chunks»).
        self._skip = 8 + size + size % 2
        return self.broken is None

    def _begin_data(self, size: int) -> bool:
        if self.format is None:
            self.broken = "its data chunk comes before any fmt chunk"
            return False
        del self._buffer[:8]
        self.in_data = True
        self.declared_bytes = size if 0 < size < _UNKNOWN_LENGTH_FROM else None
        return True

    def _read_format(self, body: bytes) -> None:
        tag, channels, sample_rate, _, frame_bytes, _ = struct.unpack_from("<HHIIHH", body)
        if tag == _EXTENSIBLE and len(body) >= 26:
            (tag,) = struct.unpack_from("<H", body, 24)
        if not channels or not 0 < sample_rate <= MAX_SAMPLE_RATE:
            self.broken = f"its fmt chunk says {channels} channels at {sample_rate} Hz"
            return
        self.format = WavFormat(_BY_TAG_AND_WIDTH.get((tag, frame_bytes // channels)), sample_rate, channels)

    def _audio(self, data: bytes) -> bytes:
        if self.declared_bytes is not None:
            data = data[: self.declared_bytes - self.data_bytes]
        self.data_bytes += len(data)
        return data


def wav_header(fmt: AudioFormat, n_bytes: int) -> bytes:
    """The header of a WAV file whose data chunk holds `n_bytes` bytes of raw audio."""
    tag, bits = _TAG_AND_BITS[fmt.encoding]
    body = struct.pack("<HHIIHH", tag, fmt.channels, fmt.sample_rate, fmt.bytes_per_second, fmt.frame_bytes, bits)
    chunks = b"fmt " + struct.pack("<I", len(body)) + body
    if tag != 1:
        # Every format but integer PCM owes a fact chunk with the number of frames (RIFF «New Multimedia Data Types»).
        chunks += b"fact" + struct.pack("<II", 4, n_bytes // fmt.frame_bytes)
    riff_bytes = 4 + len(chunks) + 8 + n_bytes + n_bytes % 2
    return b"RIFF" + struct.pack("<I", riff_bytes) + b"WAVE" + chunks + b"data" + struct.pack("<I", n_bytes)

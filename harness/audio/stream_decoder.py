"""What a server hears: audio bytes in any split, decoded as they come.

Four paths, chosen by what was declared and by the first bytes:

* Declared raw: seconds are bytes divided by the byte rate, and bytes become samples only when samples are asked for.
* Declared as bare packets of a codec, and no container's signature: `harness.audio.packets`.
* WAV: the header is parsed in any split, then as raw.
* Any other container: `harness.audio.regrowth`, whose audio lags by at most two percent of the stream.

Deepgram lets a declared raw format win over a header, and plays the header as samples; so does this, and says so.
"""

from __future__ import annotations

from typing import Protocol

from harness.audio.format import AudioFormat
from harness.audio.packets import PacketFormat, PacketSource
from harness.audio.pcm import SAMPLE_TYPE, Samples, to_float
from harness.audio.regrowth import RegrowingContainer
from harness.audio.sniff import SIGNATURE_BYTES, sniff_container, sniff_signature
from harness.audio.wav import SAMPLE_WIDTH, SampleType, WavParser

MAX_WAV_HEADER_BYTES = 1 << 20
KEEP_AUDIO_S = 10.0
"""Seconds of audio kept by default: 320 kB for a stream of 16 kHz, 16 bit, mono."""


class _Source(Protocol):
    """One way of turning bytes into audio; rate and channels are 0 until they are known."""

    @property
    def sample_rate(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def audio_s(self) -> float: ...
    @property
    def first_frame(self) -> int: ...
    @property
    def undecodable(self) -> bool: ...
    def feed(self, data: bytes) -> None: ...
    def finish(self) -> None: ...
    def samples_since(self, frame_index: int) -> Samples: ...


class _Pcm:
    """Raw samples, kept as bytes and converted when asked for."""

    undecodable = False

    def __init__(self, sample_type: SampleType, sample_rate: int, channels: int, keep_audio_s: float | None) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.first_frame = 0
        self._sample_type = sample_type
        self._frame_bytes = SAMPLE_WIDTH[sample_type] * channels
        self._total_bytes = 0
        self._kept = bytearray()
        self._keep_bytes = None if keep_audio_s is None else int(keep_audio_s * sample_rate) * self._frame_bytes

    @property
    def audio_s(self) -> float:
        return self._total_bytes / (self._frame_bytes * self.sample_rate)

    def feed(self, data: bytes) -> None:
        self._total_bytes += len(data)
        self._kept += data
        if self._keep_bytes is not None and len(self._kept) > self._keep_bytes:
            surplus = (len(self._kept) - self._keep_bytes) // self._frame_bytes
            self.first_frame += surplus
            del self._kept[: surplus * self._frame_bytes]

    def finish(self) -> None:
        """Nothing is held back: an incomplete last frame never becomes a sample."""

    def samples_since(self, frame_index: int) -> Samples:
        start = max(0, frame_index - self.first_frame) * self._frame_bytes
        end = len(self._kept) - len(self._kept) % self._frame_bytes
        return to_float(bytes(self._kept[start:end]), self._sample_type, self.channels)


class _Unknown:
    """Bytes nobody can read: no format declared, no signature known."""

    sample_rate = channels = first_frame = 0
    audio_s = 0.0
    undecodable = True

    def feed(self, data: bytes) -> None:
        """Drop it."""

    def finish(self) -> None:
        """Nothing is held back."""

    def samples_since(self, frame_index: int) -> Samples:
        return to_float(b"", SampleType.S16, 1)


class StreamDecoder:
    """Decodes one stream of audio bytes, whatever their split.

    Args:
        declared: the raw format from the query string, or None to go by the first bytes.
        packets: the bare packets that the query declares; a container's signature in the first bytes overrules it.
        keep_audio_s: how far back `samples_since` can reach, which bounds the memory; None keeps everything.

    Attributes:
        container: "raw" when a format was declared, else the sniffed container, or None before 12 bytes have come.
        header_in_raw: a raw format was declared, yet the bytes begin with a container's signature: it is heard as a
            click, and what follows perhaps at the wrong rate.
    """

    def __init__(
        self,
        declared: AudioFormat | None,
        *,
        packets: PacketFormat | None = None,
        keep_audio_s: float | None = KEEP_AUDIO_S,
    ) -> None:
        self.container: str | None = None
        self.header_in_raw = False
        self._keep_audio_s = keep_audio_s
        self._packets = packets
        self._first_packets: list[bytes] = []
        self._head = b""
        self._source: _Source | None = None
        self._wav: WavParser | None = None
        self._wav_header = b""
        if declared is not None:
            self.container = "raw"
            sample_type = SAMPLE_TYPE[declared.encoding]
            self._source = _Pcm(sample_type, declared.sample_rate, declared.channels, keep_audio_s)

    @property
    def sample_rate(self) -> int:
        """Frames per second; 0 before it is known."""
        return self._source.sample_rate if self._source else 0

    @property
    def channels(self) -> int:
        """Channels; 0 before they are known, as Deepgram's Metadata says of audio it could not decode."""
        return self._source.channels if self._source else 0

    @property
    def audio_s(self) -> float:
        """Seconds of audio so far, counted per channel; for raw audio exact even in mid-sample."""
        return self._source.audio_s if self._source else 0.0

    @property
    def first_frame(self) -> int:
        """Index of the oldest frame that `samples_since` still has."""
        return self._source.first_frame if self._source else 0

    @property
    def undecodable(self) -> bool:
        """Nothing was declared and the bytes have no known signature, or a broken header, or none at the end."""
        return self._source is not None and self._source.undecodable

    def feed(self, data: bytes) -> None:
        """Take the payload of one binary frame."""
        if len(self._head) < SIGNATURE_BYTES:
            data = self._look_at_head(data)
        if self._wav is not None:
            data = self._read_wav(self._wav, data)
        if self._source is not None:
            self._source.feed(data)

    def _look_at_head(self, data: bytes) -> bytes:
        """Gather the first bytes; give back what is ready for the source."""
        self._head += data
        if self.container == "raw":
            self.header_in_raw = sniff_signature(self._head) is not None
            return data
        self._first_packets += [data] if self._packets is not None else []
        if len(self._head) < SIGNATURE_BYTES:
            return b""
        self.container = sniff_signature(self._head) if self._packets else sniff_container(self._head)
        if self.container is None and self._packets is not None:
            self._begin_packets(self._packets)
            return b""
        if self.container == "wav":
            self._wav = WavParser()
        elif self.container is None:
            self._source = _Unknown()
        else:
            self._source = RegrowingContainer(self._keep_audio_s)
        return self._head

    def _begin_packets(self, fmt: PacketFormat) -> None:
        """Take the first binary frames one by one: where one packet ends is told by nothing else."""
        self.container = "raw"
        self._source = PacketSource(fmt, self._keep_audio_s)
        for packet in self._first_packets:
            self._source.feed(packet)
        self._first_packets = []

    def _read_wav(self, wav: WavParser, data: bytes) -> bytes:
        """Take the header off; give back what is ready for the source."""
        if self._source is not None:
            return wav.feed(data)
        self._wav_header += data
        audio = wav.feed(data)
        if wav.broken is not None or len(self._wav_header) > MAX_WAV_HEADER_BYTES:
            self._source = _Unknown()
        elif (fmt := wav.format) is not None and fmt.sample_type is not None:
            self._source = _Pcm(fmt.sample_type, fmt.sample_rate, fmt.channels, self._keep_audio_s)
        elif fmt is not None:
            # A compressed WAV is FFmpeg's business, header included.
            self._source, self._wav, audio = RegrowingContainer(self._keep_audio_s), None, self._wav_header
        if self._source is not None:
            self._wav_header = b""
        return audio

    def finish(self) -> None:
        """The stream has ended: decode what was held back."""
        if self._source is None and self._head and self._packets is not None and not self._wav:
            self._begin_packets(self._packets)
        elif self._source is None and self._head:
            self._source = _Unknown()
        if self._source is not None:
            self._source.finish()

    def samples_since(self, frame_index: int) -> Samples:
        """Samples of shape (frames, channels) from `frame_index` on, or from `first_frame` if that is later."""
        return (self._source or _Unknown()).samples_since(frame_index)

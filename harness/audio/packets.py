"""Coded audio without a container: AMR, G.729, Opus and Speex as they are declared by `encoding`.

Seconds do not follow from bytes here, so every frame is decoded and its samples are counted. AMR frames tell their own
length (RFC 4867, 5.3) and G.729 frames have ten bytes each, so both may be split anywhere. Opus and Speex packets do
not tell their length: every binary frame is taken for one packet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import av
import numpy as np

from harness.audio.container import frame_samples
from harness.audio.pcm import Samples

_CODEC: Final = {"amr-nb": "amrnb", "amr-wb": "amrwb", "g729": "g729", "opus": "opus", "speex": "speex"}
_DECODED_RATE: Final = {"amr-nb": 8_000, "amr-wb": 16_000, "g729": 8_000, "opus": 48_000}
_DEFAULT_RATE: Final = 16_000
_MOST_CHANNELS: Final = 2

# Bytes of a frame, its first one included, by the frame type in bits 3 to 6 of that (RFC 4867, 5.3; 3GPP TS 26.101 and
# 26.201); 1 stands for types without data, and for reserved ones, which are stepped over.
_AMR_BYTES: Final = {
    "amr-nb": (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1),
    "amr-wb": (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1),
}
_G729_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class PacketFormat:
    """How coded audio without a container is to be read: the query's `encoding`, `sample_rate` and `channels`."""

    encoding: str
    sample_rate: int
    channels: int

    @property
    def tells_lengths(self) -> bool:
        """Whether packets can be told apart when they come in one piece."""
        return self.encoding in _AMR_BYTES or self.encoding == "g729"


def packet_format(encoding: str | None, sample_rate: int | None, channels: int) -> PacketFormat | None:
    """The format of bare packets that a query declares; None when it declares something else, or nothing."""
    if encoding not in _CODEC or not 1 <= channels <= _MOST_CHANNELS:
        return None
    return PacketFormat(encoding, sample_rate or _DECODED_RATE.get(encoding, _DEFAULT_RATE), channels)


class PacketSource:
    """One stream of bare packets to samples; AMR and G.729 have one channel whatever is declared.

    Args:
        fmt: what was declared.
        keep_audio_s: how far back `samples_since` can reach; None keeps everything.
    """

    def __init__(self, fmt: PacketFormat, keep_audio_s: float | None) -> None:
        self.sample_rate = 0
        self.channels = 0
        self.first_frame = 0
        self._fmt = fmt
        self._keep_audio_s = keep_audio_s
        self._decoder = _decoder(fmt)
        self._rest = b""
        self._frames = 0
        self._kept: deque[Samples] = deque()
        self._finished = False

    @property
    def audio_s(self) -> float:
        """Seconds decoded so far."""
        return self._frames / self.sample_rate if self.sample_rate else 0.0

    @property
    def undecodable(self) -> bool:
        """The stream is over, and nothing in it could be decoded."""
        return self._finished and not self._frames

    def feed(self, data: bytes) -> None:
        """Take the payload of one binary frame."""
        for packet in self._packets(data):
            self._decode(packet)

    def finish(self) -> None:
        """Take what the decoder holds back; an incomplete last frame never becomes a sample."""
        if not self._finished:
            self._decode(None)
            self._finished = True

    def samples_since(self, frame_index: int) -> Samples:
        """Samples from `frame_index` on, or from `first_frame` if that is later."""
        kept = np.concatenate(self._kept) if self._kept else np.zeros((0, max(1, self.channels)), np.float32)
        return kept[max(0, frame_index - self.first_frame) :]

    def _packets(self, data: bytes) -> Iterator[bytes]:
        lengths = _AMR_BYTES.get(self._fmt.encoding)
        if not self._fmt.tells_lengths:
            if data:  # an empty packet would tell the decoder that the stream has ended
                yield data
            return
        self._rest += data
        begin = 0
        while begin < len(self._rest):
            size = _G729_BYTES if lengths is None else lengths[self._rest[begin] >> 3 & 0xF]
            if begin + size > len(self._rest):
                break
            yield self._rest[begin : begin + size]
            begin += size
        self._rest = self._rest[begin:]

    def _decode(self, packet: bytes | None) -> None:
        try:
            frames = self._decoder.decode(None if packet is None else av.Packet(packet))
        except av.FFmpegError:
            return  # a damaged packet is left out; nothing but such ends as `undecodable`
        for frame in frames:
            self._take(frame)

    def _take(self, frame: av.AudioFrame) -> None:
        samples = frame_samples(frame)
        if not self._frames:
            self.sample_rate, self.channels = frame.sample_rate, samples.shape[1]
        if (frame.sample_rate, samples.shape[1]) != (self.sample_rate, self.channels):
            return
        self._frames += len(samples)
        self._kept.append(samples)
        if self._keep_audio_s is None:
            return
        keep = int(self._keep_audio_s * self.sample_rate)
        while self._frames - self.first_frame - len(self._kept[0]) >= keep:
            self.first_frame += len(self._kept.popleft())


def _decoder(fmt: PacketFormat) -> av.AudioCodecContext:
    decoder = av.CodecContext.create(_CODEC[fmt.encoding], "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate = _DECODED_RATE.get(fmt.encoding, fmt.sample_rate)
    stereo = fmt.channels == 2 and fmt.encoding in ("opus", "speex")
    decoder.layout = "stereo" if stereo else "mono"
    return decoder

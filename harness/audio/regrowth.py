"""Compressed containers that arrive piece by piece: taken apart anew each time they have grown by two percent.

FFmpeg can wait for more bytes only by blocking a thread, which has no place in pure code. So the bytes are kept, and
once they have grown enough the container is opened again and the packets that are new since last time are decoded by
the one decoder that goes on living. Every packet is decoded once; only the taking apart is repeated, so its work is at
most 1 + 1/0.02 = 51 times that of a single pass, and the audio lags the bytes by at most two percent of the stream
(or one kilobyte). A whole stream's compressed bytes stay in memory: an hour of Opus at 32 kbit/s is 14 MB.
An M4A whose index comes last can be decoded only at the end.
"""

from __future__ import annotations

import io
from collections import deque
from itertools import islice

import av
import numpy as np
from av.container import InputContainer

from harness.audio.container import frame_samples, open_container
from harness.audio.pcm import Samples

GROWTH = 1.02
MIN_STEP_BYTES = 1024
# The last packets of a part may be cut short, and FFmpeg's FLAC parser guesses where frames end without what follows.
_HELD_BACK_PACKETS = 2


class RegrowingContainer:
    """One stream of container bytes, in any split, to samples.

    Args:
        keep_audio_s: how far back `samples_since` can reach; None keeps everything.
    """

    def __init__(self, keep_audio_s: float | None) -> None:
        self.sample_rate = 0
        self.channels = 0
        self.first_frame = 0
        self._frames = 0
        self._keep_audio_s = keep_audio_s
        self._kept: deque[Samples] = deque()
        self._file = io.BytesIO()
        self._bytes = 0
        self._next_pass_bytes = MIN_STEP_BYTES
        self._packets = 0
        self._decoder: av.AudioCodecContext | None = None
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
        """Take more bytes, and decode if they are enough."""
        self._file.seek(0, io.SEEK_END)
        self._bytes += self._file.write(data)
        if self._bytes >= self._next_pass_bytes:
            self._pass(final=False)
            self._next_pass_bytes = max(int(self._bytes * GROWTH), self._bytes + MIN_STEP_BYTES)

    def finish(self) -> None:
        """Decode what was held back; the bytes are let go, and further ones are not expected."""
        self._pass(final=True)
        self._finished = True
        self._file = io.BytesIO()

    def samples_since(self, frame_index: int) -> Samples:
        """Samples from `frame_index` on, or from `first_frame` if that is later."""
        kept = np.concatenate(self._kept) if self._kept else np.zeros((0, max(1, self.channels)), np.float32)
        return kept[max(0, frame_index - self.first_frame) :]

    def _pass(self, *, final: bool) -> None:
        self._file.seek(0)
        try:
            with open_container(self._file) as opened:
                if opened.streams.audio:
                    self._decode_new(opened, opened.streams.audio[0], final)
        except av.FFmpegError:
            # Too little of the container yet, or none at all: the next pass, or `undecodable`, will tell.
            return

    def _decode_new(self, opened: InputContainer, stream: av.AudioStream, final: bool) -> None:
        # A decoder set up from a part of the header may lack the rest of it, so only one that works is kept.
        decoder = self._decoder or stream.codec_context
        held: deque[av.Packet[av.AudioStream]] = deque()
        packets = (packet for packet in opened.demux(stream) if packet.size)
        for packet in islice(packets, self._packets, None):
            held.append(packet)
            if final or len(held) > _HELD_BACK_PACKETS:
                self._decode(decoder, held.popleft())
        if final:
            self._decode(decoder, None)

    def _decode(self, decoder: av.AudioCodecContext, packet: av.Packet[av.AudioStream] | None) -> None:
        self._packets += 1
        try:
            frames = decoder.decode(packet)
        except av.FFmpegError:
            return
        for frame in frames:
            self._decoder = decoder
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

"""The decoded samples of a stream on their way to a recogniser; a replay has no use for them and keeps none."""

from __future__ import annotations

from harness.audio.pcm import Samples
from harness.audio.stream_decoder import StreamDecoder


class KeptSamples:
    """Keeps what was decoded until it is taken; the decoder itself forgets after some seconds."""

    def __init__(self, decoder: StreamDecoder) -> None:
        self._decoder = decoder
        self._pieces: list[Samples] = []
        self._frames = 0

    def keep(self) -> None:
        """The decoder has been fed."""
        if not self._decoder.channels:
            return  # a container's header is still to come
        samples = self._decoder.samples_since(self._frames)
        if len(samples):
            self._frames = max(self._frames, self._decoder.first_frame) + len(samples)
            self._pieces.append(samples)

    def take(self) -> list[Samples]:
        """What was decoded since the last time, each of shape (frames, channels)."""
        taken, self._pieces = self._pieces, []
        return taken

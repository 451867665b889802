"""Audio of any rate as the engines want it, piece by piece as it comes."""

from __future__ import annotations

import numpy as np
import soxr

from harness.audio.pcm import Samples
from mock_server.engines.base import RATE, Mono


class Resampler:
    """One stream's conversion; what it holds back comes with the last piece."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._channels = channels
        self._soxr = None if sample_rate == RATE else soxr.ResampleStream(sample_rate, RATE, channels, dtype="float32")

    def convert(self, samples: Samples, *, last: bool = False) -> list[Mono]:
        """The next samples, of shape (frames, channels), as one array for each channel."""
        converted = np.ascontiguousarray(samples, dtype=np.float32)
        if self._soxr is not None:
            shaped = converted[:, 0] if self._channels == 1 else converted
            converted = self._soxr.resample_chunk(np.ascontiguousarray(shaped), last=last).reshape(-1, self._channels)
        return [np.ascontiguousarray(converted[:, number]) for number in range(self._channels)]

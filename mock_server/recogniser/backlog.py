"""Audio that was received and may not be transcribed yet, or that a worker is to get piece by piece."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from harness.audio.pcm import Samples

PIECE_AUDIO_S: Final = 0.5
"""A burst is worked on in pieces, so that what the first second says does not wait for the last."""

HAND_ON_EVERY_AUDIO_S: Final = 0.1
"""Audio that had to wait (`Throttle`) is handed on so often."""


class Backlog:
    """The samples of one stream, from when they are heard until they are handed on."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._heard: deque[Samples] = deque()
        self._heard_frames = self._given_frames = 0

    @property
    def next_due_audio_s(self) -> float | None:
        """Up to where more may be handed on next; None when nothing waits."""
        if not self._heard:
            return None
        return min(self._given_frames / self._rate + HAND_ON_EVERY_AUDIO_S, self._heard_frames / self._rate)

    def hear(self, samples: Samples) -> None:
        """The next samples, of shape (frames, channels)."""
        if len(samples):
            self._heard.append(samples)
            self._heard_frames += len(samples)

    def hand_on(self, until_audio_s: float) -> Iterator[Samples]:
        """What lies before a position, in pieces."""
        most = int(PIECE_AUDIO_S * self._rate)
        while self._heard and (allowed := round(until_audio_s * self._rate) - self._given_frames) > 0:
            samples = self._heard.popleft()
            take = min(len(samples), allowed, most)
            if take < len(samples):
                self._heard.appendleft(samples[take:])
            self._given_frames += take
            yield samples[:take]

    def drop(self) -> None:
        """Nobody waits for it."""
        self._heard.clear()

"""The audio of one channel since its last final, frame by frame, and what an engine hears in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from harness.protocol.messages import Word
from mock_server.engines.base import FRAME_AUDIO_S, RATE, Engine, Listening, Mono
from mock_server.recogniser.words import on_the_wire

BEFORE_SPEECH_AUDIO_S: Final = 0.25
"""How much before the detected beginning of speech an engine is given: soft beginnings are detected late."""


class Stretch:
    """What has been heard since a position.

    Args:
        engine: hears it.
        start_audio_s: that position on the connection's clock.

    Attributes:
        start_audio_s: that position.
        has_speech: whether speech was detected in it.
    """

    def __init__(self, engine: Engine, start_audio_s: float) -> None:
        self.start_audio_s = start_audio_s
        self.has_speech = False
        self._engine = engine
        self._pieces: list[Mono] = []
        self._probabilities: list[float] = []
        self._from_sample = 0  # where in the stretch the engine begins
        self._listening: Listening | None = None
        self._pending: list[Mono] = []  # what the engine's stream has not been given yet
        self._last: tuple[Word, ...] = ()
        self._stale = True  # whether there is speech that `_last` does not know

    def hear(self, samples: Mono, probability: float, *, speech: bool) -> None:
        """The next frame."""
        self._pieces.append(samples)
        self._probabilities.append(probability)
        if self.has_speech:
            self._pending.append(samples)
        self._stale = self._stale or speech

    def speech_began(self, at_audio_s: float) -> None:
        """Speech was detected in it, from a position on."""
        if self.has_speech:
            return
        self.has_speech = True
        before_audio_s = max(0.0, at_audio_s - self.start_audio_s - BEFORE_SPEECH_AUDIO_S)
        # On the edge of a frame, so that samples and probabilities go together.
        first = min(int(before_audio_s / FRAME_AUDIO_S), len(self._pieces))
        self._from_sample = sum(len(piece) for piece in self._pieces[:first])
        self._pending = self._pieces[first:]

    def interim(self, end_audio_s: float) -> tuple[Word, ...]:
        """What its speech seems to say up to now; the same as before when nobody has spoken since."""
        if not self.has_speech:
            return ()
        if self._stale:
            if self._listening is None:
                self._listening = self._engine.listen()
            if self._pending:
                self._listening.feed(np.concatenate(self._pending))
                self._pending = []
            self._last = on_the_wire(
                self._listening.words(), self._spoken_from_audio_s, end_audio_s, self._spoken_probabilities
            )
            self._stale = False
        return self._last

    def final(self, end_audio_s: float) -> tuple[Word, ...]:
        """What its speech says, all of it; it is over now."""
        self.close()
        return self.so_far(end_audio_s)

    def so_far(self, end_audio_s: float) -> tuple[Word, ...]:
        """What its speech says up to now, heard with care; it may go on."""
        if not self.has_speech:
            return ()
        samples = np.concatenate(self._pieces)[self._from_sample :]
        heard = self._engine.transcribe(samples) if len(samples) else ()
        return on_the_wire(heard, self._spoken_from_audio_s, end_audio_s, self._spoken_probabilities)

    def quietest_end_audio_s(self, within_audio_s: float) -> float:
        """The end of the frame of the last seconds in which speech is least likely."""
        count = min(len(self._probabilities), round(within_audio_s / FRAME_AUDIO_S))
        first = len(self._probabilities) - count
        quietest = first + int(np.argmin(self._probabilities[first:]))
        return self.start_audio_s + sum(len(piece) for piece in self._pieces[: quietest + 1]) / RATE

    def split(self, at_audio_s: float) -> Stretch:
        """Cut it in two; returns the later part, which has speech as this one has."""
        wanted, first, samples = round((at_audio_s - self.start_audio_s) * RATE), 0, 0
        while first < len(self._pieces) and samples < wanted:
            samples += len(self._pieces[first])
            first += 1
        later = Stretch(self._engine, self.start_audio_s + samples / RATE)
        for piece, probability in zip(self._pieces[first:], self._probabilities[first:], strict=True):
            later.hear(piece, probability, speech=True)
        if self.has_speech:
            later.speech_began(later.start_audio_s)
        del self._pieces[first:], self._probabilities[first:]
        return later

    def close(self) -> None:
        """Nothing more is asked of its growing hypothesis."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    @property
    def _spoken_from_audio_s(self) -> float:
        return self.start_audio_s + self._from_sample / RATE

    @property
    def _spoken_probabilities(self) -> Sequence[float]:
        return self._probabilities[round(self._from_sample / RATE / FRAME_AUDIO_S) :]

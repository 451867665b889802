"""One channel of a stream: when something is said of it, and what. Runs in a worker; knows no client and no clock.

The rhythm is that of `synthesis`, taken from captures of the live service: interims about once a second, a final when
speech pauses for as long as `endpointing` asks, and at least 0.3 s, since its default of 10 ms does not split words, or
when it has gone on for long; silence is reported with empty transcripts. Finals tile the audio.

Only the audio decides, in frames of 32 ms from the channel's beginning: neither the cut into WebSocket frames nor the
speed of the machine changes a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from harness.protocol.messages import Word
from harness.protocol.options import ListenOptions
from mock_server.engines.base import FRAME, RATE, Engine, Mono, Vad
from mock_server.recogniser.speech import SpeechTracker
from mock_server.recogniser.stretch import Stretch

INTERIM_EVERY_AUDIO_S: Final = 1.0
SHORTEST_PAUSE_AUDIO_S: Final = 0.3

LONG_AUDIO_S: Final = 5.0
"""A segment of this length is ended: in silence at once, in speech at the next dip."""
DIP_AUDIO_S: Final = 0.12
LONGEST_AUDIO_S: Final = 10.0
"""And speech in which nothing dips at the latest then, where it was least likely within the last seconds."""
LOOK_BACK_AUDIO_S: Final = 2.0


@dataclass(frozen=True)
class SpeechBegan:
    """Somebody has begun to speak."""

    at_audio_s: float


@dataclass(frozen=True)
class Segment:
    """What is said of a segment; times are on the connection's clock."""

    start_audio_s: float
    end_audio_s: float
    words: tuple[Word, ...]
    is_final: bool
    speech_final: bool = False
    from_finalize: bool = False


@dataclass(frozen=True)
class UtteranceOver:
    """Nobody has spoken for `utterance_end_ms` after the last word."""

    last_word_end_audio_s: float


News: TypeAlias = SpeechBegan | Segment | UtteranceOver


class ChannelListener:
    """Listens to one channel.

    Args:
        engine: hears words.
        vad: hears whether there is speech.
        options: the query string: endpointing, interims, `utterance_end_ms`.
    """

    def __init__(self, engine: Engine, vad: Vad, options: ListenOptions) -> None:
        self._engine, self._vad = engine, vad
        self._pause_audio_s = max((options.endpointing_ms or 0) / 1000, SHORTEST_PAUSE_AUDIO_S)
        self._endpoints = options.endpointing_ms is not None
        self._interims = options.wants_interims
        self._utterance_gap_audio_s = None if options.utterance_end_ms is None else options.utterance_end_ms / 1000
        self._speech = SpeechTracker()
        self._stretch = Stretch(engine, 0.0)
        self._rest = np.zeros(0, np.float32)
        self._samples = 0
        self._next_interim_audio_s = INTERIM_EVERY_AUDIO_S
        self._announced = False  # SpeechStarted was said, and its speech is not over
        self._said_words = False  # a final has had words since the last endpoint
        self._last_word_end_audio_s: float | None = None  # of words after which no UtteranceEnd has come

    def hear(self, samples: Mono) -> Iterator[News]:
        """More audio."""
        self._rest = np.concatenate((self._rest, samples))
        while len(self._rest) >= FRAME:
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            yield from self._frame(frame, frame)

    def finish(self, end_audio_s: float, *, from_finalize: bool) -> Iterator[News]:
        """Make final what there is up to the end of the audio received, which is at `end_audio_s`.

        With `from_finalize` there is a final whether anything was open or not, because the client waits for it.
        """
        if len(self._rest):
            rest, self._rest = self._rest, np.zeros(0, np.float32)
            yield from self._frame(rest, np.pad(rest, (0, FRAME - len(rest))))
        # A resampler holds some milliseconds back: the audio is a little longer than what came out of it.
        end_audio_s = max(end_audio_s, self._at_audio_s)
        if from_finalize or end_audio_s > self._stretch.start_audio_s:
            yield self._final(end_audio_s, ends_speech=True, from_finalize=from_finalize)

    def close(self) -> None:
        """Nothing more will be asked."""
        self._stretch.close()

    @property
    def _at_audio_s(self) -> float:
        return self._samples / RATE

    def _frame(self, samples: Mono, padded: Mono) -> Iterator[News]:
        probability = self._vad.speech_probability(padded)
        self._samples += len(samples)
        at_audio_s = self._at_audio_s
        began = self._speech.hear(probability, at_audio_s)
        detected = self._speech.ended_audio_s == at_audio_s
        self._stretch.hear(samples, probability, speech=detected)
        if detected:
            self._stretch.speech_began(self._speech.began_audio_s)
        if began and not self._announced:
            self._announced = True
            yield SpeechBegan(self._speech.began_audio_s)
        yield from self._segment(at_audio_s)
        yield from self._utterance_end(at_audio_s)

    def _segment(self, at_audio_s: float) -> Iterator[News]:
        """The final or the interim that is due."""
        silent_audio_s = self._speech.silent_audio_s(at_audio_s)
        length_audio_s = at_audio_s - self._stretch.start_audio_s
        if self._speech.speaking and silent_audio_s >= self._pause_audio_s:
            yield self._final(at_audio_s, ends_speech=True)
            return
        if self._stretch.has_speech and length_audio_s >= LONGEST_AUDIO_S:
            yield self._cut(self._stretch.quietest_end_audio_s(LOOK_BACK_AUDIO_S))
            return
        dips = silent_audio_s >= DIP_AUDIO_S if self._stretch.has_speech else not self._speech.speaking
        if length_audio_s >= LONG_AUDIO_S and dips:
            yield self._final(at_audio_s)
            return
        if self._interims and at_audio_s >= self._next_interim_audio_s:
            self._next_interim_audio_s += INTERIM_EVERY_AUDIO_S
            words = self._stretch.interim(at_audio_s)
            yield Segment(self._stretch.start_audio_s, at_audio_s, words, is_final=False)

    def _cut(self, at_audio_s: float) -> Segment:
        """A final for the earlier part of a stretch in which nobody pauses."""
        later = self._stretch.split(at_audio_s)
        segment = self._final(later.start_audio_s)
        self._stretch = later
        return segment

    def _final(self, end_audio_s: float, *, ends_speech: bool = False, from_finalize: bool = False) -> Segment:
        words = self._stretch.final(end_audio_s)
        start_audio_s = self._stretch.start_audio_s
        self._said_words = self._said_words or bool(words)
        if words:
            self._last_word_end_audio_s = words[-1].end
        speech_final = ends_speech and self._endpoints and self._said_words
        if ends_speech:
            self._announced = self._said_words = False
            self._speech.rest()
        self._stretch = Stretch(self._engine, end_audio_s)
        self._next_interim_audio_s = end_audio_s + INTERIM_EVERY_AUDIO_S
        return Segment(
            start_audio_s, end_audio_s, words, is_final=True, speech_final=speech_final, from_finalize=from_finalize
        )

    def _utterance_end(self, at_audio_s: float) -> Iterator[UtteranceOver]:
        """Once the gap after the last word has passed without speech; words that are open come before it."""
        last, gap = self._last_word_end_audio_s, self._utterance_gap_audio_s
        if last is None or gap is None or self._stretch.has_speech or at_audio_s < last + gap:
            return
        self._last_word_end_audio_s = None
        yield UtteranceOver(last)

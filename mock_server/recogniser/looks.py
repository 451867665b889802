"""What an engine makes of a Flux stream, look by look: the live counterpart of `flux.synthesis`. Runs in a worker.

What it hears is settled as soon as the speaker has paused for a moment, and begins anew after a longer pause; whether a
turn is over is decided from the silence since, as in a synthesised script, and by the client's thresholds (`Turns`).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Final

import numpy as np

from harness.audio.pcm import Samples
from harness.protocol.flux_messages import FluxWord
from harness.protocol.messages import Word
from mock_server.engines.base import FRAME, RATE, Engine, Mono, Vad
from mock_server.flux.script import STEP_AUDIO_S, TOLERANCE_AUDIO_S, Look
from mock_server.flux.synthesis import SPEAKING_CONFIDENCE, STRETCH_PAUSE_AUDIO_S, over_confidence
from mock_server.recogniser.resampling import Resampler
from mock_server.recogniser.speech import SpeechTracker
from mock_server.recogniser.stretch import Stretch

SETTLED_AFTER_AUDIO_S: Final = 0.2
"""The pause after which a stretch is heard once more with care: a turn may end at the next look."""

LOOK_BACK_AUDIO_S: Final = 2.0

# How fast the confidence that a turn is over rises in silence, by how the last word is punctuated: the middles of what
# a synthesised script draws from.
SENTENCE_SCALE_AUDIO_S: Final = 0.3
CLAUSE_SCALE_AUDIO_S: Final = 0.45
UNPUNCTUATED_SCALE_AUDIO_S: Final = 1.0


class LooksListener:
    """Listens to one connection; its channels are mixed, because Flux hears mono.

    Args:
        engine: hears words.
        vad: hears whether there is speech.
        sample_rate: of the audio.
    """

    def __init__(self, engine: Engine, vad: Vad, sample_rate: int) -> None:
        self._engine, self._vad = engine, vad
        self._resampler = Resampler(sample_rate, 1)
        self._speech = SpeechTracker()
        self._stretch = Stretch(engine, 0.0)
        self._rest = np.zeros(0, np.float32)
        self._samples = 0
        self._looks = 0
        self._words: tuple[Word, ...] = ()
        self._heard_until_audio_s = 0.0
        self._settled = False
        self._last_display = ""

    def hear(self, samples: Samples, *, last: bool = False) -> list[Look]:
        """More audio, of shape (frames, channels); returns a look for each 80 ms of it."""
        mono = self._resampler.convert(samples.mean(axis=1, keepdims=True), last=last)[0]
        self._rest = np.concatenate((self._rest, mono))
        looks: list[Look] = []
        while len(self._rest) >= FRAME:
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            looks += self._frame(frame, frame)
        return looks

    def close_stream(self, at_audio_s: float) -> list[Look]:
        """The last looks, up to the step in which the audio ended."""
        looks = self.hear(np.zeros((0, 1), np.float32), last=True)
        if len(self._rest):
            looks += self._frame(self._rest, np.pad(self._rest, (0, FRAME - len(self._rest))))
        steps = ceil((at_audio_s - TOLERANCE_AUDIO_S) / STEP_AUDIO_S)
        while self._looks < steps:
            looks.append(self._look(at_audio_s))
        self.close()
        return looks

    def close(self) -> None:
        """Nothing more will be asked."""
        self._stretch.close()

    def _frame(self, samples: Mono, padded: Mono) -> Iterator[Look]:
        probability = self._vad.speech_probability(padded)
        self._samples += len(samples)
        at_audio_s = self._samples / RATE
        self._speech.hear(probability, at_audio_s)
        detected = self._speech.ended_audio_s == at_audio_s
        self._stretch.hear(samples, probability, speech=detected)
        if detected:
            if not self._stretch.has_speech:
                # A tenth of a second of speech says nothing: it is first heard when some of it is there.
                self._heard_until_audio_s = max(self._heard_until_audio_s, self._speech.began_audio_s)
            self._stretch.speech_began(self._speech.began_audio_s)
            self._settled = False
        while (self._looks + 1) * STEP_AUDIO_S <= at_audio_s + TOLERANCE_AUDIO_S:
            yield self._look(at_audio_s)

    def _look(self, at_audio_s: float) -> Look:
        self._looks += 1
        look_audio_s = round(self._looks * STEP_AUDIO_S, 4)
        silent_audio_s = self._speech.silent_audio_s(at_audio_s)
        ends_stretch = self._stretch.has_speech and self._listen(at_audio_s, silent_audio_s)
        words = tuple(_shown(word, look_audio_s) for word in self._words)
        if self._words:
            self._last_display = self._words[-1].display
        if ends_stretch:
            self._words = ()
        return Look(look_audio_s, words, self._confidence(silent_audio_s), ends_stretch=ends_stretch)

    def _listen(self, at_audio_s: float, silent_audio_s: float) -> bool:
        """Hear the stretch anew when that is due; returns whether it ends here."""
        if silent_audio_s >= STRETCH_PAUSE_AUDIO_S:
            self._settle(self._stretch.final(at_audio_s))
            self._speech.rest()
            self._stretch = Stretch(self._engine, at_audio_s)
            return True
        if at_audio_s - self._stretch.start_audio_s >= self._engine.info.longest_audio_s:
            later = self._stretch.split(self._stretch.quietest_end_audio_s(LOOK_BACK_AUDIO_S))
            self._settle(self._stretch.final(later.start_audio_s))
            self._stretch = later
            return True
        if silent_audio_s >= SETTLED_AFTER_AUDIO_S:
            if not self._settled:
                self._settle(self._stretch.so_far(at_audio_s))
        elif at_audio_s - self._heard_until_audio_s >= self._engine.info.look_every_audio_s:
            self._words = self._stretch.interim(at_audio_s) or self._words
            self._heard_until_audio_s = at_audio_s
        return False

    def _settle(self, words: tuple[Word, ...]) -> None:
        # A hypothesis that vanishes leaves what was heard: a turn that has begun has words until it ends.
        self._words = words or self._words
        self._settled = True

    def _confidence(self, silent_audio_s: float) -> float:
        if not self._last_display or silent_audio_s <= STEP_AUDIO_S:
            return SPEAKING_CONFIDENCE[0]
        scale_audio_s = UNPUNCTUATED_SCALE_AUDIO_S
        if self._last_display.endswith((".", "?", "!")):
            scale_audio_s = SENTENCE_SCALE_AUDIO_S
        elif self._last_display.endswith((",", ";", ":")):
            scale_audio_s = CLAUSE_SCALE_AUDIO_S
        return over_confidence(silent_audio_s, scale_audio_s)


def _shown(word: Word, at_audio_s: float) -> FluxWord:
    """A word as it is shown while the audio has come so far."""
    end = min(word.end, at_audio_s)
    return FluxWord(word=word.display, confidence=word.confidence, start=min(word.start, end), end=end)

"""Speech that a toy engine understands without doubt: each word is a level, and silence is nothing."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from mock_server.engines.base import RATE, EngineInfo, Heard, Mono

WORDS = ("Zero", "one", "two,", "three", "four.", "five", "six", "seven", "eight?", "nine")
STEP = 0.05
"""Between the levels of two words."""

INFO = EngineInfo("toy", "1", "toy", "00000000-0000-4000-8000-00000000000a", 12.0, 0.4)


def spoken(*parts: int | float) -> Mono:
    """An int is a word of 0.2 s with 0.1 s of silence after it, a float is so many seconds of silence."""
    pieces: list[Mono] = []
    for part in parts:
        if isinstance(part, int):
            pieces.append(np.full(int(0.2 * RATE), (part + 1) * STEP, np.float32))
            pieces.append(np.zeros(int(0.1 * RATE), np.float32))
        else:
            pieces.append(np.zeros(int(part * RATE), np.float32))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def understood(samples: Mono) -> tuple[Heard, ...]:
    """The words in some samples; one of which less than a tenth of a second is there is not heard."""
    levels = np.round(samples / STEP).astype(int)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], levels, [0]))))
    found = []
    for begin, end in itertools.pairwise(edges):
        if levels[begin] and end - begin >= RATE // 10:
            found.append(Heard(WORDS[levels[begin] - 1], begin / RATE, end / RATE, 0.9))
    return tuple(found)


@dataclass
class ToyEngine:
    """Hears exactly what was spoken; without `times` it keeps times and confidences to itself."""

    info: EngineInfo = INFO
    times: bool = True
    calls: list[str] = field(default_factory=list)

    def listen(self) -> ToyListening:
        self.calls.append("listen")
        return ToyListening(self)

    def transcribe(self, samples: Mono) -> tuple[Heard, ...]:
        self.calls.append("transcribe")
        heard = understood(samples)
        return heard if self.times else tuple(Heard(word.text) for word in heard)


class ToyListening:
    def __init__(self, engine: ToyEngine) -> None:
        self._engine = engine
        self._samples = np.zeros(0, np.float32)

    def feed(self, samples: Mono) -> None:
        self._samples = np.concatenate((self._samples, samples))

    def words(self) -> tuple[Heard, ...]:
        heard = understood(self._samples)
        return heard if self._engine.times else tuple(Heard(word.text) for word in heard)

    def close(self) -> None:
        self._engine.calls.append("close")


class LevelVad:
    """Speech is what is not silent."""

    def speech_probability(self, frame: Mono) -> float:
        return 0.95 if float(np.abs(frame).max(initial=0.0)) > STEP / 2 else 0.02

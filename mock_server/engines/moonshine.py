"""Moonshine tiny-en: a small streaming recogniser whose English weights come inside the package `moonshine-voice`.

The package is pinned to 0.1.0, the last that carries them. Its own voice-activity detector is switched off: it costs
accuracy (measured on telephone prompts: 6.7 % of words wrong with it, 4.1 % without), and stretches come cut already.
It gives neither word times nor confidences; both are derived from where speech was detected.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Final

import moonshine_voice
from moonshine_voice.moonshine_api import ModelArch
from moonshine_voice.transcriber import Stream, Transcriber

from mock_server.engines.base import RATE, EngineInfo, Heard, Mono

_OPTIONS: Final = {"vad_threshold": "0", "return_audio_data": "false"}
_ONLY_WHEN_ASKED_S: Final = 3600.0
"""The package's own rhythm of updates, set so slow that `words` alone sets it."""
_ONE_THREAD: Final = "MOONSHINE_ORT_SINGLE_THREAD"
"""Of the environment: the package's only word about threads. Without it a transcriber has one for each core, bound to
it and waiting in a busy loop: measured on two cores, 1.5 times as long as with one, and in two processes 2.2 times."""


class Moonshine:
    """The recogniser.

    Args:
        threads: that may work at the same time; each has a transcriber of its own, loaded when it is first wanted.
    """

    def __init__(self, threads: int) -> None:
        package = version("moonshine-voice")
        self.info = EngineInfo(
            name="moonshine-tiny-en",
            version=package,
            arch="moonshine (word times and confidences derived)",
            uuid="d9a55000-0000-4000-8000-0000000000a1",
            longest_audio_s=12.0,
            look_every_audio_s=0.4,
        )
        self._threads = threads
        self._lock = Lock()
        self._transcribers = [_TakingTurns()]

    def listen(self) -> _Listening:
        """Begin to hear a stretch of speech."""
        return _Listening(self, self.take())

    def transcribe(self, samples: Mono) -> tuple[Heard, ...]:
        """What a whole stretch says."""
        taken = self.take()
        try:
            with taken.turn:
                lines = taken.transcriber.transcribe_without_streaming(samples.tolist(), RATE).lines
        finally:
            self.give_back(taken)
        return _words(line.text for line in lines)

    def take(self) -> _TakingTurns:
        """The transcriber that has least to do."""
        with self._lock:
            taken = min(self._transcribers, key=lambda one: one.stretches)
            if taken.stretches and len(self._transcribers) < self._threads:
                taken = _TakingTurns()
                self._transcribers.append(taken)
            taken.stretches += 1
        return taken

    def give_back(self, taken: _TakingTurns) -> None:
        """A stretch is over."""
        with self._lock:
            taken.stretches -= 1


class _TakingTurns:
    """A transcriber with one thread; calls for several stretches take turns."""

    def __init__(self) -> None:
        weights = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
        os.environ.setdefault(_ONE_THREAD, "1")
        self.transcriber = Transcriber(weights, ModelArch.TINY, options=_OPTIONS)
        self.turn = Lock()
        self.stretches = 0


class _Listening:
    def __init__(self, engine: Moonshine, taken: _TakingTurns) -> None:
        self._engine, self._taken = engine, taken
        with taken.turn:
            self._stream: Stream = taken.transcriber.create_stream(_ONLY_WHEN_ASKED_S)
            self._stream.start()

    def feed(self, samples: Mono) -> None:
        with self._taken.turn:
            self._stream.add_audio(samples.tolist(), RATE)

    def words(self) -> tuple[Heard, ...]:
        with self._taken.turn:
            lines = self._stream.update_transcription(Transcriber.MOONSHINE_FLAG_FORCE_UPDATE).lines
        return _words(line.text for line in lines)

    def close(self) -> None:
        with self._taken.turn:
            self._stream.close()
        self._engine.give_back(self._taken)


def _words(texts: object) -> tuple[Heard, ...]:
    assert not isinstance(texts, str)
    return tuple(Heard(word) for text in texts for word in text.split())  # type: ignore[attr-defined]

"""Moonshine tiny-en: a small streaming recogniser whose English weights come inside the package `moonshine-voice`.

The package is pinned to 0.1.0, the last that carries them. Its own voice-activity detector is switched off: it costs
accuracy (measured on telephone prompts: 6.7 % of words wrong with it, 4.1 % without), and stretches come cut already.
It gives neither word times nor confidences; both are derived from where speech was detected.
"""

from __future__ import annotations

import threading
from importlib.metadata import version
from pathlib import Path
from typing import Final

import moonshine_voice
from moonshine_voice.moonshine_api import ModelArch
from moonshine_voice.transcriber import Stream, Transcriber

from mock_server.engines.base import RATE, EngineInfo, Heard, Mono

_OPTIONS: Final = {"vad_threshold": "0", "return_audio_data": "false"}
_ONLY_WHEN_ASKED_S: Final = 3600.0
"""The package's own rhythm of updates, set so slow that `words` alone sets it."""


class Moonshine:
    """The recogniser; calls of several threads take turns, and each uses what cores there are."""

    def __init__(self) -> None:
        package = version("moonshine-voice")
        self.info = EngineInfo(
            name="moonshine-tiny-en",
            version=package,
            arch="moonshine (word times and confidences derived)",
            uuid="d9a55000-0000-4000-8000-0000000000a1",
            longest_audio_s=12.0,
            look_every_audio_s=0.4,
        )
        weights = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
        self._transcriber = Transcriber(weights, ModelArch.TINY, options=_OPTIONS)
        self._turn = threading.Lock()

    def listen(self) -> _Listening:
        """Begin to hear a stretch of speech."""
        with self._turn:
            stream = self._transcriber.create_stream(_ONLY_WHEN_ASKED_S)
            stream.start()
        return _Listening(stream, self._turn)

    def transcribe(self, samples: Mono) -> tuple[Heard, ...]:
        """What a whole stretch says."""
        with self._turn:
            lines = self._transcriber.transcribe_without_streaming(samples.tolist(), RATE).lines
        return _words(line.text for line in lines)


class _Listening:
    def __init__(self, stream: Stream, turn: threading.Lock) -> None:
        self._stream, self._turn = stream, turn

    def feed(self, samples: Mono) -> None:
        with self._turn:
            self._stream.add_audio(samples.tolist(), RATE)

    def words(self) -> tuple[Heard, ...]:
        with self._turn:
            lines = self._stream.update_transcription(Transcriber.MOONSHINE_FLAG_FORCE_UPDATE).lines
        return _words(line.text for line in lines)

    def close(self) -> None:
        with self._turn:
            self._stream.close()


def _words(texts: object) -> tuple[Heard, ...]:
    assert not isinstance(texts, str)
    return tuple(Heard(word) for text in texts for word in text.split())  # type: ignore[attr-defined]

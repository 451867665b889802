"""What the model makes of the audio on one Flux connection, look by look. Its counterpart is `turns`.

A script is made from a recorded session (`recorded`) or synthesised from a timeline (`synthesis`). It says what was
heard and how sure the model is that the speaker has finished, not yet what is said of it: that depends on the client's
thresholds, which a Configure may change in mid-stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from harness.protocol.flux_messages import FluxWord, TurnInfo
from mock_server.flux.thresholds import Thresholds

STEP_AUDIO_S: Final = 0.08
"""Flux looks at its audio in steps of 80 ms: an `audio_window_end` on the wire is a multiple, to 32-bit precision."""

TOLERANCE_AUDIO_S: Final = 1e-3
"""Deepgram's times come from 32-bit floats: positions closer than this are the same."""


@dataclass(frozen=True)
class Recorded:
    """How a recording put a look into words.

    Attributes:
        message: the typed message.
        text: the frame, literally.
        thresholds: those in force when it was said.
        asked: those of the recorded client's query, before any Configure.
    """

    message: TurnInfo
    text: str
    thresholds: Thresholds
    asked: Thresholds


@dataclass(frozen=True)
class Look:
    """What the model makes of the audio up to one position.

    Attributes:
        at_audio_s: that position, the `audio_window_end`; due when so much audio has arrived.
        words: of the stretch so far; a stretch is what the model itself took for one turn.
        confidence: that no more speech is coming in this turn, 0 to 1.
        lag_wall_s: how long after the audio it is said.
        ends_stretch: whether the next look's words begin anew.
        recorded: the message that a recording has here; None for a look that was made up.
    """

    at_audio_s: float
    words: tuple[FluxWord, ...]
    confidence: float
    lag_wall_s: float = 0.0
    ends_stretch: bool = False
    recorded: Recorded | None = None


class FluxScript(Protocol):
    """Everything the model will make of one stream."""

    @property
    def name(self) -> str:
        """The recording's name, or what the script was made from."""
        ...

    def looks(self, from_audio_s: float = 0.0) -> Iterator[Look]:
        """The looks in order of position, for a connection whose audio begins at `from_audio_s` of the source's."""
        ...


def middle_audio_s(word: FluxWord, without_times_audio_s: float) -> float:
    """Where the middle of a word lies; words had no times before 2026."""
    if isinstance(word.start, float) and isinstance(word.end, float):
        return (word.start + word.end) / 2
    return without_times_audio_s

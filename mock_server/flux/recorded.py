"""Makes a Flux script of a recorded session: one look for every TurnInfo, with its literal text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as replace_value
from functools import cached_property
from math import inf
from typing import Final

from msgspec.structs import replace

from harness.errors import BadInput
from harness.protocol.flux_codec import decode_flux_server, encode_flux
from harness.protocol.flux_messages import FluxConfigureSuccess, FluxWord, TurnEvent, TurnInfo
from harness.protocol.flux_options import FLUX_MODELS, FluxOptions, read_flux_query
from harness.protocol.messages import ModelInfo, Word
from harness.protocol.refusal import Refusal
from harness.recording.document import Recording
from harness.recording.entries import Direction, Text
from mock_server.flux.script import TOLERANCE_AUDIO_S, Look, Recorded, middle_audio_s
from mock_server.flux.thresholds import Thresholds, asked_for
from mock_server.timeline import Timeline, bare

FLUX_PATH: Final = "/v2/listen"


def is_flux(recording: Recording) -> bool:
    """Whether a recording is of a Flux session."""
    return recording.header.path == FLUX_PATH


@dataclass(frozen=True)
class RecordedTurns:
    """A recorded session as looks.

    Attributes:
        name: the recording's name.
        recorded: its looks, in the order they were said.
        model: the model of its query.
        duration_audio_s: how much audio was sent, when the recording knows.
    """

    name: str
    recorded: tuple[Look, ...]
    model: str
    duration_audio_s: float | None = None

    def looks(self, from_audio_s: float = 0.0) -> Iterator[Look]:
        """The looks; for a connection that begins in the middle those after that, on a clock that starts there."""
        if from_audio_s <= TOLERANCE_AUDIO_S:
            return iter(self.recorded)
        later = (look for look in self.recorded if look.at_audio_s > from_audio_s + TOLERANCE_AUDIO_S)
        return (_moved(look, from_audio_s) for look in later)

    @cached_property
    def timeline(self) -> Timeline:
        """The words of all turns, for the other endpoints."""
        said: list[FluxWord] = []
        open_turn: tuple[FluxWord, ...] = ()
        for look in self.recorded:
            said += look.words if look.ends_stretch else ()
            open_turn = () if look.ends_stretch else look.words
        words = tuple(_v1_word(word) for word in (*said, *open_turn))
        model = ModelInfo(name=self.model, version="unknown", arch="flux")
        return Timeline((words,), self.duration_audio_s, model)


def turns_from(recording: Recording) -> RecordedTurns:
    """The looks of a recording in which one connection was answered; legs that were refused do not count.

    A look depends on the audio up to its `audio_window_end`, as far as that was ever sent; its lag is the wall time
    from then on.

    Raises:
        BadInput: several connections were answered in it.
    """
    leg = _answered_leg(recording)
    read = read_flux_query(leg.header.query, strict=False)
    options = FluxOptions() if isinstance(read, Refusal) else read  # what was asked for is then not known
    audio = recording.audio
    return RecordedTurns(
        name=recording.name,
        recorded=tuple(_looks(leg, asked_for(options))),
        model=options.model or FLUX_MODELS[0],
        duration_audio_s=audio.duration_audio_s if audio else None,
    )


def _answered_leg(recording: Recording) -> Recording:
    answered = [leg for leg in recording.legs if any(map(_turn_info, leg.texts(Direction.DOWNSTREAM)))]
    if len(answered) > 1:
        raise BadInput(f"{recording.name}: {len(answered)} connections were answered in it; a replay can say only one")
    return answered[0] if answered else recording


def _turn_info(entry: Text) -> TurnInfo | None:
    message = decode_flux_server(entry.text).message
    return message if isinstance(message, TurnInfo) else None


def _looks(leg: Recording, asked: Thresholds) -> Iterator[Look]:
    thresholds = asked
    frames = list(leg.audio_frames())
    sent_audio_s = [frame.audio_s for frame in frames]
    all_audio_s = max(sent_audio_s, default=0.0) or inf
    for entry in leg.texts(Direction.DOWNSTREAM):
        message = decode_flux_server(entry.text).message
        if isinstance(message, FluxConfigureSuccess):
            thresholds = thresholds.changed(message.thresholds)
        if not isinstance(message, TurnInfo):
            continue
        at_audio_s = min(message.audio_window_end, all_audio_s)
        index = bisect_left(sent_audio_s, at_audio_s - TOLERANCE_AUDIO_S)
        came_wall_s = frames[index].wall_s if index < len(frames) else entry.wall_s
        yield Look(
            at_audio_s=at_audio_s,
            words=message.words,
            confidence=message.end_of_turn_confidence,
            lag_wall_s=max(0.0, round(entry.wall_s - came_wall_s, 6)),
            ends_stretch=message.event == TurnEvent.END_OF_TURN,
            recorded=Recorded(message, entry.text, thresholds, asked),
        )


def _moved(look: Look, from_audio_s: float) -> Look:
    recorded = look.recorded
    assert recorded is not None
    message = recorded.message
    stretch_audio_s = message.audio_window_start
    words = tuple(
        _moved_word(word, from_audio_s) for word in look.words if middle_audio_s(word, stretch_audio_s) >= from_audio_s
    )
    moved = replace(
        message,
        audio_window_start=_back(message.audio_window_start, from_audio_s),
        audio_window_end=_back(message.audio_window_end, from_audio_s),
        words=words,
        transcript=message.transcript if len(words) == len(message.words) else " ".join(word.word for word in words),
    )
    return replace_value(
        look,
        at_audio_s=_back(look.at_audio_s, from_audio_s),
        words=words,
        recorded=replace_value(recorded, message=moved, text=encode_flux(moved)),
    )


def _moved_word(word: FluxWord, from_audio_s: float) -> FluxWord:
    if not (isinstance(word.start, float) and isinstance(word.end, float)):
        return word
    return replace(word, start=_back(word.start, from_audio_s), end=_back(word.end, from_audio_s))


def _back(audio_s: float, from_audio_s: float) -> float:
    return round(audio_s - from_audio_s, 6)


def _v1_word(word: FluxWord) -> Word:
    start = word.start if isinstance(word.start, float) else 0.0
    end = word.end if isinstance(word.end, float) else start
    return Word(word=bare(word.word), start=start, end=end, confidence=word.confidence, punctuated_word=word.word)

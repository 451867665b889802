"""What the server will say on one connection, and what each message waits for. Its counterpart is `replay`.

A script is made from a recorded session or synthesised from a timeline; replay does not know which.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import inf
from typing import Final, TypeAlias

from msgspec.structs import replace as replace_struct

from harness.audio.format import MAX_CHANNELS
from harness.errors import BadInput
from harness.protocol.codec import decode_client, decode_server, encode
from harness.protocol.messages import CloseStream, ModelInfo, Results, SpeechStarted, UtteranceEnd, Word
from harness.protocol.options import ListenOptions
from harness.recording.document import Recording
from harness.recording.entries import Binary, Direction, Text
from mock_server.timeline import Timeline, alternative_of, from_finals

Said: TypeAlias = Results | SpeechStarted | UtteranceEnd


TOLERANCE_AUDIO_S: Final = 1e-3
"""Deepgram's times come from 32-bit floats: positions closer than this are the same."""

UNKNOWN_MODEL_UUID: Final = "00000000-0000-4000-8000-000000000000"
UNKNOWN_MODEL: Final = ModelInfo(name="unknown", version="unknown", arch="unknown")


class Trigger(StrEnum):
    """What makes a message due, besides the audio that it is about."""

    AUDIO = "audio"
    FINALIZE = "finalize"
    CLOSE_STREAM = "close-stream"


@dataclass(frozen=True)
class Cue:
    """One message of a script.

    Attributes:
        message: the typed message.
        text: the literal text; what is sent, ids aside, as long as nothing forces a change.
        due_audio_s: seconds of audio that must have arrived.
        lag_wall_s: how long after that it was said.
        trigger: what else it waited for.
    """

    message: Said
    text: str
    due_audio_s: float
    lag_wall_s: float = 0.0
    trigger: Trigger = Trigger.AUDIO


@dataclass(frozen=True)
class SettledWord:
    """A final word, and where its middle lies; one that overhangs its segment belongs to the segment all the same."""

    word: Word
    at_audio_s: float


@dataclass(frozen=True)
class Script:
    """Everything the server will say.

    Attributes:
        name: the recording's name, or what the script was made from.
        cues: the messages, in the order they were said.
        timeline: the final words; what is left of them when a Finalize or an early CloseStream cuts a segment short.
        model_uuid: its id, in every Results and in Metadata.
        model: which model answered, or what made the words up.
        synthetic: whether the words were made up rather than recognised.
        from_audio_s: where in it a connection begins that goes on from an earlier one.
    """

    name: str
    cues: tuple[Cue, ...]
    timeline: Timeline
    model_uuid: str
    model: ModelInfo
    synthetic: bool
    from_audio_s: float = 0.0

    @cached_property
    def settled_words(self) -> tuple[tuple[SettledWord, ...], ...]:
        """The final words of each channel, in the order in which the finals say them."""
        words: list[list[SettledWord]] = [[] for _ in self.timeline.channels]
        for results in settled_results(self.cues):
            earliest_audio_s = results.start + TOLERANCE_AUDIO_S
            latest_audio_s = results.end_audio_s - 2 * TOLERANCE_AUDIO_S
            for word in results.words:
                at_audio_s = min(max((word.start + word.end) / 2, earliest_audio_s), latest_audio_s)
                words[results.channel_index[0]].append(SettledWord(word, at_audio_s))
        return tuple(map(tuple, words))

    def asked_for(self, options: ListenOptions) -> Script:
        """Only what the query string asks for: interims, SpeechStarted and UtteranceEnd come on request."""
        return replace(self, cues=tuple(cue for cue in self.cues if _wanted(cue.message, options)))


def from_recording(recording: Recording) -> Script:
    """The script of a recording in which one connection was answered; legs that were refused do not count.

    A message depends on the audio it is about: for Results on `start + duration`, as far as that was ever sent, and for
    all others on what had been sent when they came. Its lag is the wall time from then on (architecture, rule 4).

    Raises:
        BadInput: several connections were answered, or a message is about a channel that cannot be.
    """
    leg = _answered_leg(recording)
    cues = tuple(_cues(leg))
    for cue in cues:
        _check_channel(cue.message, recording.name)
    settled = settled_results(cues)
    audio = recording.audio
    timeline = from_finals(settled, audio.duration_audio_s if audio else None)
    return Script(
        name=recording.name,
        cues=cues,
        timeline=timeline,
        model_uuid=timeline.model_uuid or UNKNOWN_MODEL_UUID,
        model=timeline.model or UNKNOWN_MODEL,
        synthetic=bool(recording.header.synthetic),
    )


def settled_results(cues: Iterable[Cue]) -> list[Results]:
    """The finals of every channel, and the last interim of a segment that a cut-short recording never closed."""
    settled: list[Results] = []
    open_segments: dict[int, Results] = {}
    for cue in cues:
        if not isinstance(cue.message, Results):
            continue
        if cue.message.is_final:
            settled.append(cue.message)
            open_segments.pop(cue.message.channel_index[0], None)
        else:
            open_segments[cue.message.channel_index[0]] = cue.message
    return [*settled, *open_segments.values()]


def _answered_leg(recording: Recording) -> Recording:
    answered = [leg for leg in recording.legs if next(leg.texts(Direction.DOWNSTREAM), None) is not None]
    if len(answered) > 1:
        raise BadInput(f"{recording.name}: {len(answered)} connections were answered in it; a replay can say only one")
    return answered[0] if answered else recording


def _check_channel(message: Said, name: str) -> None:
    index, total = message.channel_index if isinstance(message, Results) else message.channel
    if not 0 <= index < total <= MAX_CHANNELS:
        wanted = f"wanted an index below a total of at most {MAX_CHANNELS}"
        raise BadInput(f"{name}: a {type(message).__name__} is about channel [{index}, {total}]; {wanted}")


def _cues(leg: Recording) -> Iterator[Cue]:
    crossings = _Crossings(leg)
    closing = False
    for entry in leg.entries:
        if isinstance(entry, Binary) and entry.direction is Direction.UPSTREAM:
            closing = closing or not entry.size  # the empty frame is CloseStream in its deprecated form
        if not isinstance(entry, Text):
            continue
        if entry.direction is Direction.UPSTREAM:
            closing = closing or isinstance(decode_client(entry.text).message, CloseStream)
            continue
        message = decode_server(entry.text).message
        if isinstance(message, Results | SpeechStarted | UtteranceEnd):
            yield _cue(message, entry, crossings, closing=closing)


class _Crossings:
    """When the audio sent passed a position, on the recording's wall clock."""

    def __init__(self, recording: Recording) -> None:
        frames = list(recording.audio_frames())
        self._audio_s = [frame.audio_s for frame in frames]
        self._wall_s = [frame.wall_s for frame in frames]

    @property
    def sent_audio_s(self) -> float:
        """All that was sent; infinite when the recording does not know, as of an undecoded container."""
        return max(self._audio_s, default=0.0) or inf

    def wall_s(self, audio_s: float, at_latest_wall_s: float) -> float:
        index = bisect_left(self._audio_s, audio_s - TOLERANCE_AUDIO_S)
        return min(self._wall_s[index], at_latest_wall_s) if index < len(self._wall_s) else at_latest_wall_s


def _cue(message: Said, entry: Text, crossings: _Crossings, *, closing: bool) -> Cue:
    about_audio_s = message.end_audio_s if isinstance(message, Results) else entry.audio_s
    due_audio_s = min(about_audio_s, crossings.sent_audio_s)
    trigger = Trigger.AUDIO
    if closing:
        trigger = Trigger.CLOSE_STREAM
    elif isinstance(message, Results) and message.from_finalize:
        trigger = Trigger.FINALIZE
    lag_wall_s = entry.wall_s - crossings.wall_s(due_audio_s, entry.wall_s)
    return Cue(message, entry.text, due_audio_s, lag_wall_s, trigger)


def _wanted(message: Said, options: ListenOptions) -> bool:
    match message:
        case Results():
            return message.is_final or options.wants_interims
        case SpeechStarted():
            return options.vad_events is True
        case UtteranceEnd():
            return options.utterance_end_ms is not None


def continued(script: Script, from_audio_s: float) -> Script:
    """The rest of a script for a connection whose audio begins in the middle: its clock starts at 0 there."""
    return replace(script, from_audio_s=from_audio_s)


def moved(cue: Cue, from_audio_s: float) -> Cue | None:
    """A cue as such a connection hears it; None when all of it was said before.

    What was said only after Finalize waits for the audio alone: the new connection has a Finalize of its own.
    """
    if from_audio_s <= TOLERANCE_AUDIO_S:
        return cue
    if cue.due_audio_s <= from_audio_s + TOLERANCE_AUDIO_S:
        return None
    message = _moved_message(cue.message, from_audio_s)
    if message is None:
        return None
    trigger = Trigger.AUDIO if cue.trigger is Trigger.FINALIZE else cue.trigger
    return Cue(message, encode(message), _back(cue.due_audio_s, from_audio_s), cue.lag_wall_s, trigger)


def _moved_message(message: Said, from_audio_s: float) -> Said | None:
    match message:
        case SpeechStarted():
            if message.timestamp < from_audio_s:
                return None
            return replace_struct(message, timestamp=_back(message.timestamp, from_audio_s))
        case UtteranceEnd():
            if 0 <= message.last_word_end < from_audio_s:
                return None
            if message.last_word_end < 0:
                return message  # -1, «finalised already», is no position
            return replace_struct(message, last_word_end=_back(message.last_word_end, from_audio_s))
    start, words = max(0.0, message.start - from_audio_s), words_from(message.words, from_audio_s)
    alternatives = message.channel.alternatives
    if len(words) != len(message.words):
        alternatives = (alternative_of(words),)
    elif alternatives:
        alternatives = (replace_struct(alternatives[0], words=words), *alternatives[1:])
    return replace_struct(
        message,
        start=round(start, 6),
        duration=round(message.end_audio_s - from_audio_s - start, 6),
        channel=replace_struct(message.channel, alternatives=alternatives),
        from_finalize=False,
    )


def words_from(words: Iterable[Word], from_audio_s: float) -> tuple[Word, ...]:
    """The words from a position on, on a clock that starts there."""
    return tuple(
        replace_struct(word, start=_back(word.start, from_audio_s), end=_back(word.end, from_audio_s))
        for word in words
        if (word.start + word.end) / 2 >= from_audio_s
    )


def _back(audio_s: float, from_audio_s: float) -> float:
    return round(max(0.0, audio_s - from_audio_s), 6)

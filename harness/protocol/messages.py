"""The messages of `/v1/listen`, named and shaped as on the wire; `codec` turns text into them and back.

Every value is frozen. A field that the wire may leave out defaults to `UNSET`, so a message that is encoded again has
the fields it came with; `null` in such a field reads as absent (only `Configure.keyterms` may be null). Field order is
the order captured on the wire.

Source: Deepgram's AsyncAPI for `/v1/listen` (July 2026) and captures of the live service for what that file leaves out
(`Error`, `ConfigureSuccess`, `ConfigureFailure`, `Sync`, `Metadata.models`).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

ChannelIndex: TypeAlias = tuple[int, int]
"""`[index, total]`; mono is `[0, 1]`."""


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every object that travels inside a message."""


class Message(Wire, tag_field="type", tag=True, frozen=True, kw_only=True):
    """Base of every message: its class name is the wire's `type`."""


# --- downstream: what the server says -------------------------------------------------------------------------------


class Word(Wire, frozen=True, kw_only=True):
    """One recognised word; `start` and `end` are seconds on this connection's audio clock."""

    word: str
    start: float
    end: float
    confidence: float
    punctuated_word: str | UnsetType = UNSET
    speaker: int | UnsetType = UNSET
    speaker_confidence: float | UnsetType = UNSET
    language: str | UnsetType = UNSET

    @property
    def display(self) -> str:
        """The token as a transcript shows it: punctuated and cased when the server did that."""
        return self.word if self.punctuated_word is UNSET else self.punctuated_word


class Alternative(Wire, frozen=True, kw_only=True):
    """One reading of a segment; the live service always sends exactly one."""

    transcript: str
    confidence: float
    languages: tuple[str, ...] | UnsetType = UNSET
    languages_hinted: tuple[str, ...] | UnsetType = UNSET
    words: tuple[Word, ...] = ()


class SearchHit(Wire, frozen=True, kw_only=True):
    """Where a `search` term was heard; times in seconds of audio."""

    confidence: float
    start: float
    end: float
    snippet: str | UnsetType = UNSET


class Search(Wire, frozen=True, kw_only=True):
    """All hits of one `search` term."""

    query: str
    hits: tuple[SearchHit, ...]


class Channel(Wire, frozen=True, kw_only=True):
    """The readings of one segment of one channel."""

    alternatives: tuple[Alternative, ...]
    search: tuple[Search, ...] | UnsetType = UNSET


class ModelInfo(Wire, frozen=True, kw_only=True):
    """Which model answered."""

    name: str
    version: str
    arch: str


class ResultsMetadata(Wire, frozen=True, kw_only=True):
    """What each Results says of its connection; `model_info` is one object here and a map in `Metadata`."""

    request_id: str
    model_info: ModelInfo | UnsetType = UNSET
    model_uuid: str | UnsetType = UNSET
    diarize_info: dict[str, Any] | UnsetType = UNSET
    extra: dict[str, Any] | UnsetType = UNSET


class Entity(Wire, frozen=True, kw_only=True):
    """A named entity; `start_word` and `end_word` index the words, end exclusive."""

    label: str
    value: str
    raw_value: str | UnsetType = UNSET
    confidence: float
    start_word: int
    end_word: int


class Results(Message, frozen=True, kw_only=True):
    """An interim or final transcript of the segment `[start, start + duration]`, seconds of this connection's audio."""

    channel_index: ChannelIndex
    duration: float
    start: float
    is_final: bool = False
    speech_final: bool = False
    channel: Channel
    metadata: ResultsMetadata
    from_finalize: bool = False
    entities: tuple[Entity, ...] | UnsetType = UNSET

    @property
    def end_audio_s(self) -> float:
        """Where the segment ends on the connection's audio clock."""
        return self.start + self.duration

    @property
    def transcript(self) -> str:
        """Text of the first alternative; empty for silence and for a message without alternatives."""
        return self.channel.alternatives[0].transcript if self.channel.alternatives else ""

    @property
    def words(self) -> tuple[Word, ...]:
        """Words of the first alternative."""
        return self.channel.alternatives[0].words if self.channel.alternatives else ()


class SpeechStarted(Message, frozen=True, kw_only=True):
    """The voice-activity detector heard speech begin; `timestamp` is seconds of audio. Needs `vad_events`."""

    channel: ChannelIndex
    timestamp: float


class UtteranceEnd(Message, frozen=True, kw_only=True):
    """No word for `utterance_end_ms`; `last_word_end` is seconds of audio, or -1 if the utterance was final already."""

    channel: ChannelIndex
    last_word_end: float


class Metadata(Message, frozen=True, kw_only=True):
    """The last message of a clean session; `duration` is decoded audio seconds, `sha256` that of the bytes received."""

    transaction_key: str
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int
    models: tuple[str, ...] | UnsetType = UNSET
    model_info: dict[str, ModelInfo] | UnsetType = UNSET
    extra: dict[str, Any] | UnsetType = UNSET
    warnings: tuple[dict[str, Any], ...] | UnsetType = UNSET


class Error(Message, frozen=True, kw_only=True):
    """A complaint: `SchemaError` leaves the session open, `Closing` comes just before a fault close."""

    variant: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class ConfigureSuccess(Message, frozen=True, kw_only=True):
    """`Configure` was applied; `keyterms` appears only when the list was replaced."""

    request_id: str
    keyterms: tuple[str, ...] | UnsetType = UNSET


class ConfigureFailure(Message, frozen=True, kw_only=True):
    """`Configure` was refused and nothing changed."""

    request_id: str
    code: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


# --- upstream: what the client says ---------------------------------------------------------------------------------


class KeepAlive(Message, frozen=True, kw_only=True):
    """Keeps a silent connection open; must be a text frame."""


class Finalize(Message, frozen=True, kw_only=True):
    """Asks for everything heard so far as final; the stream stays open."""

    channel: int | UnsetType = UNSET


class CloseStream(Message, frozen=True, kw_only=True):
    """No more audio: asks for the last finals, `Metadata` and the close."""


class Configure(Message, frozen=True, kw_only=True):
    """Changes features or keyterms of a running session."""

    features: dict[str, Any] | UnsetType = UNSET
    keyterms: tuple[str, ...] | UnsetType | None = UNSET


class Sync(Message, frozen=True, kw_only=True):
    """Echoed by the server with the same `id` once all audio before it was processed; the same shape both ways."""

    id: int


# --- what is none of these ------------------------------------------------------------------------------------------


class UnknownMessage(msgspec.Struct, frozen=True):
    """A JSON object whose `type` is missing or not known here; kept whole."""

    type: str | None
    fields: dict[str, Any]


class MalformedMessage(msgspec.Struct, frozen=True):
    """Text that is no message at all, or a known type whose fields have the wrong shape; `problem` says which."""

    type: str | None
    problem: str


ServerMessage: TypeAlias = (
    Results | SpeechStarted | UtteranceEnd | Metadata | Error | ConfigureSuccess | ConfigureFailure | Sync
)
ClientMessage: TypeAlias = KeepAlive | Finalize | CloseStream | Configure | Sync
NotUnderstood: TypeAlias = UnknownMessage | MalformedMessage

"""The answer of `POST /v1/listen`, shaped as the wire shapes it (source: Deepgram's OpenAPI, July 2026).

Its traps against the live messages: `results.channels` (plural, an array) instead of `channel`; `model_info` is a map
by model uuid; entities sit inside the alternative; there is no `type`.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from harness.protocol.messages import Entity, ModelInfo, Search, Wire, Word


class Sentence(Wire, frozen=True, kw_only=True):
    """One sentence of a paragraph; times in seconds of the file."""

    text: str
    start: float
    end: float


class Paragraph(Wire, frozen=True, kw_only=True):
    """Sentences that belong together."""

    sentences: tuple[Sentence, ...]
    num_words: int
    start: float
    end: float
    speaker: int | UnsetType = UNSET


class Paragraphs(Wire, frozen=True, kw_only=True):
    """The paragraphs of one alternative and their joined text."""

    transcript: str
    paragraphs: tuple[Paragraph, ...]


class PrerecordedAlternative(Wire, frozen=True, kw_only=True):
    """One reading of a whole channel."""

    transcript: str
    confidence: float
    words: tuple[Word, ...] = ()
    paragraphs: Paragraphs | UnsetType = UNSET
    entities: tuple[Entity, ...] | UnsetType = UNSET
    summaries: tuple[dict[str, Any], ...] | UnsetType = UNSET
    topics: tuple[dict[str, Any], ...] | UnsetType = UNSET
    languages: tuple[str, ...] | UnsetType = UNSET
    languages_hinted: tuple[str, ...] | UnsetType = UNSET


class PrerecordedChannel(Wire, frozen=True, kw_only=True):
    """Everything said on one channel."""

    alternatives: tuple[PrerecordedAlternative, ...]
    search: tuple[Search, ...] | UnsetType = UNSET
    detected_language: str | UnsetType = UNSET
    language_confidence: float | UnsetType = UNSET


class PrerecordedUtterance(Wire, frozen=True, kw_only=True):
    """A stretch of speech between pauses; present with `utterances=true`."""

    start: float
    end: float
    confidence: float
    channel: int
    transcript: str
    words: tuple[Word, ...]
    id: str
    speaker: int | UnsetType = UNSET


class PrerecordedResults(Wire, frozen=True, kw_only=True):
    """The `results` object."""

    channels: tuple[PrerecordedChannel, ...]
    utterances: tuple[PrerecordedUtterance, ...] | UnsetType = UNSET
    summary: dict[str, Any] | UnsetType = UNSET
    topics: dict[str, Any] | UnsetType = UNSET
    intents: dict[str, Any] | UnsetType = UNSET
    sentiments: dict[str, Any] | UnsetType = UNSET


class PrerecordedMetadata(Wire, frozen=True, kw_only=True):
    """The `metadata` object; `sha256` is that of the submitted bytes, `duration` seconds of one channel."""

    transaction_key: str | UnsetType = UNSET
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int
    models: tuple[str, ...] | UnsetType = UNSET
    warnings: tuple[dict[str, Any], ...] | UnsetType = UNSET
    model_info: dict[str, ModelInfo] | UnsetType = UNSET
    summary_info: dict[str, Any] | UnsetType = UNSET
    sentiment_info: dict[str, Any] | UnsetType = UNSET
    topics_info: dict[str, Any] | UnsetType = UNSET
    intents_info: dict[str, Any] | UnsetType = UNSET
    diarize_info: dict[str, Any] | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    extra: dict[str, Any] | UnsetType = UNSET


class PrerecordedResponse(Wire, frozen=True, kw_only=True):
    """The whole body."""

    metadata: PrerecordedMetadata
    results: PrerecordedResults

    def transcript(self, channel: int = 0) -> str:
        """Text of one channel's first alternative; empty when the channel has none."""
        alternatives = self.results.channels[channel].alternatives
        return alternatives[0].transcript if alternatives else ""

"""A row: all that is kept of one file. Fields that end in `_wall_s` are times; all others are the same in every run.

Two runs over the same files with the same settings give the same rows, but for those fields, whoever did the work
and in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from harness.audio.segment import Segment
from harness.results import ExtraError, Tokens
from harness.scoring.causes import Cause
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import Normalizer, normalizer
from harness.scoring.wer import score

TIME_ENDING: Final = "_wall_s"
DELAYS: Final = ("word_shown_p50_wall_s", "word_final_p50_wall_s", "end_of_speech_p50_wall_s")

Messages: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""A count of messages in one session."""


class Tally(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Edit counts, as in `harness.scoring.error_rate.ErrorRate`."""

    hits: Tokens
    substitutions: Tokens
    deletions: Tokens
    insertions: Tokens

    @classmethod
    def of(cls, counts: ErrorRate) -> Tally:
        """The counts of a score."""
        return cls(
            hits=counts.hits,
            substitutions=counts.substitutions,
            deletions=counts.deletions,
            insertions=counts.insertions,
        )

    @property
    def counts(self) -> ErrorRate:
        """As counts that add."""
        return ErrorRate(self.hits, self.substitutions, self.deletions, self.insertions)


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of a file against its reference under one normaliser.

    A side that failed is scored as an empty transcript, for that is what its user had: failures stay in n.

    Attributes:
        normalizer: name and version, as in `basic@1`.
        streaming, prerecorded: counts over words.
        streaming_characters, prerecorded_characters: counts over characters.
    """

    normalizer: str
    streaming: Tally
    prerecorded: Tally
    streaming_characters: Tally
    prerecorded_characters: Tally


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one file.

    Attributes:
        id: the file's, unique in its corpus.
        audio: its path, as it was found.
        sha256: of the file's bytes; None when it could not be read.
        segment: the part of the audio that it is of; None for all of it.
        audio_s: how long it plays; 0 when it could not be decoded.
        reference: what was said; None when that is not known.
        replies: where the answers came from, in words.
        synthetic: whether they were made up rather than recognised; None when that is not known.
        streaming_failure, prerecorded_failure: why that side was not completed, or None.
        reasons: what else was wrong with the session, one sentence each.
        interims, finals: Results that came, with and without `is_final`.
        streaming, prerecorded: the transcripts, channels joined by a space; None for a side that failed.
        scores: under each normaliser; none without a reference.
        causes: of the errors that streaming has and pre-recorded has not, how many have each cause, under the
            normaliser that was named first when the file was done (docs/reference/causes.md); None without a reference
            or without a pre-recorded answer.
        extra_errors: those errors themselves, each with its cause and what shows it.
        streaming_wall_s: from the connect to the end.
        first_interim_wall_s, first_final_wall_s: from the first audio to the first Results, or final, with text.
        last_message_wall_s: from the last audio to the last message.
        prerecorded_wall_s: from the request to the end of the response.
        word_shown_p50_wall_s, word_final_p50_wall_s: from a word's end to any Results, or a final, with it: the median
            of the file's words; None unless it was sent in real time (docs/reference/delay.md).
        end_of_speech_p50_wall_s: from the last word of an utterance to its end being told, in the same way.
    """

    id: str
    audio: str
    sha256: str | None = None
    segment: Segment | None = None
    audio_s: float = 0.0
    reference: str | None = None
    replies: str = "none"
    synthetic: bool | None = None
    streaming_failure: str | None = None
    prerecorded_failure: str | None = None
    reasons: tuple[str, ...] = ()
    interims: Messages = 0
    finals: Messages = 0
    streaming: str | None = None
    prerecorded: str | None = None
    scores: tuple[Scored, ...] = ()
    causes: dict[Cause, Tokens] | None = None
    extra_errors: tuple[ExtraError, ...] = ()
    streaming_wall_s: float | None = None
    first_interim_wall_s: float | None = None
    first_final_wall_s: float | None = None
    last_message_wall_s: float | None = None
    prerecorded_wall_s: float | None = None
    word_shown_p50_wall_s: float | None = None
    word_final_p50_wall_s: float | None = None
    end_of_speech_p50_wall_s: float | None = None

    @property
    def failed(self) -> bool:
        """Whether a side was not completed."""
        return self.streaming_failure is not None or self.prerecorded_failure is not None


def scored(row: Row, reference: str | None, names: Iterable[str]) -> Row:
    """The row scored against a reference under these normalisers; of another reference no causes are known."""
    return msgspec.structs.replace(
        row,
        reference=reference,
        causes=row.causes if reference == row.reference else None,
        extra_errors=row.extra_errors if reference == row.reference else (),
        scores=() if reference is None else tuple(_scored(row, reference, each) for each in map(normalizer, names)),
    )


def _scored(row: Row, reference: str, normalise: Normalizer) -> Scored:
    streaming, prerecorded = (score(reference, text or "", normalise) for text in (row.streaming, row.prerecorded))
    return Scored(
        normalizer=normalise.label,
        streaming=Tally.of(streaming.words),
        prerecorded=Tally.of(prerecorded.words),
        streaming_characters=Tally.of(streaming.characters),
        prerecorded_characters=Tally.of(prerecorded.characters),
    )


def without_times(row: Row) -> dict[str, Any]:
    """What must be the same in every run, by field."""
    return {name: value for name, value in msgspec.to_builtins(row).items() if not name.endswith(TIME_ENDING)}

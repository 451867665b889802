"""Why streaming has errors that pre-recorded does not have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from harness.scoring.causes import Cause

if TYPE_CHECKING:
    from harness.scoring.causes import Attributed


class ExtraError(msgspec.Struct, frozen=True, kw_only=True):
    """One error that streaming has and pre-recorded does not have; words are normalised.

    Attributes:
        cause: why it is there.
        kind: what became of the word.
        reference: the word of the reference; empty in an `insert`.
        hypothesis: the word that was heard instead; empty in a `delete`.
        channel: of the audio; None where channels were joined, or texts alone were compared.
        start_audio_s: where it lies in the source; None when no word has a time.
        evidence: one sentence that says what shows the cause.
    """

    cause: Cause
    kind: Literal["substitute", "delete", "insert"]
    reference: str
    hypothesis: str
    channel: int | None
    start_audio_s: float | None
    evidence: str


class Causes(msgspec.Struct, frozen=True, kw_only=True):
    """All extra errors of a case, each with its one cause.

    Attributes:
        normalizer: name and version of what the texts were compared under.
        extra: errors that streaming has and pre-recorded does not have.
        fewer: errors that pre-recorded has and streaming does not have.
        counts: how many of the extra errors have each cause, every cause listed; they add up to `extra`.
        errors: the extra errors, channel after channel, in order of the text.
    """

    normalizer: str
    extra: int
    fewer: int
    counts: dict[Cause, int]
    errors: tuple[ExtraError, ...]

    @classmethod
    def of(cls, found: Sequence[Attributed]) -> Causes:
        """What the scoring room found, text after text, under one normaliser.

        Raises:
            IndexError: nothing was looked at.
        """
        errors = tuple(
            ExtraError(
                cause=one.cause,
                kind=one.error.kind,
                reference=one.error.reference,
                hypothesis=one.error.hypothesis,
                channel=channel.channel,
                start_audio_s=one.start_audio_s,
                evidence=one.evidence,
            )
            for channel in found
            for one in channel.attributions
        )
        return cls(
            normalizer=found[0].normalizer,
            extra=len(errors),
            fewer=sum(channel.fewer for channel in found),
            counts=counted(error.cause for error in errors),
            errors=errors,
        )

    @property
    def examples(self) -> dict[Cause, ExtraError]:
        """The first error of each cause that there is."""
        firsts: dict[Cause, ExtraError] = {}
        for error in self.errors:
            firsts.setdefault(error.cause, error)
        return firsts


class CauseCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The extra errors of any number of utterances, counted.

    Attributes:
        extra: errors that streaming has and pre-recorded does not have.
        fewer: errors that pre-recorded has and streaming does not have.
        counts: how many of the extra errors have each cause, every cause listed; they add up to `extra`.
        examples: the first error of each cause that there is.
    """

    extra: int
    fewer: int
    counts: dict[Cause, int]
    examples: dict[Cause, ExtraError]


def counted(causes: Iterable[Cause]) -> dict[Cause, int]:
    """How often each cause occurs, every cause listed."""
    counts = dict.fromkeys(Cause, 0)
    for cause in causes:
        counts[cause] += 1
    return counts

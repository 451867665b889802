"""Counts and rates of transcripts against their references, and of one side against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec

from harness.scoring.error_rate import ErrorRate
from harness.scoring.wer import CorpusScore, TextScore

if TYPE_CHECKING:
    from harness.scoring.alignment import Alignment
    from harness.scoring.significance import Comparison as Compared


Tokens: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]
"""A count of tokens in one utterance: more than a year of speech has, and sums of it still fit the statistics."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Edit counts, and the error rate that follows from them (None for an empty reference)."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int
    reference_length: int
    rate: float | None

    @classmethod
    def of(cls, score: ErrorRate) -> Counts:
        """The counts of a score."""
        return cls(
            hits=score.hits,
            substitutions=score.substitutions,
            deletions=score.deletions,
            insertions=score.insertions,
            reference_length=score.reference_length,
            rate=score.rate,
        )

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions together."""
        return self.substitutions + self.deletions + self.insertions


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One text, or many added up, against the reference, under one normaliser.

    Attributes:
        normalizer: name and version, as in `basic@1`.
        words: counts over words; `words.rate` is the WER.
        characters: counts over characters; `characters.rate` is the CER.
        mer: match error rate of the words.
        wil: word information lost.
    """

    normalizer: str
    words: Counts
    characters: Counts
    mer: float | None
    wil: float | None

    @classmethod
    def of(cls, score: TextScore | CorpusScore) -> Score:
        """A score of the scoring room as a result."""
        return cls(
            normalizer=score.normalizer,
            words=Counts.of(score.words),
            characters=Counts.of(score.characters),
            mer=score.mer,
            wil=score.wil,
        )


class AlignedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of normalised words that share a fate; the runs of a text in order are both its texts again.

    Attributes:
        kind: what became of them.
        reference: the words of the reference, joined by spaces; empty in an `insert`.
        hypothesis: the words that were heard; empty in a `delete`.
    """

    kind: Literal["equal", "substitute", "delete", "insert"]
    reference: str
    hypothesis: str

    @classmethod
    def all_of(cls, alignment: Alignment) -> tuple[AlignedRun, ...]:
        """An alignment of the scoring room as a result."""
        return tuple(
            cls(kind=run.kind, reference=" ".join(run.reference), hypothesis=" ".join(run.hypothesis))
            for run in alignment.operations
        )


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The first side's word error rate less the second's; see `harness.scoring.significance.Comparison`.

    Attributes:
        verdict: of the first side: `better`, `worse`, `not distinguishable` or `too few utterances`.
        utterances: pairs compared.
        fewer, more: pairs in which the first side has fewer errors, or more.
        errors: its errors less the other's.
        rate: the same per reference word; None without reference words.
        low, high: ends of the 95 % interval of `rate`; None with it.
        p_value: of the test.
        test: its name.
        resamples, seed: of the interval.
    """

    verdict: str
    utterances: int
    fewer: int
    more: int
    errors: int
    rate: float | None
    low: float | None
    high: float | None
    p_value: float
    test: str
    resamples: int
    seed: int

    @classmethod
    def of(cls, compared: Compared) -> Comparison:
        """A comparison of the scoring room as a result."""
        return cls(
            verdict=compared.verdict.value,
            utterances=compared.utterances,
            fewer=compared.fewer,
            more=compared.more,
            errors=compared.errors,
            rate=compared.rate,
            low=compared.low,
            high=compared.high,
            p_value=compared.p_value,
            test=compared.test.value,
            resamples=compared.resamples,
            seed=compared.seed,
        )

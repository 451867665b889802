"""What `dgharness score` writes for programs: the document of `--json`, and a line of `--utterances-file`."""

from __future__ import annotations

import msgspec

from harness.results.causes import ExtraError
from harness.results.scores import Comparison
from harness.scoring.causes import Cause


class ErrorKinds(msgspec.Struct, frozen=True, kw_only=True):
    """Errors by kind."""

    substitutions: int
    deletions: int
    insertions: int


class Edits(msgspec.Struct, frozen=True, kw_only=True):
    """Edit counts without a rate."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int


class SideScore(msgspec.Struct, frozen=True, kw_only=True):
    """One side over all utterances: edit counts of its words, and rates, None where they are undefined."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int
    reference_words: int
    wer: float | None
    mer: float | None
    wil: float | None
    cer: float | None


class ScoredPair(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides under one normaliser, and whether they differ over words and over characters."""

    streaming: SideScore
    prerecorded: SideScore
    comparison: Comparison
    comparison_characters: Comparison


class CauseTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The extra errors of all utterances, counted: as in `Causes`, without the errors themselves."""

    extra: int
    fewer: int
    counts: dict[Cause, int]


class SideErrors(msgspec.Struct, frozen=True, kw_only=True):
    """The word errors of both sides."""

    streaming: int
    prerecorded: int


class FlippedUtterance(msgspec.Struct, frozen=True, kw_only=True):
    """An utterance whose verdict depends on the normaliser; `errors` by the normaliser's name and version."""

    id: str
    errors: dict[str, SideErrors]


class PhraseScore(msgspec.Struct, frozen=True, kw_only=True):
    """A phrase of the list on one side; see `harness.scoring.entities.EntityCount`."""

    phrase: str
    occurrences: int
    hits: int
    missed: int
    false_alarms: int
    rate: float | None


class SideBand(msgspec.Struct, frozen=True, kw_only=True):
    """The WER of one side against each of two references, and the ends of the band between them."""

    wer: tuple[float | None, ...]
    lowest: float | None
    highest: float | None


class ReferenceBand(msgspec.Struct, frozen=True, kw_only=True):
    """How far two references agree, and what both sides score against either.

    Attributes:
        scored: ids that all four have.
        references_wer, references_errors: of the second reference against the first; None with alternatives.
        streaming, prerecorded: the band of each side.
    """

    scored: int
    references_wer: float | None
    references_errors: int | None
    streaming: SideBand
    prerecorded: SideBand


class ScoreDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `dgharness score --json` prints. What was not asked for is left out.

    Attributes:
        normalizer: the main normaliser, by name and version.
        scored: ids that were scored.
        unscored: why other ids were left out, and how many for each reason.
        streaming, prerecorded: each side under the main normaliser.
        comparison, comparison_characters: streaming against pre-recorded over words and over characters.
        causes: of the errors that streaming has and pre-recorded has not.
        by_normalizer: the same under every normaliser, with several.
        flips: utterances whose verdict depends on the normaliser, with several.
        sclite: each side's errors by kind as sclite splits them.
        entities: each side's phrases of the list.
        reference_band: with two references.
    """

    normalizer: str
    scored: int
    unscored: dict[str, int]
    streaming: SideScore
    prerecorded: SideScore
    comparison: Comparison
    comparison_characters: Comparison
    causes: CauseTotals
    by_normalizer: dict[str, ScoredPair] | None = None
    flips: tuple[FlippedUtterance, ...] | None = None
    sclite: dict[str, ErrorKinds] | None = None
    entities: dict[str, tuple[PhraseScore, ...]] | None = None
    reference_band: ReferenceBand | None = None


class ScoredText(msgspec.Struct, frozen=True, kw_only=True):
    """What one side heard in one utterance, as it was given, and the counts of its words."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int
    reference_words: int
    characters: Edits
    wer: float | None
    cer: float | None
    text: str


class ScoreDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Streaming less pre-recorded; a rate is None where one of the two is."""

    errors: int
    substitutions: int
    deletions: int
    insertions: int
    wer: float | None
    cer: float | None


class ScoreLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `dgharness score --utterances-file`.

    Attributes:
        id: of the utterance.
        normalizer: the main one, by name and version.
        reference: what was said, as it was given.
        streaming, prerecorded: what was heard.
        difference: of the two.
        causes: the errors that streaming has and pre-recorded has not.
    """

    id: str
    normalizer: str
    reference: str
    streaming: ScoredText
    prerecorded: ScoredText
    difference: ScoreDifference
    causes: tuple[ExtraError, ...]

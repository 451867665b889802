"""Two sets of transcripts scored against references: what `dgharness score` works out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from harness.errors import BadInput
from harness.pairs import Gathered
from harness.results import (
    AlignedRun,
    Causes,
    Comparison,
    CorpusTotal,
    Counts,
    PairedUtterance,
    Pairs,
    Score,
)
from harness.scoring.alignment import Alignment
from harness.scoring.causes import Attributed, attribute
from harness.scoring.entities import EntityCount, count_entities
from harness.scoring.error_rate import ErrorRate
from harness.scoring.flips import Flip, flips
from harness.scoring.normalize import Normalizer
from harness.scoring.paired import PairedRow, PairedScore, score_pairs
from harness.scoring.sclite import sclite_split
from harness.scoring.significance import compare_differences
from harness.scoring.wer import CorpusScore, TextScore, score_many
from harness.scoring.word_times import Hearing

Texts: TypeAlias = Mapping[str, str]
"""From id to text."""
Side: TypeAlias = Literal["streaming", "prerecorded"]
SIDES: Final[tuple[Side, Side]] = ("streaming", "prerecorded")


@dataclass(frozen=True)
class ScoredTexts:
    """Both sides under one normaliser against one set of references.

    Attributes:
        normalizer: that both were scored under.
        paired: every utterance, and the sums.
        words, characters: streaming against pre-recorded.
    """

    normalizer: Normalizer
    paired: PairedScore
    words: Comparison
    characters: Comparison

    @property
    def total(self) -> CorpusTotal:
        """The sums as a result."""
        return CorpusTotal(
            normalizer=self.normalizer.label,
            utterances=len(self.paired.rows),
            streaming=Score.of(self.paired.streaming),
            prerecorded=Score.of(self.paired.prerecorded),
            comparison=self.words,
        )

    def alignments(self, side: Side) -> list[Alignment]:
        """One side's, utterance by utterance."""
        return [_of(row, side).alignment for row in self.paired.rows]

    def sclite(self, side: Side) -> ErrorRate:
        """One side's kinds of errors as NIST sclite splits them."""
        splits = (sclite_split(one.reference, one.hypothesis) for one in self.alignments(side))
        return sum(splits, ErrorRate.zero())

    def pairs(self, found: list[Attributed], flips: tuple[Flip, ...]) -> Pairs:
        """Every utterance for a page, with its causes (none where they were not looked for) and its flip."""
        gathered, flipped = Gathered(), {flip.id: flip for flip in flips}
        for number, row in enumerate(self.paired.rows):
            causes = found[number] if found else None
            gathered.add((row.streaming.words, row.prerecorded.words), _Shown(row, causes, flipped.get(row.id)))
        return gathered.result()


@dataclass(frozen=True)
class FoundInTexts:
    """What `PairedTexts.find` finds.

    Attributes:
        scored: under each normaliser.
        causes: of what only streaming has wrong, utterance by utterance; empty where they were not looked for.
        flips: utterances whose verdict depends on the normaliser.
        splits: each side's kinds of errors as sclite splits them; empty unless that was asked for.
        entities: each side's counts of the phrases; empty without any.
        band: of two references (`reference_band`); None with one.
    """

    scored: tuple[ScoredTexts, ...]
    causes: list[Attributed]
    flips: tuple[Flip, ...]
    splits: Mapping[str, ErrorRate]
    entities: Mapping[str, tuple[EntityCount, ...]]
    band: dict[str, Any] | None

    @property
    def main(self) -> ScoredTexts:
        """Under the normaliser that was named first."""
        return self.scored[0]


@dataclass(frozen=True)
class PairedTexts:
    """The transcripts to be scored, and how.

    Attributes:
        streaming, prerecorded: what was heard.
        seed, resamples: of the intervals.
        alternates: whether references may have alternatives.
    """

    streaming: Texts
    prerecorded: Texts
    seed: int
    resamples: int
    alternates: bool

    def find(
        self, said: Sequence[Texts], normalizers: Sequence[Normalizer], *, sclite: bool, phrases: Sequence[str]
    ) -> FoundInTexts:
        """Everything that there is to find.

        Args:
            said: the references, or two sets of them; the first is scored against.
            normalizers: to score under, one at least; the first is the main one.
            sclite: whether the errors are split as sclite does, too.
            phrases: to count apart.

        Raises:
            BadInput: alternatives are malformed, or two references have nothing in common.
        """
        scored = tuple(self.score(said[0], each) for each in dict.fromkeys(normalizers))
        main = scored[0]
        counted = SIDES if phrases else ()
        return FoundInTexts(
            scored=scored,
            # Causes are found in the texts as written, which alternatives are not.
            causes=[] if self.alternates else list(self.causes(said[0], main)),
            flips=flips({one.normalizer.label: one.paired for one in scored}) if len(scored) > 1 else (),
            splits={side: main.sclite(side) for side in SIDES if sclite},
            entities={side: count_entities(phrases, main.alignments(side), main.normalizer) for side in counted},
            band=reference_band(self, main.normalizer, *said) if len(said) > 1 else None,
        )

    def score(self, said: Texts, normalise: Normalizer) -> ScoredTexts:
        """Score both sides.

        Raises:
            BadInput: alternatives are malformed.
        """
        paired = score_pairs(said, self.streaming, self.prerecorded, normalise, alternates=self.alternates)
        return ScoredTexts(normalise, paired, self._compared(paired, "words"), self._compared(paired, "characters"))

    def ids_in(self, said: Texts) -> list[str]:
        """Of these references, the ids that both sides heard."""
        return [id_ for id_ in said if id_ in self.streaming and id_ in self.prerecorded]

    def with_empty_texts(self, said: Texts) -> PairedTexts:
        """The same, but of what only one side has a transcript, the other heard nothing: a failure stays in n."""
        nothing = {id_: "" for id_ in said if id_ in self.streaming or id_ in self.prerecorded}
        return replace(self, streaming=nothing | dict(self.streaming), prerecorded=nothing | dict(self.prerecorded))

    def heard(self, id_: str) -> tuple[str, str]:
        """What both sides heard of one utterance."""
        return self.streaming[id_], self.prerecorded[id_]

    def causes(self, said: Texts, scored: ScoredTexts) -> Iterator[Attributed]:
        """Causes of what only streaming has wrong, utterance by utterance, as far as texts alone can tell."""
        for row in scored.paired.rows:
            streamed, posted = Hearing(self.streaming[row.id]), Hearing(self.prerecorded[row.id])
            aligned = row.streaming.alignment, row.prerecorded.alignment
            yield attribute(said[row.id], streamed, posted, scored.normalizer, None, aligned)

    def _compared(self, paired: PairedScore, tokens: Literal["words", "characters"]) -> Comparison:
        sides: list[list[ErrorRate]] = [[getattr(_of(row, side), tokens) for row in paired.rows] for side in SIDES]
        compared = compare_differences(
            [streamed.errors - posted.errors for streamed, posted in zip(*sides, strict=True)],
            [posted.reference_length for posted in sides[1]],  # alternatives may leave the sides unlike ones
            seed=self.seed,
            resamples=self.resamples,
        )
        return Comparison.of(compared)


def reference_band(texts: PairedTexts, normalise: Normalizer, first: Texts, second: Texts) -> dict[str, Any]:
    """Each side's WER against both references, over the ids that all four have, and how far the references agree.

    Args:
        texts: the transcripts.
        normalise: that all are scored under.
        first, second: the references.

    Raises:
        BadInput: there is no such id, or alternatives are malformed.
    """
    both = [id_ for id_ in texts.ids_in(first) if id_ in second]
    if not both:
        raise BadInput("the second --references has none of the ids that are scored against the first; wanted some")
    sides = [texts.score({id_: said[id_] for id_ in both}, normalise).paired for said in (first, second)]
    scores = score_many([first[id_] for id_ in both], [second[id_] for id_ in both], normalise)
    between = sum((one.corpus for one in scores), CorpusScore.zero(normalise))
    band: dict[str, Any] = {"scored": len(both), "references_wer": None, "references_errors": None}
    if not texts.alternates:  # references with alternatives are no words to compare with one another
        band |= {"references_wer": between.wer, "references_errors": between.words.errors}
    for side in SIDES:
        rates = [getattr(one, side).wer for one in sides]
        known = [rate for rate in rates if rate is not None]
        band[side] = {"wer": rates, "lowest": min(known, default=None), "highest": max(known, default=None)}
    return band


@dataclass(frozen=True)
class _Shown:
    """Makes an utterance in full when it is asked to."""

    row: PairedRow
    causes: Attributed | None
    flip: Flip | None

    def __call__(self) -> PairedUtterance:
        streamed, posted = self.row.streaming, self.row.prerecorded
        causes = None if self.causes is None else Causes.of([self.causes])
        return PairedUtterance(
            id=self.row.id,
            notes=() if self.flip is None else (self.flip.sentence,),
            marks=() if self.flip is None else ("depends on the normaliser",),
            streaming=Counts.of(streamed.words),
            prerecorded=Counts.of(posted.words),
            streaming_alignment=AlignedRun.all_of(streamed.alignment),
            prerecorded_alignment=AlignedRun.all_of(posted.alignment),
            causes={} if causes is None else causes.counts,
            extra_errors=() if causes is None else causes.errors,
        )


def _of(row: PairedRow, side: Side) -> TextScore:
    return row.streaming if side == "streaming" else row.prerecorded

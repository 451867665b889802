"""Two sets of transcripts scored against references, a chunk at a time: what `dgharness score` works out.

Of all utterances only sums are kept, and two numbers of each; the worst are kept whole (`harness.pairs`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal, TypeAlias

from harness.errors import BadInput
from harness.paired_sums import PairedSums
from harness.pairs import Gathered
from harness.results import (
    AlignedRun,
    CauseCounts,
    Causes,
    Comparison,
    CorpusTotal,
    Counts,
    ExtraError,
    PairedUtterance,
    ReferenceBand,
    SideBand,
)
from harness.scoring.causes import Attributed, Cause, attribute_texts
from harness.scoring.entities import EntityCount, count_entities
from harness.scoring.error_rate import ErrorRate
from harness.scoring.flips import Flip, flips
from harness.scoring.normalize import Normalizer
from harness.scoring.paired import LeftOut, PairedRow, PairedScore, score_pairs
from harness.scoring.places import places_of
from harness.scoring.sclite import sclite_split
from harness.scoring.wer import CorpusScore, TextScore, score_many

Texts: TypeAlias = Mapping[str, str]
"""From id to text."""
Side: TypeAlias = Literal["streaming", "prerecorded"]
SIDES: Final[tuple[Side, Side]] = ("streaming", "prerecorded")

_CHUNK: Final = 1000


@dataclass(frozen=True)
class Utterance:
    """One utterance, as it passes.

    Attributes:
        row: its scores under the main normaliser.
        causes: of what only streaming has wrong.
        said: the reference, as it was given.
        heard: what streaming and pre-recorded heard, as it was given.
    """

    row: PairedRow
    causes: Attributed
    said: str
    heard: tuple[str, str]


@dataclass(frozen=True)
class ScoredTotal:
    """What it came to.

    Attributes:
        total: the sums, and streaming against pre-recorded over words.
        characters: the same over characters.
    """

    total: CorpusTotal
    characters: Comparison


@dataclass(frozen=True)
class FoundInTexts:
    """What `PairedTexts.find` finds.

    Attributes:
        totals: under each normaliser; the first is the main one.
        left_out: ids that are not on all sides.
        causes: of what only streaming has wrong.
        flips: utterances whose verdict depends on the normaliser.
        splits: each side's kinds of errors as sclite splits them; empty unless that was asked for.
        entities: each side's counts of the phrases; empty without any.
        band: of two references (`reference_band`); None with one.
        gathered: the utterances, for a page.
    """

    totals: tuple[ScoredTotal, ...]
    left_out: LeftOut
    causes: CauseCounts
    flips: tuple[Flip, ...]
    splits: Mapping[Side, ErrorRate]
    entities: Mapping[Side, tuple[EntityCount, ...]]
    band: ReferenceBand | None
    gathered: Gathered


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
        self,
        said: Sequence[Texts],
        normalizers: Sequence[Normalizer],
        *,
        sclite: bool = False,
        phrases: Sequence[str] = (),
        passing: Callable[[Utterance], None] = lambda _: None,
    ) -> FoundInTexts:
        """Everything that there is to find.

        Args:
            said: the references, or two sets of them; the first is scored against.
            normalizers: to score under, one at least; the first is the main one.
            sclite: whether the errors are split as sclite does, too.
            phrases: to count apart.
            passing: called with each utterance, in the order of the references.

        Raises:
            BadInput: alternatives are malformed, or two references have nothing in common.
        """
        chosen = list(dict.fromkeys(normalizers))
        all_of_it = _Found(self, chosen, sclite=sclite, phrases=phrases)
        for chunk in self._chunks(said[0]):
            for utterance in all_of_it.add(chunk):
                passing(utterance)
        return FoundInTexts(
            totals=tuple(
                ScoredTotal(sums.total(self.seed, self.resamples), sums.characters(self.seed, self.resamples))
                for sums in all_of_it.sums
            ),
            left_out=LeftOut.of(said[0], self.streaming, self.prerecorded),
            causes=all_of_it.causes,
            flips=tuple(all_of_it.flips),
            splits=all_of_it.splits,
            entities=all_of_it.entities,
            band=reference_band(self, chosen[0], *said) if len(said) > 1 else None,
            gathered=all_of_it.gathered,
        )

    def with_empty_texts(self, said: Texts) -> PairedTexts:
        """The same, but of what only one side has a transcript, the other heard nothing: a failure stays in n."""
        nothing = {id_: "" for id_ in said if id_ in self.streaming or id_ in self.prerecorded}
        return replace(self, streaming=nothing | dict(self.streaming), prerecorded=nothing | dict(self.prerecorded))

    def ids_in(self, said: Texts) -> list[str]:
        """Of these references, the ids that both sides heard."""
        return [id_ for id_ in said if id_ in self.streaming and id_ in self.prerecorded]

    def score(self, said: Texts, normalise: Normalizer) -> PairedScore:
        """Score both sides against some references.

        Raises:
            BadInput: alternatives are malformed.
        """
        return score_pairs(said, self.streaming, self.prerecorded, normalise, alternates=self.alternates)

    def utterances(self, said: Texts, scored: PairedScore, normalise: Normalizer) -> Iterator[Utterance]:
        """Those of a score."""
        for row in scored.rows:
            heard = self.streaming[row.id], self.prerecorded[row.id]
            aligned = row.streaming.alignment, row.prerecorded.alignment
            reference, places = said[row.id], None
            if row.chosen is not None:
                reference, places = row.chosen[0].written, places_of(*row.chosen)
            yield Utterance(row, attribute_texts(reference, heard, normalise, aligned, places), said[row.id], heard)

    def _chunks(self, said: Texts) -> Iterator[tuple[Texts, PairedTexts]]:
        """Some references at a time, with the transcripts of just those."""
        ids = iter(self.ids_in(said))
        while chunk := list(islice(ids, _CHUNK)):
            sides = ({id_: side[id_] for id_ in chunk} for side in (said, self.streaming, self.prerecorded))
            references, streaming, prerecorded = sides
            yield references, replace(self, streaming=streaming, prerecorded=prerecorded)


class _Found:
    """What was found so far."""

    def __init__(
        self, texts: PairedTexts, normalizers: Sequence[Normalizer], *, sclite: bool, phrases: Sequence[str]
    ) -> None:
        self._normalizers, self._phrases = normalizers, phrases
        self.sums = [PairedSums(each.label) for each in normalizers]
        self.flips: list[Flip] = []
        self.splits: dict[Side, ErrorRate] = dict.fromkeys(SIDES if sclite else (), ErrorRate.zero())
        self.entities: dict[Side, tuple[EntityCount, ...]] = {}
        self.gathered = Gathered()
        self._fewer = 0
        self._counts: Counter[Cause] = Counter(dict.fromkeys(Cause, 0))
        self._examples: dict[Cause, ExtraError] = {}

    @property
    def causes(self) -> CauseCounts:
        return CauseCounts(
            extra=self._counts.total(), fewer=self._fewer, counts=dict(self._counts), examples=self._examples
        )

    def add(self, chunk: tuple[Texts, PairedTexts]) -> Iterator[Utterance]:
        said, texts = chunk
        scored = [texts.score(said, each) for each in self._normalizers]
        for sums, paired in zip(self.sums, scored, strict=True):
            for row in paired.rows:
                sums.add(row.streaming.corpus, row.prerecorded.corpus)
        found: tuple[Flip, ...] = ()
        if len(scored) > 1:
            labels = (each.label for each in self._normalizers)
            found = flips(dict(zip(labels, scored, strict=True)))
        self.flips += found
        main, normalise = scored[0], self._normalizers[0]
        self._count(main, normalise)
        flipped = {flip.id: flip for flip in found}
        for utterance in texts.utterances(said, main, normalise):
            self._put(utterance, flipped.get(utterance.row.id))
            yield utterance

    def _count(self, main: PairedScore, normalise: Normalizer) -> None:
        for side in SIDES:
            alignments = [_of(row, side).alignment for row in main.rows]
            if side in self.splits:
                splits = (sclite_split(one.reference, one.hypothesis) for one in alignments)
                self.splits[side] = sum(splits, self.splits[side])
            if self._phrases:
                counted = count_entities(self._phrases, alignments, normalise)
                before = self.entities.get(side)
                pairs = zip(before, counted, strict=True) if before else None
                self.entities[side] = counted if pairs is None else tuple(one + other for one, other in pairs)

    def _put(self, utterance: Utterance, flip: Flip | None) -> None:
        row, causes = utterance.row, Causes.of([utterance.causes])
        self._fewer += causes.fewer
        self._counts.update(causes.counts)
        self._examples = causes.examples | self._examples
        self.gathered.add((row.streaming.words, row.prerecorded.words), _Shown(row, causes, flip))


@dataclass(frozen=True)
class _Shown:
    """Makes an utterance in full when it is asked to."""

    row: PairedRow
    causes: Causes
    flip: Flip | None

    def __call__(self) -> PairedUtterance:
        streamed, posted = self.row.streaming, self.row.prerecorded
        return PairedUtterance(
            id=self.row.id,
            notes=() if self.flip is None else (self.flip.sentence,),
            marks=() if self.flip is None else ("depends on the normaliser",),
            streaming=Counts.of(streamed.words),
            prerecorded=Counts.of(posted.words),
            streaming_alignment=AlignedRun.all_of(streamed.alignment),
            prerecorded_alignment=AlignedRun.all_of(posted.alignment),
            causes=self.causes.counts,
            extra_errors=self.causes.errors,
        )


def reference_band(texts: PairedTexts, normalise: Normalizer, first: Texts, second: Texts) -> ReferenceBand:
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
    sides = [texts.score({id_: said[id_] for id_ in both}, normalise) for said in (first, second)]
    scores = score_many([first[id_] for id_ in both], [second[id_] for id_ in both], normalise)
    between = sum((one.corpus for one in scores), CorpusScore.zero(normalise))
    words = not texts.alternates  # references with alternatives are no words to compare with one another
    return ReferenceBand(
        scored=len(both),
        references_wer=between.wer if words else None,
        references_errors=between.words.errors if words else None,
        streaming=_band([one.streaming.wer for one in sides]),
        prerecorded=_band([one.prerecorded.wer for one in sides]),
    )


def _band(rates: Sequence[float | None]) -> SideBand:
    known = [rate for rate in rates if rate is not None]
    return SideBand(wer=tuple(rates), lowest=min(known, default=None), highest=max(known, default=None))


def _of(row: PairedRow, side: Side) -> TextScore:
    return row.streaming if side == "streaming" else row.prerecorded

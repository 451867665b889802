"""What `dgharness score --json` and `--utterances-file` write: `harness.results.ScoreDocument` and `ScoreLine`."""

from __future__ import annotations

from harness.paired_texts import FoundInTexts, ScoredTotal, Utterance
from harness.results import (
    CauseCounts,
    Causes,
    CauseTotals,
    Edits,
    ErrorKinds,
    FlippedUtterance,
    PhraseScore,
    Score,
    ScoreDifference,
    ScoreDocument,
    ScoredPair,
    ScoredText,
    ScoreLine,
    SideErrors,
    SideScore,
)
from harness.scoring.entities import EntityCount
from harness.scoring.error_rate import ErrorRate
from harness.scoring.flips import Flip
from harness.scoring.wer import TextScore
from reports.scores import unscored_ids


def document_of(found: FoundInTexts) -> ScoreDocument:
    """All of it but the utterances."""
    main, several = found.totals[0], len(found.totals) > 1
    pair = _pair(main)
    return ScoreDocument(
        normalizer=main.total.normalizer,
        scored=main.total.utterances,
        unscored=unscored_ids(found.left_out),
        streaming=pair.streaming,
        prerecorded=pair.prerecorded,
        comparison=pair.comparison,
        comparison_characters=pair.comparison_characters,
        causes=_causes(found.causes),
        by_normalizer={one.total.normalizer: _pair(one) for one in found.totals} if several else None,
        flips=tuple(map(_flip, found.flips)) if several else None,
        sclite={side: _kinds(words) for side, words in found.splits.items()} or None,
        entities={side: tuple(map(_phrase, counts)) for side, counts in found.entities.items()} or None,
        reference_band=found.band,
    )


def line_of(utterance: Utterance) -> ScoreLine:
    """One utterance."""
    streamed, posted = utterance.row.streaming, utterance.row.prerecorded
    return ScoreLine(
        id=utterance.row.id,
        normalizer=streamed.normalizer,
        reference=utterance.said,
        streaming=_text(streamed, utterance.heard[0]),
        prerecorded=_text(posted, utterance.heard[1]),
        difference=_difference(streamed, posted),
        causes=Causes.of([utterance.causes]).errors,
    )


def _difference(streamed: TextScore, posted: TextScore) -> ScoreDifference:
    ours, theirs = streamed.words, posted.words
    return ScoreDifference(
        errors=ours.errors - theirs.errors,
        substitutions=ours.substitutions - theirs.substitutions,
        deletions=ours.deletions - theirs.deletions,
        insertions=ours.insertions - theirs.insertions,
        wer=None if streamed.wer is None or posted.wer is None else streamed.wer - posted.wer,
        cer=None if streamed.cer is None or posted.cer is None else streamed.cer - posted.cer,
    )


def _pair(scored: ScoredTotal) -> ScoredPair:
    return ScoredPair(
        streaming=_side(scored.total.streaming),
        prerecorded=_side(scored.total.prerecorded),
        comparison=scored.total.comparison,
        comparison_characters=scored.characters,
    )


def _side(side: Score) -> SideScore:
    return SideScore(
        hits=side.words.hits,
        substitutions=side.words.substitutions,
        deletions=side.words.deletions,
        insertions=side.words.insertions,
        reference_words=side.words.reference_length,
        wer=side.words.rate,
        mer=side.mer,
        wil=side.wil,
        cer=side.characters.rate,
    )


def _text(scored: TextScore, heard: str) -> ScoredText:
    return ScoredText(
        hits=scored.words.hits,
        substitutions=scored.words.substitutions,
        deletions=scored.words.deletions,
        insertions=scored.words.insertions,
        reference_words=scored.words.reference_length,
        characters=_edits(scored.characters),
        wer=scored.wer,
        cer=scored.cer,
        text=heard,
    )


def _causes(causes: CauseCounts) -> CauseTotals:
    return CauseTotals(extra=causes.extra, fewer=causes.fewer, counts=causes.counts)


def _flip(flip: Flip) -> FlippedUtterance:
    errors = {
        label: SideErrors(streaming=streamed, prerecorded=posted) for label, (streamed, posted) in flip.errors.items()
    }
    return FlippedUtterance(id=flip.id, errors=errors)


def _phrase(one: EntityCount) -> PhraseScore:
    return PhraseScore(
        phrase=one.phrase,
        occurrences=one.occurrences,
        hits=one.hits,
        missed=one.missed,
        false_alarms=one.false_alarms,
        rate=one.rate,
    )


def _kinds(words: ErrorRate) -> ErrorKinds:
    return ErrorKinds(substitutions=words.substitutions, deletions=words.deletions, insertions=words.insertions)


def _edits(tokens: ErrorRate) -> Edits:
    return Edits(
        hits=tokens.hits,
        substitutions=tokens.substitutions,
        deletions=tokens.deletions,
        insertions=tokens.insertions,
    )

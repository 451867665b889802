"""What `dgharness score --json` and `--utterances-file` print: the layout is in docs/reference/scoring.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.paired_texts import FoundInTexts, ScoredTotal, Side, Utterance
from harness.results import CauseCounts, Causes, Counts, Score, to_builtins
from harness.scoring.entities import EntityCount
from harness.scoring.error_rate import ErrorRate
from harness.scoring.flips import Flip
from harness.scoring.wer import TextScore
from reports.scores import unscored_ids


def as_json_document(found: FoundInTexts) -> dict[str, Any]:
    """All of it but the utterances; what was not asked for is left out."""
    main = found.totals[0]
    document: dict[str, Any] = {
        "normalizer": main.total.normalizer,
        "scored": main.total.utterances,
        "unscored": unscored_ids(found.left_out),
        **_pair(main),
        "causes": _causes(found.causes),
    }
    if len(found.totals) > 1:
        document["by_normalizer"] = {one.total.normalizer: _pair(one) for one in found.totals}
        document["flips"] = _flips(found.flips)
    if found.splits:
        document["sclite"] = {side: _split(words) for side, words in found.splits.items()}
    if found.entities:
        document["entities"] = _entities(found.entities)
    if found.band is not None:
        document["reference_band"] = found.band
    return document


def utterance_as_json(utterance: Utterance) -> dict[str, Any]:
    """One utterance; differences are streaming less pre-recorded."""
    streamed, posted = utterance.row.streaming, utterance.row.prerecorded
    return {
        "id": utterance.row.id,
        "normalizer": streamed.normalizer,
        "reference": utterance.said,
        "streaming": _text(streamed, utterance.heard[0]),
        "prerecorded": _text(posted, utterance.heard[1]),
        "difference": {
            "errors": streamed.words.errors - posted.words.errors,
            "substitutions": streamed.words.substitutions - posted.words.substitutions,
            "deletions": streamed.words.deletions - posted.words.deletions,
            "insertions": streamed.words.insertions - posted.words.insertions,
            "wer": None if streamed.wer is None or posted.wer is None else streamed.wer - posted.wer,
            "cer": None if streamed.cer is None or posted.cer is None else streamed.cer - posted.cer,
        },
        "causes": [to_builtins(error) for error in Causes.of([utterance.causes]).errors],
    }


def _pair(scored: ScoredTotal) -> dict[str, Any]:
    """Both sides under one normaliser, and whether they differ."""
    return {
        "streaming": _side(scored.total.streaming),
        "prerecorded": _side(scored.total.prerecorded),
        "comparison": to_builtins(scored.total.comparison),
        "comparison_characters": to_builtins(scored.characters),
    }


def _causes(causes: CauseCounts) -> dict[str, Any]:
    """Counts alone: the errors themselves stand with their utterances."""
    return {"extra": causes.extra, "fewer": causes.fewer, "counts": causes.counts}


def _flips(found: Iterable[Flip]) -> list[dict[str, Any]]:
    """Each flip with both sides' errors under each normaliser."""
    return [
        {
            "id": flip.id,
            "errors": {
                label: {"streaming": streamed, "prerecorded": posted}
                for label, (streamed, posted) in flip.errors.items()
            },
        }
        for flip in found
    ]


def _entities(sides: Mapping[Side, Iterable[EntityCount]]) -> dict[str, Any]:
    """Each side's counts for each phrase."""
    return {
        side: [
            {
                "phrase": one.phrase,
                "occurrences": one.occurrences,
                "hits": one.hits,
                "missed": one.missed,
                "false_alarms": one.false_alarms,
                "rate": one.rate,
            }
            for one in counts
        ]
        for side, counts in sides.items()
    }


def _split(words: ErrorRate) -> dict[str, int]:
    """The three kinds of errors."""
    return {"substitutions": words.substitutions, "deletions": words.deletions, "insertions": words.insertions}


def _side(side: Score) -> dict[str, Any]:
    rates = {"wer": side.words.rate, "mer": side.mer, "wil": side.wil, "cer": side.characters.rate}
    return {**_counts(side.words), **rates}


def _text(scored: TextScore, heard: str) -> dict[str, Any]:
    counts = {**_counts(scored.words), "characters": _edits(scored.characters)}
    return {**counts, "wer": scored.wer, "cer": scored.cer, "text": heard}


def _counts(words: ErrorRate | Counts) -> dict[str, int]:
    return {**_edits(words), "reference_words": words.reference_length}


def _edits(tokens: ErrorRate | Counts) -> dict[str, int]:
    return {
        "hits": tokens.hits,
        "substitutions": tokens.substitutions,
        "deletions": tokens.deletions,
        "insertions": tokens.insertions,
    }

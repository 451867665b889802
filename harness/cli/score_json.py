"""What `dgharness score --json` and `--utterances-file` print: the layout is in docs/reference/scoring.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.paired_texts import FoundInTexts, PairedTexts, ScoredTexts, Texts
from harness.results import Causes, to_builtins
from harness.scoring.causes import Attributed
from harness.scoring.entities import EntityCount
from harness.scoring.error_rate import ErrorRate
from harness.scoring.flips import Flip
from harness.scoring.paired import PairedRow
from harness.scoring.wer import CorpusScore, TextScore
from reports.scores import unscored_ids


def as_json_document(found: FoundInTexts) -> dict[str, Any]:
    """All of it but the utterances; what was not asked for is left out."""
    main = found.main
    document: dict[str, Any] = {
        "normalizer": main.normalizer.label,
        "scored": len(main.paired.rows),
        "unscored": unscored_ids(main.paired),
        **_pair(main),
    }
    if found.causes:
        document["causes"] = _causes(Causes.of(found.causes))
    if len(found.scored) > 1:
        document["by_normalizer"] = {one.normalizer.label: _pair(one) for one in found.scored}
        document["flips"] = _flips(found.flips)
    if found.splits:
        document["sclite"] = {side: _split(words) for side, words in found.splits.items()}
    if found.entities:
        document["entities"] = _entities(found.entities)
    if found.band is not None:
        document["reference_band"] = found.band
    return document


def utterances_as_json(found: FoundInTexts, texts: PairedTexts, said: Texts) -> Iterator[dict[str, Any]]:
    """A line for each utterance."""
    for number, row in enumerate(found.main.paired.rows):
        yield _utterance(row, found.causes[number] if found.causes else None, said[row.id], texts.heard(row.id))


def _pair(scored: ScoredTexts) -> dict[str, Any]:
    """Both sides under one normaliser, and whether they differ."""
    return {
        "streaming": _side(scored.paired.streaming),
        "prerecorded": _side(scored.paired.prerecorded),
        "comparison": to_builtins(scored.words),
        "comparison_characters": to_builtins(scored.characters),
    }


def _utterance(row: PairedRow, found: Attributed | None, said: str, heard: tuple[str, str]) -> dict[str, Any]:
    """One utterance; differences are streaming less pre-recorded.

    Args:
        row: its scores.
        found: causes of its errors.
        said: the reference, as it was given.
        heard: what streaming and pre-recorded heard, as it was given.
    """
    streamed, posted = row.streaming, row.prerecorded
    line: dict[str, Any] = {
        "id": row.id,
        "normalizer": streamed.normalizer,
        "reference": said,
        "streaming": _text(streamed, heard[0]),
        "prerecorded": _text(posted, heard[1]),
        "difference": {
            "errors": streamed.words.errors - posted.words.errors,
            "substitutions": streamed.words.substitutions - posted.words.substitutions,
            "deletions": streamed.words.deletions - posted.words.deletions,
            "insertions": streamed.words.insertions - posted.words.insertions,
            "wer": None if streamed.wer is None or posted.wer is None else streamed.wer - posted.wer,
            "cer": None if streamed.cer is None or posted.cer is None else streamed.cer - posted.cer,
        },
    }
    if found is not None:
        line["causes"] = [to_builtins(error) for error in Causes.of([found]).errors]
    return line


def _causes(causes: Causes) -> dict[str, Any]:
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


def _entities(sides: Mapping[str, Iterable[EntityCount]]) -> dict[str, Any]:
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


def _side(side: CorpusScore) -> dict[str, Any]:
    return {**_counts(side.words), "wer": side.wer, "mer": side.mer, "wil": side.wil, "cer": side.cer}


def _text(scored: TextScore, heard: str) -> dict[str, Any]:
    counts = {**_counts(scored.words), "characters": _edits(scored.characters)}
    return {**counts, "wer": scored.wer, "cer": scored.cer, "text": heard}


def _counts(words: ErrorRate) -> dict[str, int]:
    return {**_edits(words), "reference_words": words.reference_length}


def _edits(tokens: ErrorRate) -> dict[str, int]:
    return {
        "hits": tokens.hits,
        "substitutions": tokens.substitutions,
        "deletions": tokens.deletions,
        "insertions": tokens.insertions,
    }

"""What `dgharness score` says beside the scores: flips, sclite's split, entities, and the band of two references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from harness.paired_texts import FoundInTexts, Side
from harness.results import ReferenceBand, SideBand
from harness.scoring.entities import EntityCount
from harness.scoring.error_rate import ErrorRate
from harness.scoring.flips import Flip
from reports.figures import count, one_line, percent

_NAMES: Final[Mapping[Side, str]] = {"streaming": "streaming", "prerecorded": "pre-recorded"}
_SHOWN: Final = 5


def notes_of(found: FoundInTexts) -> Iterator[str]:
    """A line each."""
    yield from _flips_told(found.flips, len(found.totals))
    yield from _splits_told(found.splits)
    yield from _entities_told(found.entities)
    if found.band is not None:
        yield _band_told(found.band)


def _band_told(band: ReferenceBand) -> str:
    sides: dict[Side, SideBand] = {"streaming": band.streaming, "prerecorded": band.prerecorded}
    spans = (
        f"{_NAMES[side]} {percent(one.lowest)} to {percent(one.highest)}"
        for side, one in sides.items()
        if one.lowest is not None and one.highest is not None
    )
    between = "" if band.references_wer is None else f"; the references differ by {percent(band.references_wer)}"
    return f"WER between the two references, over {count(band.scored, 'id')}: {', '.join(spans)}{between}"


def _flips_told(found: tuple[Flip, ...], normalizers: int) -> Iterator[str]:
    if normalizers > 1:
        yield f"{count(len(found), 'utterance')} whose verdict depends on the normaliser"
    for flip in found[:_SHOWN]:
        yield f"{one_line(flip.id)}: {flip.sentence}"
    if len(found) > _SHOWN:
        yield f"and {len(found) - _SHOWN} more; --json has them all"


def _splits_told(splits: Mapping[Side, ErrorRate]) -> Iterator[str]:
    for side, words in splits.items():
        kinds = {"substitution": words.substitutions, "deletion": words.deletions, "insertion": words.insertions}
        told = ", ".join(count(number, kind) for kind, number in kinds.items())
        yield f"as sclite splits them, {_NAMES[side]}: {told}"


def _entities_told(counted: Mapping[Side, tuple[EntityCount, ...]]) -> Iterator[str]:
    for side, counts in counted.items():
        occurrences, missed = sum(one.occurrences for one in counts), sum(one.missed for one in counts)
        false = count(sum(one.false_alarms for one in counts), "false alarm")
        worst = sorted((one for one in counts if one.missed), key=lambda one: -one.missed)[:_SHOWN]
        names = "".join(f"; «{one_line(one.phrase)}» {one.missed} of {one.occurrences}" for one in worst)
        yield f"entities, {_NAMES[side]}: {missed} of {occurrences} missed, {false}{names}"

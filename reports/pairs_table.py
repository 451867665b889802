"""The table of utterances that were heard twice: one row for each that is shown in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.results import Counts, PairedUtterance, Pairs
from harness.scoring.causes import Cause
from reports.figures import UNDEFINED, count, duration, one_line, percent
from reports.pairs_summary import delay_label
from reports.sortable import Cell, Row, sorted_by

_COLUMNS: Final = (
    "utterance", "words", "errors streaming", "errors pre-recorded", "difference", "WER streaming", "WER pre-recorded",
    "remarks",
)  # fmt: skip


def columns(pairs: Pairs) -> tuple[str, ...]:
    """Heads of the columns; delays have some where any were measured."""
    return (*_COLUMNS, *map(delay_label, pairs.delays_wall_s))


def rows(pairs: Pairs) -> list[Row]:
    """A row for each utterance, the worst first; what an anchor is called is `anchor`'s to say."""
    return [
        Row(one_line(one.id), anchor(number), tuple(_cells(one, list(pairs.delays_wall_s))))
        for number, one in enumerate(pairs.shown)
    ]


def anchor(number: int) -> str:
    """What the details of an utterance are called in a page."""
    return f"utterance-{number}"


def selection(pairs: Pairs) -> str:
    """Which utterances are shown, and in what order."""
    shown = len(pairs.shown)
    which = count(shown, "utterance") if shown == pairs.utterances else f"{shown} of {pairs.utterances} utterances"
    return (
        f"{which}: first those with which something went wrong, then those in which streaming has most word errors "
        "more than pre-recorded."
    )


def causes_told(causes: dict[Cause, int]) -> str:
    """The causes of one utterance, in a few words."""
    return ", ".join(f"{number} {cause.value}" for cause in Cause if (number := causes.get(cause, 0)))


def _cells(one: PairedUtterance, delays: Sequence[str]) -> Iterator[Cell]:
    sides = one.streaming, one.prerecorded
    length = next((side.reference_length for side in sides if side is not None), None)
    yield _number(length)
    for side in sides:
        yield _number(None if side is None else side.errors)
    yield _difference(*sides)
    for side in sides:
        rate = None if side is None else side.rate
        yield Cell(UNDEFINED if rate is None else percent(rate), sorted_by(rate))
    told = "; ".join(filter(None, ("went wrong" if one.troubles else "", causes_told(one.causes), *one.marks)))
    yield Cell(told or UNDEFINED, told, "FAIL" if one.troubles else "text")
    for name in delays:
        seconds = one.delays_wall_s.get(name)
        yield Cell(UNDEFINED if seconds is None else duration(seconds), sorted_by(seconds))


def _number(value: int | None) -> Cell:
    return Cell(UNDEFINED if value is None else str(value), sorted_by(value))


def _difference(streaming: Counts | None, prerecorded: Counts | None) -> Cell:
    if streaming is None or prerecorded is None:
        return Cell(UNDEFINED, sorted_by(None))
    more = streaming.errors - prerecorded.errors
    return Cell(f"{more:+d}" if more else "0", more)

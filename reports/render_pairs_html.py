"""Utterances that were heard twice as one HTML page, ten or a million: all of them in figures, the worst in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from harness.results import PairedUtterance, Pairs
from reports.causes import error_line
from reports.figures import UNDEFINED, duration, one_line, percent, shorten
from reports.html_page import Side, aligned, render_page
from reports.pairs_plots import pairs_plots
from reports.pairs_summary import PairsSummary
from reports.pairs_table import anchor, causes_told, columns, rows, selection
from reports.summary import Fact

_TEXT_CHARACTERS: Final = 2000
_MOST_ERRORS: Final = 20
_MOST_TROUBLES: Final = 20


class UtterancePage(NamedTuple):
    """One utterance in full, ready for the template."""

    anchor: str
    name: str
    troubles: tuple[str, ...]
    facts: tuple[Fact, ...]
    errors: tuple[str, ...]
    sides: tuple[Side, ...]


def render_pairs_html(summary: PairsSummary, pairs: Pairs) -> str:
    """The page."""
    return render_page(
        "pairs.html.j2",
        plots=pairs_plots(pairs),
        told=summary,
        columns=columns(pairs),
        rows=rows(pairs),
        selection=selection(pairs),
        utterances=[_page(one, number) for number, one in enumerate(pairs.shown)],
    )


def _page(one: PairedUtterance, number: int) -> UtterancePage:
    return UtterancePage(
        anchor=anchor(number),
        name=one_line(one.id),
        troubles=tuple(_troubles(one)),
        facts=tuple(_facts(one)),
        errors=tuple(_errors(one)),
        sides=tuple(_sides(one)),
    )


def _troubles(one: PairedUtterance) -> Iterator[str]:
    yield from (shorten(trouble, _TEXT_CHARACTERS) for trouble in one.troubles[:_MOST_TROUBLES])
    if len(one.troubles) > _MOST_TROUBLES:
        yield f"and {len(one.troubles) - _MOST_TROUBLES} more"


def _facts(one: PairedUtterance) -> Iterator[Fact]:
    if one.audio is not None:
        length = UNDEFINED if one.audio_s is None else duration(one.audio_s)
        yield Fact("audio", f"{one_line(one.audio)}, {length}")
    for note in one.notes:
        yield Fact("note", one_line(note))
    for name, text in (("streaming text", one.streaming_text), ("pre-recorded text", one.prerecorded_text)):
        if text is not None:
            yield Fact(name, shorten(text, _TEXT_CHARACTERS) or "(empty)")


def _errors(one: PairedUtterance) -> Iterator[str]:
    """What only streaming has wrong; of a row that has only counts, the counts."""
    yield from map(error_line, one.extra_errors[:_MOST_ERRORS])
    if len(one.extra_errors) > _MOST_ERRORS:
        yield f"and {len(one.extra_errors) - _MOST_ERRORS} more"
    if not one.extra_errors and (told := causes_told(one.causes)):
        yield told


def _sides(one: PairedUtterance) -> Iterator[Side]:
    for name, counts, runs in (
        ("streaming", one.streaming, one.streaming_alignment),
        ("pre-recorded", one.prerecorded, one.prerecorded_alignment),
    ):
        if counts is not None and runs:
            title = f"{name} against the reference" + ("" if counts.rate is None else f", WER {percent(counts.rate)}")
            yield Side(title, aligned(runs))

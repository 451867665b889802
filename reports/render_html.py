"""A run as one HTML page: figures and plots over all cases, a table of them, and each in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from harness.results import CaseResult, Outcome, Prerecorded, RunResult, Streamed
from harness.scoring.delay_measure import DelayMeasure
from reports.figures import UNDEFINED, duration, percent, points
from reports.html_page import Side, aligned, render_page
from reports.run_plots import run_plots
from reports.sortable import Cell, Row, sorted_by
from reports.summary import CaseSummary, summarise_run
from reports.timeline import WIDTH, Drawing, drawing
from reports.worst import worst_first

_IN_FULL: Final = 250
"""Cases that are shown in full; a browser takes no more of them gladly. All are in the table."""
_COLUMNS: Final = (
    "case", "outcome", "WER streaming", "WER pre-recorded", "difference", "extra errors", "first interim",
    "first final", "word final p95",
)  # fmt: skip


class CasePage(NamedTuple):
    """One case in full, ready for the template."""

    anchor: str
    summary: CaseSummary
    sides: tuple[Side, ...]
    drawing: Drawing | None
    open: bool


def render_run_html(run: RunResult) -> str:
    """The page."""
    summary = summarise_run(run)
    in_full = frozenset(worst_first(run.cases)[:_IN_FULL])
    told = list(enumerate(zip(run.cases, summary.cases, strict=True)))
    return render_page(
        "run.html.j2",
        plots=run_plots(run),
        run=summary,
        columns=_COLUMNS,
        rows=[
            Row(one.name, _anchor(number) if number in in_full else "", tuple(_cells(case, one)))
            for number, (case, one) in told
        ],
        cases=[_page(case, one, number) for number, (case, one) in told if number in in_full],
        left_out=len(run.cases) - len(in_full),
        width=WIDTH,
    )


def _anchor(number: int) -> str:
    return f"case-{number}"


def _page(case: CaseResult, summary: CaseSummary, number: int) -> CasePage:
    return CasePage(
        anchor=_anchor(number),
        summary=summary,
        sides=tuple(_sides(case)),
        drawing=drawing(case.timeline),
        open=case.outcome is not Outcome.PASS,
    )


def _cells(case: CaseResult, summary: CaseSummary) -> Iterator[Cell]:
    streamed, posted = _rate(case.streamed), _rate(case.prerecorded)
    difference = None if streamed is None or posted is None else streamed - posted
    outcome = case.outcome.value.upper()
    yield Cell(outcome, case.outcome.value, outcome)
    yield Cell(summary.wer_streaming, sorted_by(streamed))
    yield Cell(summary.wer_prerecorded, sorted_by(posted))
    yield Cell(UNDEFINED if difference is None else points(difference), sorted_by(difference))
    extra = case.causes.extra if case.causes else None
    yield Cell(UNDEFINED if extra is None else str(extra), sorted_by(extra))
    for seconds in _seconds(case.streamed):
        yield Cell(UNDEFINED if seconds is None else duration(seconds), sorted_by(seconds))


def _seconds(streamed: Streamed | None) -> tuple[float | None, float | None, float | None]:
    if streamed is None:
        return None, None, None
    spread = streamed.delay.spread.get(DelayMeasure.WORD_FINAL) if streamed.delay else None
    return streamed.first_interim_wall_s, streamed.first_final_wall_s, spread.p95_s if spread else None


def _rate(part: Streamed | Prerecorded | None) -> float | None:
    return part.score.words.rate if part and part.score else None


def _sides(case: CaseResult) -> Iterator[Side]:
    for name, part in (("streaming", case.streamed), ("pre-recorded", case.prerecorded)):
        if part is not None and part.alignment:
            rate = _rate(part)
            title = f"{name} against the reference" + ("" if rate is None else f", WER {percent(rate)}")
            yield Side(title, aligned(part.alignment))

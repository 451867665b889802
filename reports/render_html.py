"""A run as one HTML page that needs nothing else: no network, no server, no second file.

Everything from a recording is text from strangers. Jinja2 escapes all of it, and a Content-Security-Policy lets only
this page's own style and script run, named by their hashes (W3C, "Content Security Policy Level 3", section 2.3.1):
even text that got through as markup could load nothing and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from harness.results import AlignedRun, CaseResult, Outcome, Prerecorded, RunResult, Streamed
from harness.scoring.delay_measure import DelayMeasure
from reports.delays import DELAY_HEADER, READ_HEADER
from reports.figures import UNDEFINED, duration, one_line, percent, points
from reports.plots import as_data_url
from reports.run_plots import run_plots
from reports.summary import CaseSummary, summarise_case, summarise_run
from reports.timeline import WIDTH, Drawing, drawing

if TYPE_CHECKING:
    from jinja2 import Template

_POLICY: Final = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; base-uri 'none'; form-action 'none'"
)


class Cell(NamedTuple):
    """A cell of the table of cases: what is shown, and what it sorts by."""

    text: str
    value: float | str


class Picture(NamedTuple):
    """A plot."""

    source: str
    about: str


class Words(NamedTuple):
    """A run of an alignment."""

    kind: str
    reference: str
    hypothesis: str


class Side(NamedTuple):
    """One transcript beside the reference."""

    name: str
    words: tuple[Words, ...]


class CasePage(NamedTuple):
    """One case, ready for the template."""

    anchor: str
    summary: CaseSummary
    cells: tuple[Cell, ...]
    sides: tuple[Side, ...]
    drawing: Drawing | None
    open: bool


_COLUMNS: Final = (
    "case", "outcome", "WER streaming", "WER pre-recorded", "difference", "extra errors", "first interim",
    "first final", "word final p95",
)  # fmt: skip


def render_run_html(run: RunResult) -> str:
    """The page."""
    style, script = _asset("report.css"), _asset("report.js")
    return _template().render(
        policy=_POLICY.format(style=_hash(style), script=_hash(script)),
        style=style,
        script=script,
        run=summarise_run(run),
        pictures=[Picture(as_data_url(plot), plot.about) for plot in run_plots(run)],
        columns=_COLUMNS,
        cases=[_page(case, number) for number, case in enumerate(run.cases)],
        delay_header=DELAY_HEADER,
        read_header=READ_HEADER,
        width=WIDTH,
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")


@cache
def _asset(name: str) -> str:
    # Jinja2 must not touch it: the hash is of its very bytes. It is ours, and holds nothing of any run.
    from markupsafe import Markup

    return Markup(files("reports").joinpath("templates", name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _page(case: CaseResult, number: int) -> CasePage:
    summary = summarise_case(case)
    return CasePage(
        anchor=f"case-{number}",
        summary=summary,
        cells=tuple(_cells(case, summary)),
        sides=tuple(_sides(case)),
        drawing=drawing(case.timeline),
        open=case.outcome is not Outcome.PASS,
    )


def _cells(case: CaseResult, summary: CaseSummary) -> Iterator[Cell]:
    streamed, posted = _rate(case.streamed), _rate(case.prerecorded)
    difference = None if streamed is None or posted is None else streamed - posted
    yield Cell(case.outcome.value.upper(), case.outcome.value)
    yield Cell(summary.wer_streaming, _sorted(streamed))
    yield Cell(summary.wer_prerecorded, _sorted(posted))
    yield Cell(UNDEFINED if difference is None else points(difference), _sorted(difference))
    extra = case.causes.extra if case.causes else None
    yield Cell(UNDEFINED if extra is None else str(extra), _sorted(extra))
    for seconds in _seconds(case.streamed):
        yield Cell(UNDEFINED if seconds is None else duration(seconds), _sorted(seconds))


def _seconds(streamed: Streamed | None) -> tuple[float | None, float | None, float | None]:
    if streamed is None:
        return None, None, None
    spread = streamed.delay.spread.get(DelayMeasure.WORD_FINAL) if streamed.delay else None
    return streamed.first_interim_wall_s, streamed.first_final_wall_s, spread.p95_s if spread else None


def _rate(part: Streamed | Prerecorded | None) -> float | None:
    return part.score.words.rate if part and part.score else None


def _sorted(value: float | None) -> float:
    """What has no value comes below all that has."""
    return -1e9 if value is None else value


def _sides(case: CaseResult) -> Iterator[Side]:
    for name, part in (("streaming", case.streamed), ("pre-recorded", case.prerecorded)):
        if part is not None and part.alignment:
            rate = _rate(part)
            title = f"{name} against the reference" + ("" if rate is None else f", WER {percent(rate)}")
            yield Side(title, tuple(map(_words, part.alignment)))


def _words(run: AlignedRun) -> Words:
    return Words(run.kind, one_line(run.reference), one_line(run.hypothesis))

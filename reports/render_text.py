"""Results as text for a terminal, plain or coloured, never wider than asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from harness.conformance.findings import Severity, Status, Verdict
from harness.results import CaseResult, Delay, DelayTotal, Outcome, RunResult, Stability
from reports.causes import CauseTable
from reports.delays import DelayTable, delay_table
from reports.figures import one_line
from reports.scores import ScoreTable
from reports.summary import CaseSummary, CheckLine, Fact, RunSummary, summarise_case, summarise_run
from reports.text_page import DEFAULT_WIDTH, Cell, TextPage
from reports.verdicts import FindingLine, VerdictSummary, status_word, summarise_verdict

# By the word itself: outcomes, statuses, severities and last lines share words, and a word has one colour.
STYLE: Final[Mapping[str, str]] = {
    "pass": "green",
    "fail": "red",
    "error": "bold red",
    "warn": "yellow",
    "warning": "yellow",
    "partial": "yellow",
    "advice": "cyan",
    "not-judged": "dim",
}
_HEADINGS: Final = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.ADVICE: "advice"}
_SCORE_HEADER: Final = ("measure", "streaming", "pre-recorded", "difference")


def render_run_text(run: RunResult, *, width: int = DEFAULT_WIDTH, color: bool = False) -> str:
    """A whole run: each case, the totals, and a last line that says how it came out.

    Args:
        run: what to render.
        width: of the terminal, in cells; at least `NARROWEST`.
        color: whether to put ANSI colour codes in.
    """
    summary, page = summarise_run(run), TextPage(width, color)
    page.line(summary.tool, "bold")
    put_facts(page, summary.facts)
    for case in summary.cases:
        page.line()
        _case(page, case)
    if len(summary.cases) != 1:  # what one case came to has just been said
        _totals(page, summary)
    page.line()
    page.line(summary.last_line, STYLE[summary.word.lower()])
    return page.text()


def render_case_text(case: CaseResult, *, width: int = DEFAULT_WIDTH, color: bool = False) -> str:
    """One case; arguments as for `render_run_text`."""
    page = TextPage(width, color)
    _case(page, summarise_case(case))
    return page.text()


def render_delay_text(
    streams: Iterable[tuple[str, Delay, Stability]], *, width: int = DEFAULT_WIDTH, color: bool = False
) -> str:
    """Delays of streams by name, and of all of them where there are several; arguments as for `render_run_text`."""
    page, measured = TextPage(width, color), list(streams)
    for name, delay, stability in measured:
        page.line(one_line(name), "bold")
        put_delays(page, delay_table(delay, stability))
    if len(measured) > 1:
        page.line("all of them", "bold")
        total = DelayTotal.of(delay for _, delay, _ in measured)
        put_delays(page, delay_table(total, Stability.total(stability for *_, stability in measured)))
    return page.text()


def render_verdict_text(verdict: Verdict, *, width: int = DEFAULT_WIDTH, color: bool = False) -> str:
    """One verdict: how each family came out, and every finding; arguments as for `render_run_text`."""
    summary, page = summarise_verdict(verdict), TextPage(width, color)
    outcome = Outcome.PASS if summary.passed else Outcome.FAIL
    page.grid([[(outcome.value.upper(), STYLE[outcome]), (f"{summary.recording}: {summary.totals}", "bold")]])
    _families(page, summary)
    _findings(page, summary)
    return page.text()


def _totals(page: TextPage, summary: RunSummary) -> None:
    page.line()
    page.line("totals", "bold")
    put_scores(page, summary.totals)
    if summary.comparison is not None:
        page.line(summary.comparison, "bold", indent=2)
    put_causes(page, summary.causes)
    put_delays(page, summary.delays)


def _case(page: TextPage, case: CaseSummary) -> None:
    page.grid([[(case.outcome.value.upper(), STYLE[case.outcome]), (case.name, "bold")]])
    for reason in case.reasons:
        page.line(reason, STYLE[case.outcome], indent=2)
    put_facts(page, case.facts)
    if case.verdict is None:
        page.line("verdict: not judged", STYLE[Status.NOT_JUDGED], indent=2)
    else:
        _families(page, case.verdict)
        _findings(page, case.verdict)
    put_facts(page, case.transcripts)
    put_scores(page, case.scores)
    put_causes(page, case.causes)
    put_delays(page, case.delays)
    _checks(page, case.checks)


def put_facts(page: TextPage, facts: Iterable[Fact]) -> None:
    """Labels and what they label."""
    page.grid([[(fact.label, "dim"), (fact.text, "")] for fact in facts], indent=2)


def _families(page: TextPage, verdict: VerdictSummary) -> None:
    page.grid(
        [
            [(line.family, ""), (status_word(line.status), STYLE[line.status]), ("\n".join(line.figures), "")]
            for line in verdict.families
        ],
        indent=2,
    )


def _findings(page: TextPage, verdict: VerdictSummary) -> None:
    for severity, heading in _HEADINGS.items():
        findings = [finding for finding in verdict.findings if finding.severity is severity]
        if findings:
            page.line(heading, STYLE[severity], indent=2)
        for finding in findings:
            page.line(f"{finding.rule}: {finding.message}", indent=4)
            _below(page, finding)
    for line in verdict.left_out:
        page.line(line, "dim", indent=2)


def _below(page: TextPage, finding: FindingLine) -> None:
    page.line(f"[{finding.place}]" + (f" {finding.evidence}" if finding.evidence else ""), "dim", indent=6)
    if finding.source:
        page.line(finding.source, "dim", indent=6)


def put_scores(page: TextPage, table: ScoreTable, *, indent: int = 2) -> None:
    """Two sides laid out, with a title and notes."""
    page.line(table.title, indent=indent)
    if table.rows:
        header = [(name, "dim") for name in _SCORE_HEADER]
        page.grid([header, *([(cell, "") for cell in row] for row in table.rows)], indent=indent + 2, numbers=True)
    for note in table.notes:
        page.line(note, "dim", indent=indent + 2)


def put_causes(page: TextPage, table: CauseTable | None, *, indent: int = 2) -> None:
    """Errors by cause; nothing where there are none."""
    if table is not None:
        page.line(table.title, indent=indent)
        rows = [[(name, "dim") for name in table.header], *([(cell, "") for cell in row] for row in table.rows)]
        page.grid(rows, indent=indent + 2)


def put_delays(page: TextPage, table: DelayTable | None, *, indent: int = 2) -> None:
    """Delays and what was read after each, with a title and notes; nothing where nothing was measured."""
    if table is None:
        return
    page.line(table.title, indent=indent)
    for header, rows in table.grids:
        cells = [[(name, "dim") for name in header], *([(cell, "") for cell in row] for row in rows)]
        page.grid(cells, indent=indent + 2, numbers=True)
    for note in table.notes:
        page.line(note, "dim", indent=indent + 2)


def _checks(page: TextPage, checks: Sequence[CheckLine]) -> None:
    if checks:
        page.line("checks", indent=2)
    page.grid([_check(check) for check in checks], indent=4)


def _check(check: CheckLine) -> list[Cell]:
    outcome = Outcome.PASS if check.passed else Outcome.FAIL
    return [(outcome.value, STYLE[outcome]), (check.name, ""), (f"{check.found}, at most {check.allowed}", "")]

"""A run as compact Markdown for a pull request on GitHub.

Text from outside is written with character references: they hold in a table cell, in a paragraph and in inline HTML
alike, and CommonMark never takes one for markup (section «Entity and numeric character references» of its
specification, https://spec.commonmark.org/0.31.2/).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from harness.conformance.findings import Family
from harness.results import Outcome, RunResult
from reports.causes import CauseTable
from reports.delays import DelayTable
from reports.figures import UNDEFINED
from reports.scores import ScoreTable
from reports.summary import CaseSummary, Fact, RunSummary, summarise_run
from reports.verdicts import FindingLine, VerdictSummary, status_word
from reports.worst import worst_first

# An @ after a letter or digit notifies nobody, so that `basic@1` stays as it is. GitHub makes links of bare addresses.
_SPECIAL: Final = re.compile(r"[&<>|`\\*_\[\]~$#]|(?<!\w)@|(?i:https?|ftp):(?=//)|(?i:www)(?=\.)")
_LINK: Final = re.compile(r"https?://[A-Za-z0-9./_~#?=&%+:-]+")


MOST_BYTES: Final = 1_000_000
"""A step's summary may be 1 MiB long, and GitHub shows nothing of a longer one."""


def render_run_markdown(run: RunResult) -> str:
    """The run as an overview of the cases, the totals, and a folded section for each case, as far as there is room."""
    summary = summarise_run(run)
    order = worst_first(run.cases)
    rows = _fitting(order, lambda number: _line(map(escape, _overview_row(summary.cases[number]))), MOST_BYTES // 4)
    blocks = [
        f"## {escape(summary.tool)}: {escape(summary.last_line)}",
        listed(summary.facts),
        table(_OVERVIEW_HEADER, [_overview_row(summary.cases[number]) for number in sorted(rows)]),
    ]
    if len(summary.cases) != 1:  # what one case came to is in its section
        blocks += _totals(summary)
    taken = len(_joined(blocks).encode())
    sections = _fitting(order, lambda number: _joined(_section(summary.cases[number])), MOST_BYTES - taken)
    if len(sections) < len(order):
        which = f"the first {len(rows)} in the table, {len(sections)} in full"
        blocks.append(f"Of {len(order)} cases there is room for {which}: those that went wrong before others.")
    return _joined([*blocks, *(sections[number] for number in sorted(sections))]) + "\n"


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in blocks if block)


def _fitting(order: Iterable[int], render: Callable[[int], str], room: int) -> dict[int, str]:
    """What there is room for, in this order, by number."""
    fitting: dict[int, str] = {}
    for number in order:
        text = render(number)
        room -= len(text.encode()) + 2
        if room < 0:
            break
        fitting[number] = text
    return fitting


def _totals(summary: RunSummary) -> Iterator[str]:
    yield "### Totals"
    yield f"**{escape(summary.comparison)}**" if summary.comparison else ""
    yield from blocks_of_scores(summary.totals)
    yield from blocks_of_causes(summary.causes)
    yield from blocks_of_delays(summary.delays)


def escape(text: str) -> str:
    """Text that Markdown and HTML show as it is; it must be on one line, as everything in a summary is."""
    return _SPECIAL.sub(_reference, text)


def _reference(found: re.Match[str]) -> str:
    char = found.group()
    # A zero-width space keeps a name from being notified, and a number and an address from becoming links; a character
    # reference would not, because they are looked for after Markdown has been read.
    return f"{char}&#8203;" if len(char) > 1 or char in "@#" else f"&#{ord(char)};"


_OVERVIEW_HEADER: Final = (
    "case",
    "outcome",
    *(family.value for family in Family),
    "WER streaming",
    "WER pre-recorded",
    "replies",
)


def _overview_row(case: CaseSummary) -> list[str]:
    if case.verdict is None:
        families = ["not judged"] * len(Family)
    else:
        families = [status_word(line.status) for line in case.verdict.families]
    return [case.name, case.outcome.value.upper(), *families, case.wer_streaming, case.wer_prerecorded, case.origin]


def _section(case: CaseSummary) -> Iterator[str]:
    opened = "" if case.outcome is Outcome.PASS else " open"
    yield f"<details{opened}><summary>{case.outcome.value.upper()} {escape(case.name)}</summary>"
    yield listed([Fact("reason", reason) for reason in case.reasons] + list(case.facts))
    if case.verdict is None:
        yield "Verdict: not judged"
    else:
        yield from _verdict(case.verdict)
    yield listed(case.transcripts)
    yield from blocks_of_scores(case.scores)
    yield from blocks_of_causes(case.causes)
    yield from blocks_of_delays(case.delays)
    yield table(
        ("check", "found", "at most", "outcome"),
        [[check.name, check.found, check.allowed, "pass" if check.passed else "FAIL"] for check in case.checks],
    )
    yield "</details>"


def _verdict(verdict: VerdictSummary) -> Iterator[str]:
    yield table(
        ("family", "verdict", "measured"),
        [[line.family, status_word(line.status), "; ".join(line.figures) or UNDEFINED] for line in verdict.families],
    )
    yield "\n".join(_finding(finding) for finding in verdict.findings)
    yield listed([Fact("more", line) for line in verdict.left_out])


def _finding(finding: FindingLine) -> str:
    evidence = f": {finding.evidence}" if finding.evidence else ""
    text = f"{escape(finding.message)} <sub>{escape(finding.place + evidence)}</sub>"
    return f"- **{finding.severity.value}** {escape(finding.rule)}: {text}{_source(finding.source)}"


def _source(source: str) -> str:
    if not source:
        return ""
    return f" ([source](<{source}>))" if _LINK.fullmatch(source) else f" ({escape(source)})"


def blocks_of_scores(scores: ScoreTable) -> Iterator[str]:
    """Two sides laid out, with a title and notes."""
    yield escape(scores.title)
    yield table(("measure", "streaming", "pre-recorded", "difference"), scores.rows)
    yield "\n".join(f"- {escape(note)}" for note in scores.notes)


def blocks_of_causes(causes: CauseTable | None) -> Iterator[str]:
    """Errors by cause; nothing where there are none."""
    if causes is not None:
        yield escape(causes.title)
        yield table(causes.header, causes.rows)


def blocks_of_delays(delays: DelayTable | None) -> Iterator[str]:
    """Delays and what was read after each, with a title and notes; nothing where nothing was measured."""
    if delays is not None:
        yield escape(delays.title)
        yield from (table(header, rows) for header, rows in delays.grids)
        yield "\n".join(f"- {escape(note)}" for note in delays.notes)


def listed(facts: Iterable[Fact]) -> str:
    """Labels and what they label, as a list."""
    return "\n".join(f"- **{escape(fact.label)}**: {escape(fact.text)}" for fact in facts)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or nothing when it has no rows."""
    lines = [[escape(cell) for cell in row] for row in rows]
    if not lines:
        return ""
    return "\n".join(map(_line, [list(header), ["---"] * len(header), *lines]))


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"

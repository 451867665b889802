"""A verdict as lines: how each family came out with its figures, and the findings by how much they weigh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.conformance.findings import (
    ChunkingMeasured,
    Family,
    Finding,
    PacingMeasured,
    Severity,
    Status,
    Verdict,
)
from reports.figures import count, duration, milliseconds, one_line, shorten, undefined

_EVIDENCE_CHARACTERS: Final = 160


class FamilyLine(NamedTuple):
    """One family of rules: how it came out, and what was measured (several lines for several legs)."""

    family: str
    status: Status
    figures: tuple[str, ...]


class FindingLine(NamedTuple):
    """One finding; `evidence` and `source` may be empty."""

    severity: Severity
    rule: str
    message: str
    place: str
    evidence: str
    source: str


@dataclass(frozen=True, slots=True)
class VerdictSummary:
    """A verdict, ready to be laid out.

    Attributes:
        recording: its name.
        passed: whether no error was found.
        totals: how many errors, warnings and pieces of advice.
        families: all four, in a fixed order.
        findings: errors first, then warnings, then advice; within one in the order of the verdict.
        left_out: rules broken more often than there are findings, and how often.
    """

    recording: str
    passed: bool
    totals: str
    families: tuple[FamilyLine, ...]
    findings: tuple[FindingLine, ...]
    left_out: tuple[str, ...]


def status_word(status: Status) -> str:
    """`pass`, `warn`, `fail` or `not judged`."""
    return status.value.replace("-", " ")


def summarise_verdict(verdict: Verdict) -> VerdictSummary:
    """Format everything a verdict holds."""
    counts = verdict.counts
    return VerdictSummary(
        recording=one_line(verdict.recording),
        passed=verdict.passed,
        totals=f"{count(counts.errors, 'error')}, {count(counts.warnings, 'warning')}, {counts.advice} advice",
        families=tuple(
            FamilyLine(family.value, verdict.families.get(family, Status.NOT_JUDGED), tuple(_FIGURES[family](verdict)))
            for family in Family
        ),
        findings=tuple(
            _finding(finding) for severity in Severity for finding in verdict.findings if finding.severity is severity
        ),
        left_out=tuple(_left_out(verdict)),
    )


def _chunking(verdict: Verdict) -> Iterator[str]:
    for measured in verdict.chunking:
        yield _leg(measured.leg, len(verdict.chunking)) + _chunks(measured)


def _chunks(measured: ChunkingMeasured) -> str:
    size = count(measured.typical_bytes, "byte")
    if measured.typical_ms is None:
        chunk = f"chunks of {size}, {undefined('milliseconds do not follow from bytes')}"
    else:
        chunk = f"chunks of {milliseconds(measured.typical_ms)} ({size})"
    spread = f"smallest {measured.smallest_bytes}, largest {measured.largest_bytes}"
    return f"{chunk}, {count(measured.frames, 'frame')}, {measured.other_sizes} of other sizes ({spread})"


def _pacing(verdict: Verdict) -> Iterator[str]:
    for measured in verdict.pacing:
        yield _leg(measured.leg, len(verdict.pacing)) + ", ".join(_paces(measured))


def _paces(measured: PacingMeasured) -> Iterator[str]:
    yield f"drift {duration(measured.drift_s, signed=True)}"
    if measured.lateness_p50_s is None or measured.lateness_p99_s is None:
        yield f"lateness {undefined('the sender recorded no schedule')}"
    else:
        yield f"lateness p50 {duration(measured.lateness_p50_s)}, p99 {duration(measured.lateness_p99_s)}"
    yield f"largest burst {duration(measured.largest_burst_audio_s)} of audio"
    yield f"longest gap {duration(measured.longest_gap_wall_s)}"
    yield "speed " + (undefined("a single instant") if measured.speed is None else f"{measured.speed:z.3f}")
    yield f"on the {one_line(measured.clock)}'s clock"


def _parsing(verdict: Verdict) -> Iterator[str]:
    yield f"{count(verdict.counts.downstream_messages, 'message')} from the server"


def _protocol(verdict: Verdict) -> Iterator[str]:
    counts = verdict.counts
    upstream = f"{count(counts.audio_frames, 'audio frame')} and {count(counts.upstream_messages, 'message')}"
    yield f"{count(counts.legs, 'connection')}, {upstream} from the client"


_FIGURES: Final[Mapping[Family, Callable[[Verdict], Iterator[str]]]] = {
    Family.CHUNKING: _chunking,
    Family.PACING: _pacing,
    Family.PARSING: _parsing,
    Family.PROTOCOL: _protocol,
}


def _leg(number: int, legs: int) -> str:
    return f"leg {number}: " if legs > 1 else ""


def _finding(finding: Finding) -> FindingLine:
    return FindingLine(
        severity=finding.severity,
        rule=one_line(finding.rule),
        message=one_line(finding.message),
        place=", ".join(_place(finding)),
        evidence=shorten(finding.evidence, _EVIDENCE_CHARACTERS),
        source=one_line(finding.source),
    )


def _place(finding: Finding) -> Iterator[str]:
    yield finding.blame.value
    if finding.leg is not None:
        yield f"leg {finding.leg}"
    if finding.frame is not None:
        yield f"entry {finding.frame}"
    if finding.audio_s is not None:
        yield f"audio {finding.audio_s:z.3f} s"
    if finding.wall_s is not None:
        yield f"wall {finding.wall_s:z.3f} s"


def _left_out(verdict: Verdict) -> Iterator[str]:
    shown = Counter(finding.rule for finding in verdict.findings)
    for rule, broken in verdict.broken.items():
        if broken > shown[rule]:
            yield f"{one_line(rule)}: broken {count(broken, 'time')}, {shown[rule]} shown"

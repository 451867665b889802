"""A run as rows and figures, formatted once for every renderer. All text from outside is on one line and harmless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.results import CaseResult, Check, Outcome, Pacing, Prerecorded, RunResult, Streamed
from reports.causes import CauseTable, cause_table, run_cause_table
from reports.delays import DelayTable, delay_table
from reports.figures import count, duration, duration_or, one_line, percent, shorten, undefined
from reports.scores import ScoreTable, Side, comparison_line, rate_cell, score_table, score_title
from reports.verdicts import VerdictSummary, summarise_verdict

_TRANSCRIPT_CHARACTERS: Final = 240

_ORIGIN: Final[dict[bool | None, str]] = {
    True: "synthetic: nothing was recognised",
    False: "recognised, not synthetic",
    None: "whether they are synthetic is not known",
}


class Fact(NamedTuple):
    """A label and what it labels."""

    label: str
    text: str


class CheckLine(NamedTuple):
    """One threshold."""

    name: str
    found: str
    allowed: str
    passed: bool


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One case, ready to be laid out.

    Attributes:
        name: the case's.
        outcome: how it came out.
        reasons: why it did not pass.
        facts: audio, where the replies came from and whether they are synthetic, what each endpoint did.
        transcripts: reference and final texts, shortened.
        verdict: the judge's; None when the streaming session was not judged.
        scores: both endpoints side by side.
        checks: the thresholds.
        wer_streaming, wer_prerecorded: the WER alone, for a table of cases.
        origin: whether the replies are synthetic.
        delays: how late the streamed words came and how stable they were; None when that was not measured.
        causes: of the errors that streaming has and pre-recorded has not; None when there are none.
    """

    name: str
    outcome: Outcome
    reasons: tuple[str, ...]
    facts: tuple[Fact, ...]
    transcripts: tuple[Fact, ...]
    verdict: VerdictSummary | None
    scores: ScoreTable
    checks: tuple[CheckLine, ...]
    wer_streaming: str
    wer_prerecorded: str
    origin: str
    delays: DelayTable | None = None
    causes: CauseTable | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run, ready to be laid out.

    Attributes:
        tool: name and version of the writer.
        facts: when, against which server, under which seed, and whether replies are synthetic.
        cases: in the order they were run.
        totals: the scores of all cases added up.
        comparison: what may be said of streaming against pre-recorded; None when no case has both.
        last_line: `PASS: 8 cases`, `FAIL: 1 of 8 cases` or `PARTIAL: ...`.
        delays: of all streams together; None when there are none.
        causes: of all cases together; None when there are none.
        word: the first word of the last line.
    """

    tool: str
    facts: tuple[Fact, ...]
    cases: tuple[CaseSummary, ...]
    totals: ScoreTable
    comparison: str | None
    last_line: str
    delays: DelayTable | None = None
    causes: CauseTable | None = None

    @property
    def word(self) -> str:
        """`PASS`, `FAIL` or `PARTIAL`."""
        return self.last_line.partition(":")[0]


def summarise_run(run: RunResult) -> RunSummary:
    """Format everything a run holds."""
    return RunSummary(
        tool=one_line(run.tool),
        facts=(
            Fact("created", one_line(run.created)),
            Fact("server", one_line(run.server)),
            Fact("seed", "each case's own" if run.seed is None else str(run.seed)),
            Fact("replies", _run_origin(run.cases)),
        ),
        cases=tuple(summarise_case(case) for case in run.cases),
        totals=_totals(run),
        comparison=None if run.comparison is None else comparison_line(run.comparison),
        last_line=_last_line(run),
        delays=delay_table(run.delay, run.stability),
        causes=run_cause_table(run.cases),
    )


def summarise_case(case: CaseResult) -> CaseSummary:
    """Format everything a case holds."""
    streaming, prerecorded = _side(case, case.streamed), _side(case, case.prerecorded)
    return CaseSummary(
        name=one_line(case.name),
        outcome=case.outcome,
        reasons=tuple(one_line(reason) for reason in case.reasons),
        facts=tuple(_facts(case)),
        transcripts=tuple(_transcripts(case)),
        verdict=None if case.verdict is None else summarise_verdict(case.verdict),
        scores=score_table(score_title([case.synthetic]), streaming, prerecorded),
        checks=tuple(_check(check) for check in case.checks),
        wer_streaming=rate_cell(streaming.score),
        wer_prerecorded=rate_cell(prerecorded.score),
        origin=_ORIGIN[case.synthetic],
        delays=delay_table(case.streamed.delay, case.streamed.stability) if case.streamed else None,
        causes=cause_table(case.causes),
    )


def _last_line(run: RunResult) -> str:
    total = count(len(run.cases), "case")
    failed = sum(case.outcome is not Outcome.PASS for case in run.cases)
    errors = sum(case.outcome is Outcome.ERROR for case in run.cases)
    could_not = f" ({errors} could not be carried through)" if errors else ""
    if run.partial:
        return f"PARTIAL: interrupted after {total}, {failed} of them not passed{could_not}"
    return f"FAIL: {failed} of {total}{could_not}" if failed else f"PASS: {total}"


def _run_origin(cases: tuple[CaseResult, ...]) -> str:
    flags = [case.synthetic for case in cases]
    parts = [f"{_ORIGIN[flag]} ({flags.count(flag)} of {count(len(flags), 'case')})" for flag in (True, False, None)]
    return "; ".join(part for part, flag in zip(parts, (True, False, None), strict=True) if flag in flags) or "no case"


def _totals(run: RunResult) -> ScoreTable:
    streamed = [case.streamed is not None and case.streamed.score is not None for case in run.cases]
    posted = [case.prerecorded is not None and case.prerecorded.score is not None for case in run.cases]
    scored = [case for case, *sides in zip(run.cases, streamed, posted, strict=True) if any(sides)]
    notes = [f"added up over {sum(streamed)} streaming and {sum(posted)} pre-recorded scores"]
    comparable = streamed == posted
    if any(streamed) and any(posted) and not comparable:
        notes.append("the two sides were scored on different cases and do not compare")
    return score_table(
        score_title(case.synthetic for case in scored),
        Side(run.streaming, "the run gives no total" if any(streamed) else "no case has a score for it"),
        Side(run.prerecorded, "the run gives no total" if any(posted) else "no case has a score for it"),
        notes,
        comparable=comparable,
    )


def _side(case: CaseResult, part: Streamed | Prerecorded | None) -> Side:
    if part is None:
        return Side(None, "it was not asked")
    if part.failure is not None:
        return Side(part.score, "it failed")
    return Side(part.score, "there is no reference" if case.reference is None else "the run gives no score")


def _facts(case: CaseResult) -> Iterator[Fact]:
    yield Fact("audio", one_line(case.audio))
    yield Fact("replies", f"{one_line(case.replies)}; {_ORIGIN[case.synthetic]}")
    if case.streamed is not None:
        yield Fact("streaming", ", ".join(_streamed(case.streamed)))
        if case.streamed.pacing is not None:
            yield Fact("schedule", _schedule(case.streamed.pacing))
        yield from _outages(case.streamed)
        yield from _failure("streaming", case.streamed.failure)
    if case.prerecorded is not None:
        yield Fact("pre-recorded", ", ".join(_posted(case.prerecorded)))
        yield from _failure("pre-recorded", case.prerecorded.failure)
    if case.recording is not None:
        yield Fact("recording", one_line(case.recording))


def _outages(streamed: Streamed) -> Iterator[Fact]:
    if streamed.outages:
        told = (f"lost at {one.lost_wall_s:.2f} s, back after {duration(one.took_s)}" for one in streamed.outages)
        yield Fact("connections", f"{streamed.connections}: {'; '.join(told)}")
    for gap in streamed.dropped:
        length = gap.end_audio_s - gap.start_audio_s
        yield Fact("dropped", f"{gap.start_audio_s:.3f} to {gap.end_audio_s:.3f} s of the source ({length:.3f} s)")


def _failure(endpoint: str, failure: str | None) -> Iterator[Fact]:
    if failure is not None:
        yield Fact("failure", f"{endpoint}: {one_line(failure)}")


def _streamed(streamed: Streamed) -> Iterator[str]:
    yield from _posted(streamed)
    yield f"{count(streamed.interims, 'interim')} and {count(streamed.finals, 'final')}"
    yield f"first interim {duration_or(streamed.first_interim_wall_s, 'none with text')}"
    yield f"first final {duration_or(streamed.first_final_wall_s, 'none with text')}"
    yield f"last message {duration_or(streamed.last_message_wall_s, 'none')} after the last audio"


def _posted(part: Streamed | Prerecorded) -> Iterator[str]:
    yield f"{duration(part.audio_s)} of audio in {duration(part.wall_s)}"
    yield f"request {undefined('none given') if part.request_id is None else one_line(part.request_id)}"


def _schedule(pacing: Pacing) -> str:
    return (
        f"{count(pacing.sends, 'send')}, drift {duration(pacing.drift_s, signed=True)}, "
        f"lateness p50 {duration(pacing.lateness_p50_s)}, p99 {duration(pacing.lateness_p99_s)}, "
        f"most {duration(pacing.max_lateness_s)}"
    )


def _transcripts(case: CaseResult) -> Iterator[Fact]:
    if case.reference is not None:
        yield Fact("reference", _short(case.reference))
    for name, part in (("streaming", case.streamed), ("pre-recorded", case.prerecorded)):
        texts = () if part is None else part.transcript
        for channel, text in enumerate(texts):
            yield Fact(f"{name} text {channel}" if len(texts) > 1 else f"{name} text", _short(text))


def _short(text: str) -> str:
    return shorten(text, _TRANSCRIPT_CHARACTERS) or "(empty)"


def _check(check: Check) -> CheckLine:
    reason = "not scored" if check.name.endswith(("_wer", "_cer")) else "not measured"
    found = undefined(reason) if check.found is None else _measure(check.name, check.found)
    return CheckLine(one_line(check.name), found, _measure(check.name, check.allowed), check.passed)


def _measure(name: str, value: float) -> str:
    """A figure in the unit that the threshold's name tells: shares, seconds, or a plain number."""
    if name.endswith(("_wer", "_cer")):
        return percent(value)
    return duration(value) if name.endswith("_s") else f"{value:zg}"

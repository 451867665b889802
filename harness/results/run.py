"""What a run and its cases came to."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

import msgspec

from harness.conformance.findings import Verdict
from harness.results.causes import Causes
from harness.results.delay import Delay, DelayTotal, Stability
from harness.results.scores import AlignedRun, Comparison, Score
from harness.results.timeline import Timeline

LAYOUT_VERSION: Final = 1


class Outcome(StrEnum):
    """How a case came out: `error` when it could not be carried through."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"


class Pacing(msgspec.Struct, frozen=True, kw_only=True):
    """How the client kept its own schedule; see `harness.audio.pacing.PacingStats`."""

    sends: int
    drift_s: float
    lateness_p50_s: float
    lateness_p99_s: float
    max_lateness_s: float


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """A lost connection that was followed by another: when it was lost, and how long the next one took to open."""

    lost_wall_s: float
    took_s: float


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Audio of the source, in its seconds, that was given up because the buffer could not hold it."""

    start_audio_s: float
    end_audio_s: float


class Streamed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of streaming.

    Attributes:
        transcript: the final text of each channel.
        request_id: of the connection.
        audio_s: seconds of audio sent.
        wall_s: from the connect to the end.
        interims: Results that were not final.
        finals: Results that were.
        first_interim_wall_s: from the first audio to the first Results with text; None when there was none.
        first_final_wall_s: the same to the first final with text.
        last_message_wall_s: from the last audio to the last message.
        pacing: of our sends.
        score: against the reference; None without one.
        alignment: the words beside the reference's, for readers to see; empty without a score.
        failure: why the session was not completed, or None.
        connections: how many were opened.
        outages: those that were got over, in order.
        dropped: what of the source was given up, in order.
        delay: how late words, messages and turns came.
        stability: how much of what was shown was taken back.
    """

    transcript: tuple[str, ...]
    request_id: str | None
    audio_s: float
    wall_s: float
    interims: int
    finals: int
    first_interim_wall_s: float | None
    first_final_wall_s: float | None
    last_message_wall_s: float | None
    pacing: Pacing | None
    score: Score | None
    alignment: tuple[AlignedRun, ...] = ()
    failure: str | None = None
    connections: int = 1
    outages: tuple[Outage, ...] = ()
    dropped: tuple[Gap, ...] = ()
    delay: Delay | None = None
    stability: Stability | None = None


class Prerecorded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of posting the file: as in `Streamed`."""

    transcript: tuple[str, ...]
    request_id: str | None
    audio_s: float
    wall_s: float
    score: Score | None
    alignment: tuple[AlignedRun, ...] = ()
    failure: str | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One threshold of a case: what was found against what is allowed."""

    name: str
    found: float | None
    allowed: float
    passed: bool


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a case came to.

    Attributes:
        name: the case's.
        outcome: pass, fail or error.
        reasons: why it did not pass, one sentence each.
        audio: the file's name.
        reference: the reference text; None when there is none.
        replies: where the answers came from, in words.
        synthetic: whether they were made up rather than recognised; None when that is not known.
        streamed, prerecorded: what came of each endpoint; None when it was not asked.
        verdict: the judge's, on the streaming session.
        checks: the thresholds.
        recording: path of the recording, when one was written.
        causes: why streaming has errors that pre-recorded has not; None without a reference or a pre-recorded answer.
        timeline: the streaming session along its audio; None when it was not asked.
    """

    name: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    audio: str
    reference: str | None = None
    replies: str
    synthetic: bool | None = None
    streamed: Streamed | None = None
    prerecorded: Prerecorded | None = None
    verdict: Verdict | None = None
    checks: tuple[Check, ...] = ()
    recording: str | None = None
    causes: Causes | None = None
    timeline: Timeline | None = None


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to.

    Attributes:
        layout: version of this layout.
        tool: name and version of the writer.
        created: RFC 3339 UTC.
        server: which server answered.
        seed: of all chance in the run; None is each case's own.
        partial: whether it was interrupted before the last case.
        cases: in the order they were run.
        streaming, prerecorded: the scores of all cases added up; None when nothing was scored.
        comparison: streaming against pre-recorded over the cases with a reference that were asked both ways, a side
            that failed being an empty transcript; None when there are none.
        delay: the delays of all streams; None when there are none.
        stability: the revisions of all streams added up; None when there are none.
    """

    layout: Literal[1] = LAYOUT_VERSION
    tool: str
    created: str
    server: str
    seed: int | None
    partial: bool
    cases: tuple[CaseResult, ...]
    streaming: Score | None
    prerecorded: Score | None
    comparison: Comparison | None = None
    delay: DelayTotal | None = None
    stability: Stability | None = None

    @property
    def passed(self) -> bool:
        """Whether every case passed and none is missing."""
        return not self.partial and all(case.outcome is Outcome.PASS for case in self.cases)

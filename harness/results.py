"""What a run came to: frozen values that msgspec writes as JSON, and the only thing that reports see.

The JSON layout is documented in docs/reference/results.md and is stable within `LAYOUT_VERSION`. Counts are stored,
rates are stored beside them for readers that cannot divide; a rate is null where it is undefined.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Literal

import msgspec

from harness.audio.pacing import percentile
from harness.conformance.findings import Verdict
from harness.scoring.error_rate import ErrorRate
from harness.scoring.wer import CorpusScore, TextScore

LAYOUT_VERSION: Final = 1


class Outcome(StrEnum):
    """How a case came out: `error` when it could not be carried through."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Edit counts, and the error rate that follows from them (None for an empty reference)."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int
    reference_length: int
    rate: float | None

    @classmethod
    def of(cls, score: ErrorRate) -> Counts:
        """The counts of a score."""
        return cls(
            hits=score.hits,
            substitutions=score.substitutions,
            deletions=score.deletions,
            insertions=score.insertions,
            reference_length=score.reference_length,
            rate=score.rate,
        )

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions together."""
        return self.substitutions + self.deletions + self.insertions


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One text, or many added up, against the reference, under one normaliser.

    Attributes:
        normalizer: name and version, as in `basic@1`.
        words: counts over words; `words.rate` is the WER.
        characters: counts over characters; `characters.rate` is the CER.
        mer: match error rate of the words.
        wil: word information lost.
    """

    normalizer: str
    words: Counts
    characters: Counts
    mer: float | None
    wil: float | None

    @classmethod
    def of(cls, score: TextScore | CorpusScore) -> Score:
        """A score of the scoring room as a result."""
        return cls(
            normalizer=score.normalizer,
            words=Counts.of(score.words),
            characters=Counts.of(score.characters),
            mer=score.mer,
            wil=score.wil,
        )


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
        failure: why the session was not completed, or None.
        connections: how many were opened.
        outages: those that were got over, in order.
        dropped: what of the source was given up, in order.
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
    failure: str | None = None
    connections: int = 1
    outages: tuple[Outage, ...] = ()
    dropped: tuple[Gap, ...] = ()


class Prerecorded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of posting the file: as in `Streamed`."""

    transcript: tuple[str, ...]
    request_id: str | None
    audio_s: float
    wall_s: float
    score: Score | None
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

    @property
    def passed(self) -> bool:
        """Whether every case passed and none is missing."""
        return not self.partial and all(case.outcome is Outcome.PASS for case in self.cases)


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of seconds on the virtual wall clock; percentiles are nearest-rank.

    Attributes:
        n: how many.
        p50_s, p95_s: percentiles.
        most_s: the longest.
    """

    n: int
    p50_s: float
    p95_s: float
    most_s: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread | None:
        """Of these; None when there are none."""
        if not seconds:
            return None
        p50_s, p95_s = (round(percentile(seconds, percent), 3) for percent in (50, 95))
        return cls(n=len(seconds), p50_s=p50_s, p95_s=p95_s, most_s=round(max(seconds), 3))


class Exploration(msgspec.Struct, frozen=True, kw_only=True):
    """Many schedules together; layout of `dgharness simulate --json`.

    Attributes:
        schedules: how many were tried.
        failed: how many of them failed.
        words_lost, words_doubled: summed over all.
        connections: how many were asked for in all.
        event_log_sha256: hash over every run's event log, in order of the seeds.
        first_seed: the first seed.
        first_failure: the first failing schedule, shrunk, one line a fault; empty when none failed.
        first_failure_seed: its seed; None when none failed.
        first_failure_problems: what was wrong with it.
        partial: whether the exploration was interrupted.
        reconnect_wall_s: for each kind of fault that ended a connection, seconds from it to the next open connection.
        final_delay_wall_s: seconds from when the end of a final's audio was due to its arrival, on first connections.
        final_delay_after_reconnect_wall_s: the same on all later ones.
    """

    schedules: int
    failed: int
    words_lost: int
    words_doubled: int
    connections: int
    event_log_sha256: str
    first_seed: int
    first_failure: tuple[str, ...] = ()
    first_failure_seed: int | None = None
    first_failure_problems: tuple[str, ...] = ()
    partial: bool = False
    reconnect_wall_s: dict[str, Spread] = {}
    final_delay_wall_s: Spread | None = None
    final_delay_after_reconnect_wall_s: Spread | None = None


def to_json(result: msgspec.Struct, *, indent: int = 2) -> str:
    """A result as JSON text, keys in the order they are declared."""
    return msgspec.json.format(msgspec.json.encode(result), indent=indent).decode()


def from_json(data: bytes) -> RunResult:
    """Read a run's result.

    Raises:
        msgspec.MsgspecError: it is not JSON, or not of this layout.
    """
    run: RunResult = msgspec.json.decode(data, type=RunResult)
    return run


def to_builtins(result: msgspec.Struct) -> Any:
    """A result as plain dicts and lists."""
    return msgspec.to_builtins(result)

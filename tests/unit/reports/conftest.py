"""One run with everything in it: a failed synthetic case that was judged, and a passed case without a reference."""

from __future__ import annotations

import pytest

from harness.conformance import findings
from harness.conformance.findings import Blame, Family, Finding, Severity, Status, Verdict
from harness.results import (
    CaseResult,
    Check,
    Counts,
    Outcome,
    Pacing,
    Prerecorded,
    RunResult,
    Score,
    Streamed,
)
from harness.scoring.error_rate import ErrorRate


@pytest.fixture
def verdict() -> Verdict:
    return Verdict(
        recording="greeting.jsonl",
        passed=False,
        families={Family.CHUNKING: Status.PASS, Family.PACING: Status.FAIL, Family.PARSING: Status.WARN},
        counts=findings.Counts(legs=1, audio_frames=500, upstream_messages=2, downstream_messages=12, errors=25),
        broken={"PACE-0001": 25, "PARSE-0002": 1},
        findings=(
            Finding(
                rule="PARSE-0002",
                family=Family.PARSING,
                blame=Blame.SERVER,
                severity=Severity.WARNING,
                message="the words end at 3.2 s; wanted at most 3.1 s",
                leg=0,
                frame=12,
                audio_s=3.2,
                wall_s=3.25,
                evidence="Results",
                source="https://example.org/a_page",
            ),
            Finding(
                rule="PACE-0001",
                family=Family.PACING,
                blame=Blame.CLIENT,
                severity=Severity.ERROR,
                message="drift of 0.4 s; wanted at most 0.07 s",
                source="a public issue",
            ),
        ),
        chunking=(
            findings.ChunkingMeasured(
                leg=0,
                frames=500,
                size=320_000,
                typical_bytes=640,
                typical_ms=20.0,
                smallest_bytes=320,
                largest_bytes=640,
                other_sizes=3,
            ),
        ),
        pacing=(
            findings.PacingMeasured(
                leg=0,
                clock="client",
                sends=500,
                audio_s=10.0,
                wall_s=10.4,
                speed=0.96,
                drift_s=0.4,
                drift_per_s=0.04,
                jitter_p50_s=0.001,
                jitter_p99_s=0.002,
                largest_burst_audio_s=0.06,
                longest_gap_wall_s=1.5,
                max_lead_s=0.0,
                max_lag_s=0.4,
                lateness_p50_s=0.0003,
                lateness_p99_s=0.0021,
                max_lateness_s=0.01,
            ),
        ),
    )


@pytest.fixture
def streaming_score() -> Score:
    return _score(words=ErrorRate(90, 5, 5, 2), characters=ErrorRate(490, 5, 5, 10))


@pytest.fixture
def prerecorded_score() -> Score:
    return _score(words=ErrorRate(97, 2, 1, 0), characters=ErrorRate(495, 4, 1, 0))


@pytest.fixture
def failed_case(verdict: Verdict, streaming_score: Score, prerecorded_score: Score) -> CaseResult:
    return CaseResult(
        name="greeting",
        outcome=Outcome.FAIL,
        reasons=("the judge found 25 errors",),
        audio="greeting.wav",
        reference="good morning everyone",
        replies="script synthesised from the reference",
        synthetic=True,
        streamed=Streamed(
            transcript=("Good morning every one.",),
            request_id="3f2a",
            audio_s=10.0,
            wall_s=10.2,
            interims=12,
            finals=1,
            first_interim_wall_s=0.412,
            first_final_wall_s=None,
            last_message_wall_s=0.2,
            pacing=Pacing(
                sends=500, drift_s=-0.0004, lateness_p50_s=0.0002, lateness_p99_s=0.0019, max_lateness_s=0.003
            ),
            score=streaming_score,
        ),
        prerecorded=Prerecorded(
            transcript=("Good morning everyone.",), request_id=None, audio_s=10.0, wall_s=0.3, score=prerecorded_score
        ),
        verdict=verdict,
        checks=(
            Check(name="streaming_wer", found=0.12, allowed=0.05, passed=False),
            Check(name="first_interim_wall_s", found=0.412, allowed=1.0, passed=True),
            Check(name="prerecorded_cer", found=None, allowed=0.1, passed=False),
            Check(name="verdict_warnings", found=1.0, allowed=0.0, passed=False),
        ),
        recording="out/greeting.jsonl",
    )


@pytest.fixture
def passed_case() -> CaseResult:
    return CaseResult(
        name="no reference",
        outcome=Outcome.PASS,
        audio="call.wav",
        replies="recording call.jsonl",
        synthetic=False,
        prerecorded=Prerecorded(transcript=("left", ""), request_id="77", audio_s=2.0, wall_s=0.1, score=None),
    )


@pytest.fixture
def run(
    failed_case: CaseResult, passed_case: CaseResult, streaming_score: Score, prerecorded_score: Score
) -> RunResult:
    return RunResult(
        tool="dgharness 0.1.0",
        created="2026-01-31T12:00:00Z",
        server="127.0.0.1:8089",
        seed=7,
        partial=False,
        cases=(failed_case, passed_case),
        streaming=streaming_score,
        prerecorded=prerecorded_score,
    )


def _score(words: ErrorRate, characters: ErrorRate) -> Score:
    return Score(
        normalizer="basic@1",
        words=Counts.of(words),
        characters=Counts.of(characters),
        mer=words.match_error_rate,
        wil=words.word_information_lost,
    )

"""Laws of the judge: it never raises, keeps silent about good sessions, and finds a stall wherever it lies."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.audio.pacing import Speed
from harness.conformance.findings import Family, Severity, Status, Verdict
from harness.conformance.judge import judge
from harness.conformance.rules import RULES
from harness.conformance.settings import ClientClaim, JudgeSettings
from harness.recording.document import Recording
from harness.recording.entries import (
    AnyEntry,
    Audio,
    Binary,
    Close,
    Direction,
    End,
    Header,
    Lost,
    Note,
    Opened,
    Refused,
    Side,
    Text,
)

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM
QUERY = "model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true"

# --- anything at all --------------------------------------------------------------------------------------------------

numbers = st.floats() | st.floats(0, 20) | st.sampled_from((0.0, 1.0, -1.0, 1e308))
directions = st.sampled_from(Direction)
legs = st.integers(0, 2)
sizes = st.sampled_from((0, 19, 20, 640, 641, 3_200)) | st.integers(0, 2**62)
words = st.fixed_dictionaries({"word": st.text(max_size=5), "start": numbers, "end": numbers, "confidence": numbers})
alternatives = st.fixed_dictionaries(
    {"transcript": st.text(max_size=20), "confidence": numbers, "words": st.lists(words, max_size=3)}
)
ids = st.fixed_dictionaries({"request_id": st.sampled_from(("a", "b"))})
channels = st.tuples(st.integers(-1, 2), st.integers(0, 2))
results = st.fixed_dictionaries(
    {
        "type": st.just("Results"),
        "channel_index": channels,
        "duration": numbers,
        "start": numbers,
        "is_final": st.booleans(),
        "speech_final": st.booleans(),
        "from_finalize": st.booleans(),
        "channel": st.fixed_dictionaries({"alternatives": st.lists(alternatives, max_size=2)}),
        "metadata": ids,
    }
)
events = st.fixed_dictionaries(
    {
        "type": st.sampled_from(("SpeechStarted", "UtteranceEnd")),
        "channel": channels,
        "timestamp": numbers,
        "last_word_end": numbers,
    }
)
ends = st.fixed_dictionaries(
    {
        "type": st.just("Metadata"),
        "transaction_key": st.just("deprecated"),
        "request_id": st.sampled_from(("a", "b")),
        "sha256": st.just(""),
        "created": st.just(""),
        "duration": numbers,
        "channels": st.integers(0, 2),
    }
)
controls = st.fixed_dictionaries(
    {"type": st.sampled_from(("KeepAlive", "Finalize", "CloseStream", "keepalive", "Error", "Sync"))}
)
texts = (results | events | ends | controls).map(json.dumps) | st.text(max_size=30) | st.just('{"type":{}}')
headers = st.sampled_from(({}, {"dg-request-id": "a"}, {"dg-error": "Token 0123456789"}))
entries: st.SearchStrategy[AnyEntry] = st.one_of(
    st.builds(Opened, leg=legs, wall_s=numbers, status=st.just(101), headers=headers),
    st.builds(Refused, leg=legs, wall_s=numbers, status=st.integers(-1, 600), headers=headers),
    st.builds(Text, leg=legs, direction=directions, wall_s=numbers, audio_s=numbers, text=texts),
    st.builds(
        Binary,
        leg=legs,
        direction=directions,
        wall_s=numbers,
        audio_s=numbers,
        size=sizes,
        due_s=st.none() | numbers,
    ),
    st.builds(Close, leg=legs, direction=directions, wall_s=numbers, audio_s=numbers, code=st.integers(), reason=texts),
    st.builds(Lost, leg=legs, wall_s=numbers, audio_s=numbers, why=texts),
    st.builds(Note, leg=legs, wall_s=numbers, audio_s=numbers, text=texts),
    st.builds(Audio, sha256=st.just(""), size=sizes, duration_audio_s=numbers),
    st.builds(End, wall_s=numbers, partial=st.booleans()),
)
queries = st.sampled_from(
    (QUERY, "", "model=nova-3", "punctuate=True&keyterms=a", "encoding=linear16&sample_rate=0", "encoding=opus")
) | st.text(max_size=40)
claims = st.none() | st.builds(
    ClientClaim,
    chunk_ms=st.none() | numbers,
    transcript=st.none() | st.text(max_size=40),
    final_words=st.none() | st.lists(st.text(max_size=5), max_size=5).map(tuple),
    error=st.none() | st.sampled_from(("KeyError: 'results'", "'channels'", "'metadata'")) | st.text(max_size=40),
)
limits = st.sampled_from(
    (
        JudgeSettings(),
        JudgeSettings(speed=Speed(4.0)),
        JudgeSettings(speed=Speed.MAX),
        JudgeSettings(drift_sends=1, jitter_sends=1, reply_loop_frames=1, refusals=1, findings_per_rule=1),
    )
)


def _recording(query: str, side: Side, path: str, lines: Sequence[AnyEntry]) -> Recording:
    header = Header(side=side, path=path, query=query, created="", tool="tests", replies="anything")
    return Recording(header, tuple(lines))


@given(
    queries,
    st.sampled_from(Side),
    st.sampled_from(("/v1/listen", "/v2/listen", "")),
    st.lists(entries, max_size=25),
    claims,
    limits,
    st.none() | st.binary(max_size=700),
)
@settings(max_examples=500)
def test_whatever_a_recording_holds_becomes_a_verdict(
    query: str,
    side: Side,
    path: str,
    lines: list[AnyEntry],
    claim: ClientClaim | None,
    limit: JudgeSettings,
    lead: bytes | None,
) -> None:
    verdict = judge(_recording(query, side, path, lines), claim, limit, lead_bytes=lead)
    known = {rule.id for rule in RULES}
    assert set(verdict.broken) <= known
    assert verdict.passed is (verdict.counts.errors == 0)
    assert sum(verdict.broken.values()) == (verdict.counts.errors + verdict.counts.warnings + verdict.counts.advice)
    assert all(f.frame is None or 0 <= f.frame < len(lines) for f in verdict.findings)
    assert len(verdict.findings) <= sum(verdict.broken.values())
    assert b'"findings"' in msgspec.json.encode(verdict)


# --- good sessions, and one thing wrong with them ---------------------------------------------------------------------


def _session(frames: Sequence[tuple[float, int]], side: Side, rate: int = 16_000) -> Recording:
    """A session of these frames (wall time, size), with a final each second, ended in order."""
    per_second = rate * 2
    lines: list[AnyEntry] = [Opened(leg=0, wall_s=0.0, headers={"dg-request-id": "a"})]
    sent = final_s = 0

    def text(direction: Direction, wall_s: float, **fields: object) -> None:
        lines.append(
            Text(leg=0, direction=direction, wall_s=wall_s, audio_s=sent / per_second, text=json.dumps(fields))
        )

    for wall_s, size in frames:
        sent += size
        lines.append(Binary(leg=0, direction=UP, wall_s=wall_s, audio_s=sent / per_second, size=size))
        if sent >= (final_s + 1) * per_second:
            alternative = {"transcript": "", "confidence": 0.0, "words": []}
            text(
                DOWN,
                wall_s,
                type="Results",
                channel_index=[0, 1],
                start=final_s,
                duration=1.0,
                is_final=True,
                speech_final=True,
                channel={"alternatives": [alternative]},
                metadata={"request_id": "a"},
            )
            final_s += 1
    wall_s = frames[-1][0] + 0.1
    text(UP, wall_s, type="CloseStream")
    left_s = sent / per_second - final_s
    silence = {"alternatives": [{"transcript": "", "confidence": 0.0, "words": []}]}
    rest = {"start": final_s, "duration": left_s, "is_final": True, "channel": silence, "metadata": {"request_id": "a"}}
    text(DOWN, wall_s, type="Results", channel_index=[0, 1], **rest)
    end = {"transaction_key": "deprecated", "sha256": "", "created": "", "channels": 1}
    text(DOWN, wall_s, type="Metadata", request_id="a", duration=sent / per_second, **end)
    lines += [Close(leg=0, direction=DOWN, wall_s=wall_s, audio_s=sent / per_second, code=1000), End(wall_s=wall_s)]
    query = f"model=nova-3&encoding=linear16&sample_rate={rate}"
    return _recording(query, side, "/v1/listen", lines)


def _paced(sizes: Sequence[int], jitter: Sequence[float], per_second: int) -> list[tuple[float, int]]:
    frames, sent = [], 0
    for place, size in enumerate(sizes):
        frames.append((sent / per_second + jitter[place % len(jitter)], size))
        sent += size
    return sorted(frames, key=lambda frame: frame[0])


@given(
    st.integers(20, 40),
    st.sampled_from((8_000, 11_025, 16_000, 44_100, 48_000)),
    st.floats(0.5, 6),
    st.lists(st.floats(0, 0.008), min_size=1, max_size=50),
    st.sampled_from(Side),
    st.integers(0, 100),
)
def test_a_paced_session_of_20_to_40_ms_frames_breaks_no_rule(
    chunk_ms: int, rate: int, length_s: float, jitter: list[float], side: Side, remainder: int
) -> None:
    size = chunk_ms * rate // 1000 * 2
    sizes = [size] * max(2, round(length_s * rate * 2 / size)) + ([remainder * 2] if remainder else [])
    verdict = judge(_session(_paced(sizes, jitter, rate * 2), side, rate))
    assert verdict.findings == ()
    assert {status for family, status in verdict.families.items() if family is not Family.PARSING} == {Status.PASS}


@given(
    st.integers(20, 40), st.floats(0.1, 0.9), st.floats(0.75, 8), st.floats(3, 20), st.sampled_from(Side), st.booleans()
)
def test_a_stall_that_is_caught_up_in_a_burst_is_always_found(
    chunk_ms: int, where: float, stall_s: float, length_s: float, side: Side, slowly: bool
) -> None:
    size = chunk_ms * 32
    begin_s = length_s * where
    frames = [
        # Nothing leaves during the stall; what was held back then leaves at once, or 1 ms apart.
        (
            max(wall_s, begin_s + stall_s + 0.001 * slowly * place / 20)
            if begin_s <= wall_s < begin_s + stall_s
            else wall_s,
            s,
        )
        for place, (wall_s, s) in enumerate(
            _paced([size] * round((length_s + stall_s) * 1000 / chunk_ms), [0.0], 32_000)
        )
    ]
    verdict = judge(_session(frames, side))
    assert "C-BURST" in verdict.broken
    assert abs((verdict.pacing[0].speed or 0) - 1) < 0.05  # the average shows nothing
    assert verdict.families[Family.PACING] is Status.FAIL
    excess_s = verdict.pacing[0].longest_gap_wall_s - chunk_ms / 1000
    assert ("C-GAP" in verdict.broken) is (excess_s > 1) or abs(excess_s - 1) < 1e-9


@given(st.integers(20, 40), st.floats(0.001, 0.02), st.floats(10, 30))
def test_a_sender_that_sleeps_a_chunk_after_each_send_is_found_to_drift(
    chunk_ms: int, work_s: float, length_s: float
) -> None:
    sleeping = chunk_ms / 1000 + work_s
    frames = [(place * sleeping, chunk_ms * 32) for place in range(round(length_s * 1000 / chunk_ms))]
    verdict: Verdict = judge(_session(frames, Side.CLIENT))
    assert [f.rule for f in verdict.findings if f.severity is Severity.ERROR] == ["C-DRIFT"]
    wall_s = frames[-1][0]
    lost_s = work_s * (len(frames) - 1)
    assert abs(verdict.pacing[0].drift_s - lost_s) < 0.02 * wall_s + 0.01

"""`harness.timeline`: a recorded session along its audio."""

from __future__ import annotations

import numpy as np

from harness.audio.decode import Audio as Decoded
from harness.conformance import findings
from harness.conformance.findings import Blame, Family, Finding, Severity, Verdict
from harness.ledger import Ledger, LegSpan
from harness.recording.document import Recording
from harness.recording.entries import Binary, Close, Direction, End, Header, Lost, Opened, Refused, Side, Text
from harness.timeline import SLICES, Provoked, timeline_of

RATE = 16_000
HEADER = Header(
    side=Side.CLIENT, path="/v1/listen", query="", created="2026-01-01T00:00:00Z", tool="t", replies="r", synthetic=True
)
FINAL = (
    '{"type":"Results","channel_index":[0,1],"duration":1.0,"start":0.0,"is_final":true,"speech_final":true,'
    '"from_finalize":false,"metadata":{"request_id":"r","model_info":{"name":"m","version":"v","arch":"a"},'
    '"model_uuid":"u"},"channel":{"alternatives":[{"transcript":"hello","confidence":1.0,"words":[{"word":"hello","start":0.25,'
    '"end":0.75,"confidence":1.0}]}]}}'
)


def audio(seconds: float) -> Decoded:
    samples = np.zeros((int(seconds * RATE), 1), np.float32)
    samples[len(samples) // 2 :] = 0.5
    return Decoded(samples=samples, sample_rate=RATE)


def sent(leg: int, wall_s: float, audio_s: float) -> Binary:
    return Binary(leg=leg, direction=Direction.UPSTREAM, wall_s=wall_s, audio_s=audio_s, size=RATE * 2, due_s=wall_s)


RECORDING = Recording(
    HEADER,
    (
        Opened(leg=0, wall_s=0.0),
        sent(0, 1.0, 1.0),
        Text(leg=0, direction=Direction.DOWNSTREAM, wall_s=1.2, audio_s=1.0, text=FINAL),
        sent(0, 2.0, 2.0),
        Lost(leg=0, wall_s=2.1, audio_s=2.0, why="reset"),
        Refused(leg=1, wall_s=2.5, status=503),
        Opened(leg=1, wall_s=3.0),
        sent(1, 3.1, 1.0),
        Text(leg=1, direction=Direction.UPSTREAM, wall_s=3.2, audio_s=1.0, text='{"type":"CloseStream"}'),
        Close(leg=1, direction=Direction.DOWNSTREAM, wall_s=3.3, audio_s=1.0, code=1000),
        End(wall_s=3.4),
    ),
)
LEDGER = Ledger(RATE, 3 * RATE, (LegSpan(0, 0, 2 * RATE), LegSpan(1, 2 * RATE, 3 * RATE)))


def test_events_come_in_order_with_the_audio_sent_by_then() -> None:
    line = timeline_of(RECORDING, LEDGER, audio(3.0))
    assert [(event.kind, event.audio_s) for event in line.events] == [
        ("opened", 0.0),
        ("lost", 2.0),
        ("refused", 2.0),
        ("opened", 2.0),
        ("control", 3.0),
        ("closed", 3.0),
    ]
    assert line.events[1].text == "connection 0 lost: reset"
    assert line.events[-1].text == "the server closed connection 1: 1000"


def test_a_message_lies_where_its_words_do_and_says_when_it_came() -> None:
    (span,) = timeline_of(RECORDING, LEDGER, audio(3.0)).spans
    assert (span.kind, span.start_audio_s, span.end_audio_s, span.arrived_audio_s) == ("final", 0.25, 1.0, 1.0)
    assert span.text == "hello"


def test_peaks_are_the_loudest_of_each_slice() -> None:
    line = timeline_of(RECORDING, LEDGER, audio(3.0))
    assert len(line.peaks) == SLICES
    assert set(line.peaks[: SLICES // 2]) == {0}
    assert set(line.peaks[SLICES // 2 :]) == {50}


def test_audio_shorter_than_the_slices_has_a_peak_for_each_frame() -> None:
    short = Decoded(samples=np.ones((5, 2), np.float32), sample_rate=RATE)
    assert timeline_of(RECORDING, LEDGER, short).peaks == (100,) * 5


def test_findings_stand_where_they_were_found() -> None:
    finding = Finding(
        rule="P-X", family=Family.PACING, blame=Blame.CLIENT, severity=Severity.WARNING, message="late", leg=1,
        audio_s=0.5, wall_s=3.05, source="s",
    )  # fmt: skip
    verdict = Verdict(
        recording="r", passed=True, families={}, broken={}, counts=findings.Counts(
            legs=2, audio_frames=3, upstream_messages=1, downstream_messages=1
        ), findings=(finding,),
    )  # fmt: skip
    (event,) = (one for one in timeline_of(RECORDING, LEDGER, audio(3.0), verdict).events if one.kind == "warning")
    assert (event.audio_s, event.text) == (2.5, "P-X: late")


def test_a_fault_stands_before_what_it_did_though_the_server_counts_from_earlier() -> None:
    provoked = (
        Provoked(0, 2.15, 2.0, "fault reset: connection"),
        Provoked(1, 0.0, 0.0, "fault refuse: handshake", at_handshake=True),
        Provoked(1, 0.15, 0.5, "fault delay: Results"),
    )
    line = timeline_of(RECORDING, LEDGER, audio(3.0), provoked=provoked)
    assert [(event.kind, event.audio_s) for event in line.events] == [
        ("opened", 0.0),
        ("fault", 2.0),
        ("lost", 2.0),
        ("fault", 2.0),
        ("refused", 2.0),
        ("opened", 2.0),
        ("fault", 2.5),
        ("control", 3.0),
        ("closed", 3.0),
    ]


def test_a_fault_of_a_connection_that_the_client_knows_nothing_of_is_shown_all_the_same() -> None:
    line = timeline_of(RECORDING, LEDGER, audio(3.0), provoked=(Provoked(7, 0.5, 0.25, "fault stall: connection"),))
    assert ("fault", 0.25) in [(event.kind, event.audio_s) for event in line.events]

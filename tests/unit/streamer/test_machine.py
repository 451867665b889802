"""The client in virtual time, on one connection: what it sends, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.audio.pacing import Speed
from harness.protocol.messages import Results
from harness.protocol.session import Timers
from harness.streamer.actions import Connect, SendText
from harness.streamer.machine import Phase
from harness.streamer.settings import StreamSettings
from tests.unit.streamer.talk import AT_ONCE, CLOSE_STREAM, FINALIZE, KEEP_ALIVE, finish

MakeClient = Callable[..., Any]
MakeFinal = Callable[..., Results]


def test_a_session_ends_well_with_metadata_and_the_close(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100))
    assert one.begin() == [Connect()]
    one.feed(1.0)
    one.end()
    one.open()
    one.run_for(2.0)
    assert [len(data) for _, data in one.frames] == [200] * 10
    assert one.said == [CLOSE_STREAM]
    one.hear(final(0.0, 1.0, ("hello", 0.2, 0.6)))
    finish(one)
    assert (one.machine.phase, one.machine.failure) == (Phase.DONE, None)
    outcome = one.outcome()
    assert outcome.transcript.text() == "hello"
    assert outcome.audio == b"".join(data for _, data in one.frames)
    assert outcome.ledger.account().transcribed_audio_s == 1.0


def test_frames_leave_by_absolute_deadlines_however_late_each_is_carried_out(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.feed(5.0)
    one.end()
    one.open()
    late_s = 0.03
    while one.machine.sent_audio_s < 5.0:
        one.now_s = max(one.now_s, one.machine.next_wakeup_s + late_s)
        one.did(one.machine.wake(one.now_s))
    times = [at - 1000.0 for at, _ in one.frames]
    assert times == pytest.approx([0.0] + [n / 10 + late_s for n in range(1, 50)])
    assert one.outcome().pacing.drift_s == pytest.approx(0.0, abs=1e-6)


def test_speed_max_waits_for_nothing_but_lets_others_run_in_between(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=20, speed=Speed.MAX))
    one.begin()
    one.feed(2.0)
    one.end()
    assert len(one.open()) == 32
    one.run_for(0.0)
    assert len(one.frames) == 100
    assert one.said == [CLOSE_STREAM]


def test_nothing_is_sent_before_the_connection_is_open(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.feed(1.0)
    one.end()
    assert one.machine.wake(one.now_s + 60) == []
    assert one.machine.next_wakeup_s is None
    assert one.done == [(1000.0, Connect())]


def test_nothing_is_sent_after_close_stream(client: MakeClient) -> None:
    one = client(StreamSettings(timers=Timers(drain_after_s=None)))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(1.0)
    assert one.said == [CLOSE_STREAM]
    count = len(one.done)
    one.run_for(100.0)
    assert len(one.done) == count


def test_finalize_comes_before_close_stream_when_asked_for(client: MakeClient) -> None:
    one = client(StreamSettings(finalize=True))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(1.0)
    assert one.said == [FINALIZE, CLOSE_STREAM]


def test_a_source_without_audio_is_closed_at_once(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.end()
    assert one.open() == [SendText(CLOSE_STREAM)]


def test_a_last_frame_that_is_not_full_is_sent_too(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.feed(0.25)
    one.end()
    one.open()
    one.run_for(1.0)
    assert [len(data) for _, data in one.frames] == [200, 200, 100]


def test_keep_alive_goes_out_as_text_while_the_source_is_silent(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.feed(0.1)
    one.open()
    one.run_for(16.0)
    assert one.said == [KEEP_ALIVE] * 3
    one.feed(0.1)
    one.end()
    one.run_for(1.0)
    assert one.said == [KEEP_ALIVE] * 3 + [CLOSE_STREAM]


def test_a_source_that_ran_dry_goes_on_from_now(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.feed(0.2)
    one.open()
    one.run_for(4.0)
    one.feed(0.3)
    one.run_for(1.0)
    assert [round(at - 1000.0, 3) for at, _ in one.frames] == [0.0, 0.1, 4.0, 4.1, 4.2]


def test_the_schedule_begins_with_the_first_connection(client: MakeClient) -> None:
    """A file has missed nothing while the connect took long: its first seconds go out no faster than the others."""
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(2.0)
    one.run_for(1.0)
    one.machine.connect_failed("cannot be reached", one.now_s)
    one.run_for(3.0)
    one.open()
    one.run_for(0.5)
    assert [round(at - 1004.0, 6) for at, _ in one.frames] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert one.outcome().pacing.max_lateness_s == pytest.approx(0.0, abs=1e-6)


def test_what_a_live_source_said_during_the_connect_is_a_backlog(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, live=True))
    one.begin()
    one.feed(2.0)
    one.run_for(1.0)
    one.open()
    one.run_for(0.5)
    times = [at - 1001.0 for at, _ in one.frames]
    assert times == pytest.approx([0.0, 0.08, 0.16, 0.24, 0.32, 0.40, 0.48])


def test_a_source_that_gives_its_first_audio_late_is_on_time_then(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.open()
    one.run_for(3.0)
    one.feed(0.3)
    one.run_for(1.0)
    assert [round(at - 1003.0, 6) for at, _ in one.frames] == [0.0, 0.1, 0.2]

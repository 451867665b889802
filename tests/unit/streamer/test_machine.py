"""The client in virtual time: when it sends, when it waits, when it comes back, and what it says was lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.audio.pacing import Speed
from harness.protocol.closing import CloseReason, ReasonStyle
from harness.protocol.codec import encode
from harness.protocol.messages import Metadata, Results, SpeechStarted
from harness.protocol.session import Timers
from harness.recording.entries import Binary, Note, Refused
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.machine import Connect, HangUp, Phase, SendAudio, SendText
from harness.streamer.settings import StreamSettings

MakeClient = Callable[..., Any]
MakeFinal = Callable[..., Results]

AT_ONCE = ReconnectPolicy(first_s=0.0, attempts=5)
KEEP_ALIVE, CLOSE_STREAM, FINALIZE = '{"type":"KeepAlive"}', '{"type":"CloseStream"}', '{"type":"Finalize"}'
METADATA = Metadata(
    transaction_key="deprecated",
    request_id="r",
    sha256="0" * 64,
    created="2026-01-01T00:00:00Z",
    duration=1.0,
    channels=1,
)


def kind(text: str) -> str:
    return str(json.loads(text)["type"])


def finish(client: Any) -> None:
    """The server does what CloseStream asks for."""
    client.hear(METADATA)
    client.cut(1000, "")


# --- one connection ---------------------------------------------------------------------------------------------------


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


# --- coming back ------------------------------------------------------------------------------------------------------


def test_after_a_cut_it_sends_again_what_is_not_final_and_a_little_before(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(4.0)
    one.end()
    one.open()
    one.run_for(2.0)
    one.hear(final(0.0, 1.5, ("one", 0.5, 1.0)))
    one.cut()
    assert one.machine.phase is Phase.WAITING
    one.run_for(0.0)
    one.open()
    one.run_for(5.0)
    assert one.sent(0) == [(0.0, 2.1)]
    assert one.sent(1) == [(1.0, 4.0)]
    first_again = one.frames[21][1]
    assert int.from_bytes(first_again[:2], "little") == 1000  # the bytes say where in the source they are from
    one.hear(final(0.0, 3.0, ("one", 0.0, 0.02), ("two", 1.0, 1.5)))
    finish(one)
    outcome = one.outcome()
    assert [(w.word, w.start, w.end) for w in outcome.transcript.words()] == [("one", 0.5, 1.0), ("two", 2.0, 2.5)]
    assert outcome.ledger.problems(outcome.transcript.words()) == []
    assert outcome.ledger.account().resent_audio_s == pytest.approx(1.1)
    assert outcome.failure is None


def test_without_anything_final_all_of_it_is_sent_again(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(4.0)
    one.end()
    one.open()
    one.run_for(2.0)
    one.cut()
    one.run_for(0.0)
    one.open()
    one.run_for(6.0)
    assert one.sent(1) == [(0.0, 4.0)]


@pytest.mark.parametrize("chunk_ms", [20, 100, 250])
@pytest.mark.parametrize("catch_up", [1.0, 1.25, 2.0])
def test_a_backlog_is_caught_up_on_at_the_chosen_rate_and_never_in_a_burst(
    client: MakeClient, final: MakeFinal, chunk_ms: int, catch_up: float
) -> None:
    one = client(StreamSettings(chunk_ms=chunk_ms, reconnect=AT_ONCE, catch_up=catch_up))
    one.begin()
    one.feed(20.0)
    one.end()
    one.open()
    one.run_for(3.0)
    one.hear(final(0.0, 2.0, ("one", 0.5, 1.0)))
    one.cut()
    one.run_for(4.0)
    one.open()
    began_s = one.now_s
    one.run_for(30.0)
    frames = [e for e in one.upstream() if isinstance(e, Binary) and e.leg == 1]
    for frame in frames:
        ahead = frame.audio_s - chunk_ms / 1000
        assert ahead <= catch_up * (frame.wall_s - (began_s - 1000.0)) + 1e-3
        assert frame.wall_s == pytest.approx(frame.due_s)
    if catch_up > 1:
        # It was 5.5 s behind with 18.5 s to go; once it has caught up it is on time again, not ahead.
        caught_up = 18.5 * (1 - 1 / catch_up) >= 5.5
        assert (frames[-1].wall_s == pytest.approx(20.0 - chunk_ms / 1000, abs=1e-3)) is caught_up


def test_keep_alive_holds_the_second_connection_too(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(0.2)
    one.open()
    one.run_for(6.0)
    one.cut()
    one.run_for(1.0)
    one.open()
    one.done.clear()
    one.run_for(11.0)
    assert [round(at - 1007.0) for at, action in one.done if isinstance(action, SendText)] == [5, 10]


def test_the_source_may_end_while_there_is_no_connection(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=ReconnectPolicy(first_s=1.0)))
    one.begin()
    one.feed(1.0)
    one.open()
    one.run_for(0.25)
    one.cut()
    one.end()
    one.run_for(5.0)
    assert one.machine.phase is Phase.CONNECTING
    one.open()
    one.run_for(5.0)
    assert one.sent(1) == [(0.0, 1.0)]
    assert one.said == [CLOSE_STREAM]
    finish(one)
    assert one.machine.failure is None


def test_a_cut_after_close_stream_asks_again_for_the_end(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(2.0)
    one.end()
    one.open()
    one.run_for(3.0)
    one.hear(final(0.0, 2.0, ("one", 0.5, 1.0)))
    one.cut()
    one.run_for(0.0)
    one.open()
    one.run_for(2.0)
    assert one.sent(1) == [(1.5, 2.0)]
    assert one.said == [CLOSE_STREAM] * 2
    finish(one)
    assert one.outcome().transcript.text() == "one"


def test_a_close_with_1000_proves_nothing_before_metadata(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(1.0)
    one.cut(1000, "")
    assert one.machine.phase is Phase.WAITING


def test_a_server_that_claims_more_than_it_was_sent_loses_no_audio(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(4.0)
    one.end()
    one.open()
    one.run_for(1.0)
    one.hear(final(0.0, 3.5))
    one.run_for(5.0)
    sent = b"".join(data for _, data in one.frames)
    assert [int.from_bytes(sent[at : at + 2], "little") for at in range(0, len(sent), 2)] == list(range(4000))


# --- giving up --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, 1010])
def test_a_fatal_close_is_not_retried(client: MakeClient, code: int) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(1.0)
    one.open()
    one.cut(code, "DATA-0000")
    assert one.machine.phase is Phase.DONE
    assert one.machine.failure == f"the connection ended with {code} (DATA-0000) before CloseStream was sent"
    assert one.machine.next_wakeup_s is None


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000])
def test_any_other_close_is(client: MakeClient, code: int) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(1.0)
    one.open()
    one.cut(code, "")
    assert (one.machine.phase, one.machine.failure) == (Phase.WAITING, None)


@pytest.mark.parametrize("style", list(ReasonStyle))
@pytest.mark.parametrize("reason", list(CloseReason))
def test_time_outs_are_retried_and_audio_that_cannot_be_decoded_is_not(
    client: MakeClient, reason: CloseReason, style: ReasonStyle
) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(1.0)
    one.open()
    one.cut(reason.close_code, reason.text(style))
    fatal = reason is CloseReason.DATA_0000
    assert one.machine.phase is (Phase.DONE if fatal else Phase.WAITING)


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011])
def test_after_metadata_the_session_is_complete_however_the_connection_ends(client: MakeClient, code: int) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(1.0)
    one.hear(METADATA)
    one.cut(code, "")
    assert (one.machine.phase, one.machine.failure) == (Phase.DONE, None)


def test_what_will_never_be_reached_is_not_tried_again(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.machine.connect_failed("cannot be reached (self-signed certificate)", one.now_s, fatal=True)
    assert (one.machine.phase, one.connects) == (Phase.DONE, [0.0])


@pytest.mark.parametrize("status", [200, 301, 400, 401, 402, 403, 404])
def test_a_fatal_status_is_not_retried(client: MakeClient, status: int) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.machine.refused(status, {"dg-error": "no"}, "body", "Reason", one.now_s)
    assert one.machine.phase is Phase.DONE
    assert one.machine.failure == f"here: refused with HTTP {status}: no"
    outcome = one.outcome()
    assert outcome.status == status
    assert [e.status for e in outcome.recording.entries if isinstance(e, Refused)] == [status]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("asked", "waits_s"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("soon", 0.0),
        ("1e999", 0.0),
        ("-3", 0.0),
        ("1.", 0.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_obeyed(client: MakeClient, status: int, asked: str, waits_s: float) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.machine.refused(status, {"retry-after": asked}, "", "Busy", one.now_s)
    one.run_for(waits_s)
    assert one.connects == [0.0, waits_s]


def test_retry_after_beyond_the_budget_is_the_end(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=ReconnectPolicy(budget_s=60.0)))
    one.begin()
    one.machine.refused(503, {"retry-after": "61"}, "", "Busy", one.now_s)
    assert (one.machine.phase, one.machine.failure) == (Phase.DONE, "here: refused with HTTP 503: Busy")


def test_without_a_policy_there_is_one_connection(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.machine.connect_failed("cannot be reached", one.now_s)
    assert (one.machine.phase, one.machine.failure) == (Phase.DONE, "here: cannot be reached")


def test_attempts_are_bounded(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=ReconnectPolicy(attempts=3)))
    one.begin()
    for _ in range(3):
        one.machine.connect_failed("cannot be reached", one.now_s)
        assert one.machine.phase is Phase.WAITING
        one.run_for(20.0)
    one.machine.connect_failed("cannot be reached", one.now_s)
    assert one.machine.phase is Phase.DONE
    assert len(one.connects) == 4


def test_a_final_is_progress_and_an_interim_is_not(client: MakeClient, final: MakeFinal) -> None:
    """A server that dies at one place would else be asked for ever."""

    def outages(is_final: bool) -> int:
        one = client(StreamSettings(chunk_ms=100, reconnect=ReconnectPolicy(first_s=0.0, attempts=3)))
        one.begin()
        one.feed(20.0)
        for number in range(8):
            if one.machine.phase is Phase.DONE:
                return number
            one.open()
            one.run_for(1.0)
            one.hear(final(0.0, 1.0, is_final=is_final))
            one.cut()
            one.run_for(0.0)
        return 8

    assert (outages(False), outages(True)) == (4, 8)


def test_the_same_seed_waits_the_same_and_another_does_not(client: MakeClient) -> None:
    def waits(seed: int) -> list[float]:
        one = client(StreamSettings(reconnect=ReconnectPolicy(first_s=4.0)), seed=seed)
        one.begin()
        for _ in range(4):
            one.machine.connect_failed("no", one.now_s)
            one.run_for(60.0)
        return list(one.connects)

    assert waits(3) == waits(3)
    assert waits(3) != waits(4)


def test_an_interrupt_ends_it_and_keeps_what_came(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(1.0)
    one.open()
    one.hear(final(0.0, 0.5, ("hello", 0.1, 0.4)))
    one.machine.interrupt()
    outcome = one.outcome()
    assert (outcome.failure, outcome.interrupted, outcome.transcript.text()) == ("interrupted", True, "hello")
    assert one.machine.wake(one.now_s + 5) == []


# --- a server that says nothing ---------------------------------------------------------------------------------------


def test_no_answer_to_audio_leads_to_another_connection(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE, timers=Timers(answer_after_s=3.0)))
    one.begin()
    one.feed(10.0)
    one.open()
    one.run_for(3.5)
    assert one.hang_ups == 1
    assert one.connects == [0.0, 3.0]


def test_no_metadata_after_close_stream_leads_to_another_connection(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE, timers=Timers(drain_after_s=2.0)))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(3.0)
    assert [type(action) for _, action in one.done[-2:]] == [HangUp, Connect]
    assert one.connects[-1] == pytest.approx(2.08)


def test_without_a_policy_a_silent_server_is_a_failure(client: MakeClient) -> None:
    one = client(StreamSettings(timers=Timers(drain_after_s=2.0)))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(3.0)
    assert one.machine.failure == "here: no Metadata within 2 s of CloseStream"


def test_what_a_connection_says_after_it_was_given_up_is_not_its_end(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=ReconnectPolicy(first_s=10.0), timers=Timers(drain_after_s=2.0)))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    while one.hang_ups == 0:
        one.run_to(one.machine.next_wakeup_s)
    one.cut(1000, "")
    assert one.machine.phase is Phase.WAITING


# --- the buffer -------------------------------------------------------------------------------------------------------


def test_a_live_source_loses_exactly_what_is_reported(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE, buffer_audio_s=2.0, live=True))
    one.begin()
    one.feed(0.1)
    one.open()
    for _ in range(29):
        one.run_for(0.1)
        one.feed(0.1)
    one.run_for(0.0)
    one.hear(final(0.0, 2.5, ("one", 0.5, 1.0)))
    one.cut()
    for _ in range(50):  # five seconds without a connection
        one.feed(0.1)
        one.now_s += 0.1
    one.machine.wake(one.now_s)
    one.open()
    one.end()
    one.run_for(10.0)
    assert one.sent(0) == [(0.0, 3.0)]
    assert one.sent(1) == [(6.0, 8.0)]
    assert [(d.start_audio_s, d.end_audio_s) for d in one.machine.dropped] == [(2.5, 6.0)]
    account = one.machine.ledger().account()
    assert account.dropped_audio_s == pytest.approx(3.0)
    assert one.machine.ledger().missing() == ((3.0, 6.0),)
    notes = [e.text for e in one.outcome().recording.entries if isinstance(e, Note)]
    assert [text.split(":")[0] for text in notes] == ["dropped 2.500 to 6.000 s of the source"]


def test_words_behind_a_gap_stand_where_they_were_spoken(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, buffer_audio_s=1.0, live=True))
    one.begin()
    one.feed(0.5)
    one.open()
    one.run_for(1.0)
    one.feed(3.0)  # all at once: two of the three seconds do not fit
    one.end()
    one.run_for(3.0)
    assert one.sent(0) == [(0.0, 0.5), (2.5, 3.5)]
    one.hear(final(0.0, 1.5, ("before", 0.1, 0.5), ("behind", 0.5, 0.9)))
    one.hear(SpeechStarted(channel=(0, 1), timestamp=0.6))
    finish(one)
    outcome = one.outcome()
    assert [(w.word, w.start, w.end) for w in outcome.transcript.words()] == [
        ("before", 0.1, 0.5),
        ("behind", 2.5, 2.9),
    ]
    assert outcome.ledger.missing() == ((0.5, 2.5),)
    assert outcome.ledger.account().transcribed_audio_s == 1.5


def test_audio_that_did_not_fit_before_the_first_connection_is_reported(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, buffer_audio_s=1.0, live=True))
    one.begin()
    for _ in range(30):
        one.feed(0.1)
        one.now_s += 0.1
    one.open()
    one.end()
    one.run_for(3.0)
    assert one.sent(0) == [(2.0, 3.0)]
    assert [(d.start_audio_s, d.end_audio_s) for d in one.machine.dropped] == [(0.0, 2.0)]


def test_a_source_that_can_wait_is_asked_to(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE, buffer_audio_s=2.0))
    one.begin()
    one.feed(2.0)
    assert not one.machine.wants_audio
    one.open()
    one.run_for(3.0)
    assert not one.machine.wants_audio
    one.hear(final(0.0, 1.5))
    assert one.machine.wants_audio


def test_a_full_buffer_of_sent_audio_asks_the_server_to_make_it_final(client: MakeClient, final: MakeFinal) -> None:
    """Else both would wait for ever: the server for audio, the client for a final."""
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE, buffer_audio_s=2.0))
    one.begin()
    one.feed(2.0)
    one.open()
    one.run_for(5.0)
    assert one.said == [FINALIZE]
    one.hear(final(0.0, 2.0, from_finalize=True))
    assert one.machine.wants_audio


@pytest.mark.parametrize("keep_alive_after_s", [None, 0.5, 5.0])
def test_it_asks_whatever_the_keep_alives_do_and_again_when_it_gets_no_final(
    client: MakeClient, keep_alive_after_s: float | None
) -> None:
    timers = Timers(keep_alive_after_s=keep_alive_after_s)
    one = client(StreamSettings(chunk_ms=250, reconnect=AT_ONCE, buffer_audio_s=0.1, timers=timers))
    one.begin()
    one.feed(0.5)
    one.open()
    one.run_for(7.0)
    asked = [round(at - 1000.0, 6) for at, action in one.done if action == SendText(FINALIZE)]
    assert asked == [3.25, 6.25]


def test_asking_for_a_final_does_not_put_off_the_end_of_a_silent_connection(client: MakeClient) -> None:
    timers = Timers(keep_alive_after_s=None, answer_after_s=10.0)
    one = client(StreamSettings(chunk_ms=250, reconnect=AT_ONCE, buffer_audio_s=0.0, timers=timers))
    one.begin()
    one.feed(0.5)
    one.open()
    one.run_for(12.0)
    assert one.said == [FINALIZE] * 3
    assert (one.hang_ups, one.connects) == (1, [0.0, 10.0])


def test_a_buffer_smaller_than_a_frame_still_streams(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=250, buffer_audio_s=0.0, live=True))
    one.begin()
    one.feed(0.25)
    one.end()
    one.open()
    one.run_for(1.0)
    assert len(one.frames) == 1


def test_without_reconnection_only_unsent_audio_is_kept(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, buffer_audio_s=1.0))
    one.begin()
    one.feed(1.0)
    one.open()
    one.run_for(0.0)
    assert one.machine.wants_audio


def test_binary_from_the_server_is_noted_and_changes_nothing(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.open()
    one.machine.receive_binary(b"abc", one.now_s)
    assert one.machine.phase is Phase.STREAMING
    assert [e.size for e in one.outcome().recording.entries if isinstance(e, Binary)] == [3]


def test_every_frame_is_audio_or_a_control_message(client: MakeClient) -> None:
    one = client(StreamSettings(finalize=True))
    one.begin()
    one.feed(7.0)
    one.end()
    one.open()
    one.run_for(10.0)
    assert {type(action) for _, action in one.done} == {Connect, SendAudio, SendText}
    assert [kind(text) for text in one.said] == ["Finalize", "CloseStream"]
    assert all(data for _, data in one.frames)


def test_text_that_is_no_message_is_survived(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.open()
    for text in ("", "{", "[]", '{"type":"Novelty"}', '{"type":"Results"}', encode(METADATA)):
        one.machine.receive_text(text, one.now_s)
    assert one.machine.phase is Phase.STREAMING


# --- a container's header ---------------------------------------------------------------------------------------------

HEADER = b"RIFF-and-so-on"


def test_every_connection_sees_the_header_in_one_frame_with_its_first_audio(
    client: MakeClient, final: MakeFinal
) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE), header=HEADER)
    one.begin()
    one.feed(1.0)
    one.end()
    one.open()
    one.run_for(0.55)
    one.hear(final(0.0, 0.5, ("one", 0.1, 0.4)))
    one.cut()
    one.run_for(0.0)
    one.open()
    one.run_for(2.0)
    begins = [data.startswith(HEADER) for _, data in one.frames]
    assert [at for at, begin in enumerate(begins) if begin] == [0, 6]
    first, again = (one.frames[at][1].removeprefix(HEADER) for at in (0, 6))
    assert (len(first), len(again)) == (200, 200)
    assert int.from_bytes(again[:2], "little") == 0  # 0.5 s of overlap before what is final
    one.hear(final(0.5, 1.0, ("two", 0.6, 0.9)))
    finish(one)
    outcome = one.outcome()
    assert outcome.transcript.text() == "one two"
    # The header is sent and recorded, and is no audio.
    assert outcome.audio == b"".join(data for _, data in one.frames)
    audio = outcome.recording.audio
    assert (audio.container, audio.encoding, audio.size) == ("wav", None, len(outcome.audio))
    assert audio.duration_audio_s == pytest.approx(1.6)
    assert outcome.pacing.audio_s == pytest.approx(1.6)
    assert [e.audio_s for e in one.upstream() if isinstance(e, Binary)][:2] == [0.1, 0.2]


# --- what came of it --------------------------------------------------------------------------------------------------


def test_connections_outages_and_gaps_are_told(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE, buffer_audio_s=1.0, live=True))
    one.begin()
    one.run_for(0.5)
    one.open()
    one.feed(1.0)
    one.run_for(2.0)
    one.cut()
    one.run_for(0.25)
    one.machine.connect_failed("cannot be reached", one.now_s)
    one.feed(1.5)
    one.run_for(0.75)
    one.open()
    one.end()
    one.run_for(10.0)
    finish(one)
    outcome = one.outcome()
    assert outcome.connections == 2
    assert [(r.lost_wall_s, r.took_s) for r in outcome.reconnections] == [(2.5, 1.0)]
    assert [(d.start_audio_s, d.end_audio_s) for d in outcome.dropped] == [(0.0, 1.5)]
    assert outcome.ledger_problems() == []


def test_a_session_that_never_opened_had_no_connection(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.machine.connect_failed("cannot be reached", one.now_s)
    outcome = one.outcome()
    assert (outcome.connections, outcome.reconnections, outcome.dropped) == (0, (), ())


def test_a_word_said_twice_is_a_problem_of_the_ledger(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.feed(2.0)
    one.end()
    one.open()
    one.run_for(3.0)
    one.hear(final(0.0, 2.0, ("one", 0.5, 1.0), ("one", 0.5, 1.0)))
    finish(one)
    assert one.outcome().ledger_problems() == ["«one» at 0.50 s is said twice"]


def test_audio_that_a_completed_session_left_behind_is_a_problem_of_the_ledger(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.feed(2.0)
    one.end()
    one.open()
    one.run_for(1.0)
    one.hear(METADATA)
    assert one.outcome().ledger_problems() == ["0.900 s of the source were neither sent nor reported as dropped"]
    one.cut()
    assert one.outcome().ledger_problems() == []  # it was not completed, and says so itself


def test_hours_of_finals_are_one_span(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=250, speed=Speed.MAX, reconnect=AT_ONCE, buffer_audio_s=4.0))
    one.begin()
    one.open()
    for second in range(200):
        one.feed(1.0)
        one.run_for(0.0)
        one.hear(final(float(second), second + 1.0))
    ledger = one.machine.ledger()
    assert ledger.transcribed == ((0, 200_000),)
    assert [(span.start, span.end) for span in ledger.sent] == [(0, 200_000)]

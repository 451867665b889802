"""The client in virtual time: which ends are final, how long it waits, and when it gives up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.protocol.closing import CloseReason, ReasonStyle
from harness.protocol.messages import Results
from harness.recording.entries import Refused
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.machine import Phase
from harness.streamer.settings import StreamSettings
from tests.unit.streamer.talk import AT_ONCE, METADATA

MakeClient = Callable[..., Any]
MakeFinal = Callable[..., Results]


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

"""The Flux conversation as each end sees it: what is legal, what is a violation, which timers run."""

from __future__ import annotations

import pytest

from harness.errors import LocalProtocolError
from harness.protocol.flux_messages import Connected, FluxConfigure
from harness.protocol.flux_session import FluxMessageReceived, FluxSession, FluxTimers
from harness.protocol.messages import CloseStream
from harness.protocol.session import (
    AudioReceived,
    Closed,
    CloseStreamReceived,
    Move,
    Role,
    State,
    TimerFired,
    TimerKind,
    Violation,
)

CONNECTED = Connected(request_id="r", sequence_id=0)


def test_a_whole_session_from_the_servers_side() -> None:
    session = FluxSession(Role.SERVER, 0.0)
    session.send(CONNECTED, 0.0)
    (configured,) = session.receive_text('{"type":"Configure"}', 0.1)

    assert session.receive_binary(b"ab", 0.2) == [AudioReceived(b"ab")]
    assert isinstance(configured, FluxMessageReceived)
    assert session.receive_text('{"type":"CloseStream"}', 0.3) == [CloseStreamReceived()]
    assert session.state is State.FINISHING
    session.send(CONNECTED, 0.4)
    session.send_close(0.5)
    assert session.receive_close(1005, "", 0.6) == [Closed(1005, "", State.FINISHING)]


def test_a_whole_session_from_the_clients_side() -> None:
    session = FluxSession(Role.CLIENT, 0.0)
    session.receive_text('{"type":"Connected","request_id":"r","sequence_id":0}', 0.1)

    assert session.send_audio(b"ab", 0.2) == b"ab"
    assert session.send(FluxConfigure(), 0.3) == '{"type":"Configure"}'
    session.send(CloseStream(), 0.4)
    assert session.receive_close(1005, "", 0.5) == [Closed(1005, "", State.FINISHING)]


def test_nothing_may_be_sent_after_close_stream() -> None:
    session = FluxSession(Role.CLIENT, 0.0)
    session.send(CloseStream(), 0.0)
    with pytest.raises(LocalProtocolError, match="audio is not allowed in state finishing"):
        session.send_audio(b"ab", 0.1)


def test_an_empty_frame_is_no_audio_to_send() -> None:
    with pytest.raises(LocalProtocolError, match="empty"):
        FluxSession(Role.CLIENT, 0.0).send_audio(b"", 0.0)


def test_a_peer_that_does_so_is_noted() -> None:
    session = FluxSession(Role.SERVER, 0.0)
    session.receive_text('{"type":"CloseStream"}', 0.0)

    assert session.receive_binary(b"ab", 0.1) == [Violation(State.FINISHING, Move.AUDIO), AudioReceived(b"ab")]


def test_audio_from_the_server_is_a_violation() -> None:
    assert FluxSession(Role.CLIENT, 0.0).receive_binary(b"ab", 0.0) == [Violation(State.OPEN, Move.AUDIO)]


def test_an_idle_client_is_noticed_once() -> None:
    session = FluxSession(Role.SERVER, 10.0)

    assert session.next_wakeup_s == 70.0
    assert session.wake(69.9) == []
    assert session.wake(70.0) == [TimerFired(TimerKind.IDLE)]
    assert session.wake(70.0) == []


def test_a_ping_keeps_a_session_open() -> None:
    session = FluxSession(Role.SERVER, 0.0)
    session.receive_ping(30.0)

    assert session.next_wakeup_s == 90.0


def test_a_server_that_owes_an_answer_is_noticed() -> None:
    session = FluxSession(Role.CLIENT, 0.0, FluxTimers(answer_after_s=5.0))
    assert session.next_wakeup_s is None
    session.send_audio(b"ab", 1.0)
    session.send_audio(b"ab", 2.0)

    assert session.wake(6.0) == [TimerFired(TimerKind.ANSWER)]


def test_a_server_that_does_not_close_is_noticed() -> None:
    session = FluxSession(Role.CLIENT, 0.0, FluxTimers(drain_after_s=5.0))
    session.send(CloseStream(), 1.0)
    session.receive_text('{"type":"Connected","request_id":"r","sequence_id":0}', 3.0)

    assert session.wake(7.9) == []
    assert session.wake(8.0) == [TimerFired(TimerKind.DRAIN)]

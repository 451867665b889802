"""The session machine: every pair of the transition table for both roles, and every timer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import LocalProtocolError
from harness.protocol.codec import decode_client, decode_server
from harness.protocol.messages import CloseStream, Finalize, KeepAlive, SpeechStarted
from harness.protocol.session import (
    TRANSITIONS,
    AudioReceived,
    Closed,
    CloseStreamReceived,
    Event,
    ListenSession,
    MessageReceived,
    Move,
    Role,
    State,
    TimerFired,
    TimerKind,
    Timers,
    Violation,
    move_of,
)

WIRE = Path(__file__).parents[3] / "fixtures" / "wire"
RESULTS = (WIRE / "results-final.json").read_text(encoding="utf-8").strip()
METADATA = (WIRE / "metadata.json").read_text(encoding="utf-8").strip()
KEEP_ALIVE, CLOSE_STREAM = '{"type":"KeepAlive"}', '{"type":"CloseStream"}'
AUDIO = b"\x01\x02"

UPSTREAM = (Move.AUDIO, Move.CONTROL, Move.CLOSE_STREAM, Move.CLOSE)
DOWNSTREAM = (Move.OUTPUT, Move.METADATA, Move.CLOSE)

SEND: dict[Move, Callable[[ListenSession, float], Any]] = {
    Move.AUDIO: lambda session, now_s: session.send_audio(AUDIO, now_s),
    Move.CONTROL: lambda session, now_s: session.send(KeepAlive(), now_s),
    Move.CLOSE_STREAM: lambda session, now_s: session.send(CloseStream(), now_s),
    Move.OUTPUT: lambda session, now_s: session.send_text(RESULTS, now_s),
    Move.METADATA: lambda session, now_s: session.send_text(METADATA, now_s),
    Move.CLOSE: lambda session, now_s: session.send_close(now_s),
}
RECEIVE: dict[Move, Callable[[ListenSession, float], list[Event]]] = {
    Move.AUDIO: lambda session, now_s: session.receive_binary(AUDIO, now_s),
    Move.CONTROL: lambda session, now_s: session.receive_text(KEEP_ALIVE, now_s),
    Move.CLOSE_STREAM: lambda session, now_s: session.receive_text(CLOSE_STREAM, now_s),
    Move.OUTPUT: lambda session, now_s: session.receive_text(RESULTS, now_s),
    Move.METADATA: lambda session, now_s: session.receive_text(METADATA, now_s),
    Move.CLOSE: lambda session, now_s: session.receive_close(1000, "", now_s),
}
WAY_TO = {
    State.OPEN: (),
    State.FINISHING: (Move.CLOSE_STREAM,),
    State.FINISHED: (Move.CLOSE_STREAM, Move.METADATA),
    State.CLOSED: (Move.CLOSE_STREAM, Move.METADATA, Move.CLOSE),
}


def session_in(role: Role, state: State) -> ListenSession:
    """A session led to a state by legal moves; the close, where it belongs to the way, is the server's."""
    session = ListenSession(role, 0.0)
    for move in WAY_TO[state]:
        ours = (move in UPSTREAM and move is not Move.CLOSE) is (role is Role.CLIENT)
        (SEND if ours else RECEIVE)[move](session, 0.0)
    assert session.state is state
    return session


# --- the table ------------------------------------------------------------------------------------------------------

# Written out here a second time, from the documentation: what may happen in which state. All else is forbidden.
LEGAL = {
    (State.OPEN, Move.AUDIO, State.OPEN),
    (State.OPEN, Move.CONTROL, State.OPEN),
    (State.OPEN, Move.OUTPUT, State.OPEN),
    (State.OPEN, Move.CLOSE_STREAM, State.FINISHING),
    (State.OPEN, Move.CLOSE, State.CLOSED),
    (State.FINISHING, Move.OUTPUT, State.FINISHING),
    (State.FINISHING, Move.METADATA, State.FINISHED),
    (State.FINISHING, Move.CLOSE, State.CLOSED),
    (State.FINISHED, Move.CLOSE, State.CLOSED),
}
AFTER = {(state, move): after for state, move, after in LEGAL}
# Whatever text a server sends is output or Metadata, whatever text a client sends is control: nobody can send the rest.
CAN_TRY: dict[Role, tuple[Move, ...]] = {Role.CLIENT: UPSTREAM, Role.SERVER: (*DOWNSTREAM, Move.AUDIO)}
PEER_OF: dict[Role, tuple[Move, ...]] = {Role.CLIENT: DOWNSTREAM, Role.SERVER: UPSTREAM}


def every_pair(moves: dict[Role, tuple[Move, ...]]) -> list[tuple[Role, State, Move]]:
    return [(role, state, move) for role in Role for state in State for move in moves[role]]


def test_the_table_is_the_documented_one() -> None:
    assert TRANSITIONS == AFTER


@pytest.mark.parametrize(("role", "state", "move"), every_pair(CAN_TRY))
def test_our_move_advances_or_raises(role: Role, state: State, move: Move) -> None:
    session = session_in(role, state)
    if move in (UPSTREAM if role is Role.CLIENT else DOWNSTREAM) and (state, move) in AFTER:
        SEND[move](session, 1.0)
        assert session.state is AFTER[state, move]
        return
    with pytest.raises(LocalProtocolError) as caught:
        SEND[move](session, 1.0)
    assert str(caught.value) == f"{role.value}: {move.value} is not allowed in state {state.value}"
    assert session.state is state


@pytest.mark.parametrize(("role", "state", "move"), every_pair(PEER_OF))
def test_the_peers_move_advances_or_becomes_a_violation(role: Role, state: State, move: Move) -> None:
    session = session_in(role, state)
    events = RECEIVE[move](session, 1.0)
    violations = [event for event in events if isinstance(event, Violation)]
    # The close that ends the way to CLOSED is our own for a server: until the peer answers it, nothing is a violation.
    if (state, move) in AFTER or (role is Role.SERVER and state is State.CLOSED):
        assert violations == []
    else:
        assert violations == [Violation(state, move)]
    assert session.state is AFTER.get((state, move), state)
    assert len(events) == len(violations) + 1, "what the peer sent is reported whether it was legal or not"


def test_an_illegal_move_of_ours_leaves_the_timers_alone() -> None:
    session = session_in(Role.CLIENT, State.FINISHING)
    before = session.next_wakeup_s
    with pytest.raises(LocalProtocolError):
        session.send_audio(AUDIO, 7.0)
    assert session.next_wakeup_s == before


# --- what is reported -----------------------------------------------------------------------------------------------


def test_a_server_hears_audio_control_and_close_stream() -> None:
    session = ListenSession(Role.SERVER, 0.0)
    assert session.receive_binary(AUDIO, 0.1) == [AudioReceived(AUDIO)]
    (heard,) = session.receive_text(KEEP_ALIVE, 0.2)
    assert isinstance(heard, MessageReceived)
    assert (heard.decoded.message, heard.decoded.text) == (KeepAlive(), KEEP_ALIVE)
    assert session.receive_text(CLOSE_STREAM, 0.3) == [CloseStreamReceived(empty_frame=False)]
    assert session.state is State.FINISHING


def test_an_empty_binary_frame_is_close_stream_in_its_deprecated_form() -> None:
    session = ListenSession(Role.SERVER, 0.0)
    assert session.receive_binary(b"", 0.1) == [CloseStreamReceived(empty_frame=True)]
    assert session.state is State.FINISHING


def test_one_zero_byte_is_audio() -> None:
    assert ListenSession(Role.SERVER, 0.0).receive_binary(b"\0", 0.1) == [AudioReceived(b"\0")]


def test_a_control_message_in_a_binary_frame_is_audio() -> None:
    session = ListenSession(Role.SERVER, 0.0)
    assert session.receive_binary(CLOSE_STREAM.encode(), 0.1) == [AudioReceived(CLOSE_STREAM.encode())]
    assert session.state is State.OPEN


def test_our_empty_audio_is_refused_because_it_would_end_the_stream() -> None:
    session = ListenSession(Role.CLIENT, 0.0)
    with pytest.raises(LocalProtocolError, match="empty binary frame"):
        session.send_audio(b"", 0.1)
    assert session.state is State.OPEN


def test_a_binary_frame_from_the_server_is_a_violation() -> None:
    assert ListenSession(Role.CLIENT, 0.0).receive_binary(AUDIO, 0.1) == [Violation(State.OPEN, Move.AUDIO)]


@pytest.mark.parametrize("text", ["not json", '{"type":"Novel"}', '{"type":"Results"}', "[]"])
def test_text_that_nobody_understands_is_reported_and_the_session_goes_on(text: str) -> None:
    for role in Role:
        session = ListenSession(role, 0.0)
        (heard,) = session.receive_text(text, 0.1)
        assert isinstance(heard, MessageReceived)
        assert heard.decoded.text == text
        assert session.state is State.OPEN


def test_sending_returns_the_text_of_the_frame() -> None:
    session = ListenSession(Role.CLIENT, 0.0)
    assert session.send(Finalize(), 0.1) == '{"type":"Finalize"}'
    assert session.send_audio(AUDIO, 0.2) == AUDIO
    server = ListenSession(Role.SERVER, 0.0)
    assert server.send(SpeechStarted(channel=(0, 1), timestamp=0.0), 0.1) == (
        '{"type":"SpeechStarted","channel":[0,1],"timestamp":0.0}'
    )


def test_metadata_without_all_its_fields_is_still_the_last_message() -> None:
    session = session_in(Role.CLIENT, State.FINISHING)
    (heard,) = session.receive_text('{"type":"Metadata","duration":1.0}', 1.0)
    assert isinstance(heard, MessageReceived)
    assert session.state is State.FINISHED


@pytest.mark.parametrize(
    ("text", "reader", "move"),
    [
        (RESULTS, Role.CLIENT, Move.OUTPUT),
        (METADATA, Role.CLIENT, Move.METADATA),
        ('{"type":"Metadata"}', Role.CLIENT, Move.METADATA),
        ('{"type":"Error"}', Role.CLIENT, Move.OUTPUT),
        ("rubbish", Role.CLIENT, Move.OUTPUT),
        (CLOSE_STREAM, Role.SERVER, Move.CLOSE_STREAM),
        (KEEP_ALIVE, Role.SERVER, Move.CONTROL),
        ('{"type":"Metadata"}', Role.SERVER, Move.CONTROL),
        ("rubbish", Role.SERVER, Move.CONTROL),
    ],
)
def test_a_text_frame_is_the_move_that_its_reader_sees(text: str, reader: Role, move: Move) -> None:
    assert move_of((decode_server if reader is Role.CLIENT else decode_client)(text), reader) is move


# --- closing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.OPEN, State.FINISHING, State.FINISHED])
@pytest.mark.parametrize("role", Role)
def test_a_close_tells_code_reason_and_the_state_it_found(role: Role, state: State) -> None:
    session = session_in(role, state)
    assert session.receive_close(1011, "why", 2.0) == [Closed(1011, "why", state)]
    assert session.state is State.CLOSED


@pytest.mark.parametrize("state", [State.OPEN, State.FINISHING, State.FINISHED])
@pytest.mark.parametrize("role", Role)
def test_the_answer_to_our_close_is_no_violation_and_remembers_where_we_stood(role: Role, state: State) -> None:
    session = session_in(role, state)
    session.send_close(2.0)
    assert session.receive_close(1000, "", 2.1) == [Closed(1000, "", state)]


def test_audio_under_way_while_the_server_closes_is_no_violation() -> None:
    session = ListenSession(Role.SERVER, 0.0)
    session.send_close(1.0)
    assert session.receive_binary(AUDIO, 1.1) == [AudioReceived(AUDIO)]
    assert session.receive_text(CLOSE_STREAM, 1.2) == [CloseStreamReceived()]
    assert session.state is State.CLOSED


def test_results_under_way_while_the_client_closes_are_no_violation() -> None:
    session = ListenSession(Role.CLIENT, 0.0)
    session.send_close(1.0)
    (heard,) = session.receive_text(RESULTS, 1.1)
    assert isinstance(heard, MessageReceived)


@pytest.mark.parametrize("we_closed_first", [True, False])
def test_nothing_may_follow_the_peers_close(we_closed_first: bool) -> None:
    session = ListenSession(Role.SERVER, 0.0)
    if we_closed_first:
        session.send_close(1.0)
    session.receive_close(1000, "", 1.1)
    assert session.receive_binary(AUDIO, 1.2)[0] == Violation(State.CLOSED, Move.AUDIO)
    assert session.receive_close(1000, "", 1.3)[0] == Violation(State.CLOSED, Move.CLOSE)


def test_we_close_once() -> None:
    session = ListenSession(Role.CLIENT, 0.0)
    session.send_close(1.0)
    with pytest.raises(LocalProtocolError, match="close is not allowed in state closed"):
        session.send_close(1.1)


# --- timers ---------------------------------------------------------------------------------------------------------

QUIET = Timers(None, None, None, None, None)


def fired(events: list[Event]) -> list[TimerKind]:
    assert all(isinstance(event, TimerFired) for event in events)
    return [event.kind for event in events if isinstance(event, TimerFired)]


def client(**timers: float | None) -> ListenSession:
    return ListenSession(Role.CLIENT, 100.0, with_only(**timers))


def server(**timers: float | None) -> ListenSession:
    return ListenSession(Role.SERVER, 100.0, with_only(**timers))


def wakeup_s(session: ListenSession) -> float | None:
    return session.next_wakeup_s


def with_only(**timers: float | None) -> Timers:
    return Timers(**{**vars(QUIET), **timers})


def test_the_defaults_are_deepgrams() -> None:
    timers = Timers()
    assert (timers.keep_alive_after_s, timers.idle_after_s, timers.output_after_s) == (5.0, 10.0, 30.0)


@pytest.mark.parametrize("role", Role)
def test_without_timers_nothing_ever_wakes(role: Role) -> None:
    session = ListenSession(role, 100.0, QUIET)
    assert wakeup_s(session) is None
    assert session.wake(1e9) == []


@pytest.mark.parametrize("role", Role)
def test_a_closed_session_has_no_timers(role: Role) -> None:
    session = session_in(role, State.CLOSED)
    assert (wakeup_s(session), session.wake(1e9)) == (None, [])


def test_keep_alive_is_due_after_our_own_silence() -> None:
    session = client(keep_alive_after_s=5.0)
    assert wakeup_s(session) == 105.0
    assert session.wake(104.999) == []
    assert fired(session.wake(105.0)) == [TimerKind.KEEP_ALIVE]


def test_keep_alive_is_never_due_while_audio_flows() -> None:
    session = client(keep_alive_after_s=5.0)
    for tick in range(1, 200):
        now_s = 100.0 + tick * 0.1
        session.send_audio(AUDIO, now_s)
        assert session.wake(now_s) == []
        assert wakeup_s(session) == now_s + 5.0


def test_results_do_not_put_off_keep_alive() -> None:
    session = client(keep_alive_after_s=5.0)
    session.receive_text(RESULTS, 104.0)
    assert wakeup_s(session) == 105.0


def test_a_sent_keep_alive_starts_the_next_silence() -> None:
    session = client(keep_alive_after_s=5.0)
    due_s = []
    for _ in range(4):
        now_s = wakeup_s(session)
        assert now_s is not None
        assert fired(session.wake(now_s)) == [TimerKind.KEEP_ALIVE]
        session.send(KeepAlive(), now_s)
        due_s.append(now_s)
    assert due_s == [105.0, 110.0, 115.0, 120.0]


@pytest.mark.parametrize("state", [State.FINISHING, State.FINISHED])
def test_keep_alive_is_over_once_close_stream_is_sent(state: State) -> None:
    session = session_in(Role.CLIENT, state)
    session.timers = with_only(keep_alive_after_s=5.0)
    assert (wakeup_s(session), session.wake(1e9)) == (None, [])


def test_idle_runs_out_when_nothing_comes_from_the_client() -> None:
    session = server(idle_after_s=10.0)
    assert wakeup_s(session) == 110.0
    assert session.wake(109.999) == []
    assert fired(session.wake(110.0)) == [TimerKind.IDLE]


@pytest.mark.parametrize("frame", [Move.AUDIO, Move.CONTROL])
def test_any_frame_of_the_client_puts_off_idle(frame: Move) -> None:
    session = server(idle_after_s=10.0)
    RECEIVE[frame](session, 109.0)
    assert wakeup_s(session) == 119.0


def test_what_the_server_says_does_not_put_off_idle() -> None:
    session = server(idle_after_s=10.0)
    session.send_text(RESULTS, 109.0)
    assert wakeup_s(session) == 110.0


def test_each_timer_fires_once_per_silence_even_if_the_other_side_goes_on_talking() -> None:
    session = server(idle_after_s=10.0)
    assert fired(session.wake(110.0)) == [TimerKind.IDLE]
    session.send_text(RESULTS, 111.0)
    assert (session.wake(112.0), wakeup_s(session)) == ([], None)
    session.receive_text(KEEP_ALIVE, 113.0)
    assert fired(session.wake(123.0)) == [TimerKind.IDLE]

    other = client(keep_alive_after_s=5.0)
    assert fired(other.wake(105.0)) == [TimerKind.KEEP_ALIVE]
    other.receive_text(RESULTS, 106.0)
    assert (other.wake(107.0), wakeup_s(other)) == ([], None)


def test_keep_alives_alone_do_not_save_a_session_in_which_nothing_was_ever_said() -> None:
    session = server(idle_after_s=10.0, output_after_s=30.0)
    for tick in range(1, 6):
        session.receive_text(KEEP_ALIVE, 100.0 + tick * 5.0)
        assert session.wake(100.0 + tick * 5.0) == []
    session.receive_text(KEEP_ALIVE, 129.0)
    assert fired(session.wake(130.0)) == [TimerKind.OUTPUT]


def test_audio_that_never_becomes_text_runs_into_the_output_timer() -> None:
    session = server(idle_after_s=10.0, output_after_s=30.0)
    for tick in range(1, 300):
        session.receive_binary(AUDIO, 100.0 + tick * 0.1)
        assert session.wake(100.0 + tick * 0.1) == []
    assert fired(session.wake(130.0)) == [TimerKind.OUTPUT]


def test_a_pause_held_by_keep_alives_lasts_as_long_as_it_likes_once_something_was_said() -> None:
    session = server(idle_after_s=10.0, output_after_s=30.0)
    session.receive_binary(AUDIO, 101.0)
    session.send_text(RESULTS, 102.0)
    session.receive_binary(AUDIO, 102.1)  # its answer is still owed when the pause begins
    for tick in range(1, 200):
        now_s = 102.1 + tick * 5.0
        session.receive_text(KEEP_ALIVE, now_s)
        assert session.wake(now_s) == []


def test_the_output_timer_counts_from_the_first_unanswered_audio_not_from_the_pause_before_it() -> None:
    session = server(output_after_s=30.0)
    session.receive_binary(AUDIO, 101.0)
    session.send_text(RESULTS, 102.0)
    assert wakeup_s(session) is None
    session.receive_binary(AUDIO, 500.0)
    session.receive_binary(AUDIO, 510.0)
    assert wakeup_s(session) == 530.0
    assert fired(session.wake(530.0)) == [TimerKind.OUTPUT]


@pytest.mark.parametrize("state", [State.FINISHING, State.FINISHED])
def test_a_server_that_is_finishing_has_no_deadline(state: State) -> None:
    assert session_in(Role.SERVER, state).next_wakeup_s is None


def test_an_answer_is_owed_only_after_audio() -> None:
    session = client(answer_after_s=30.0)
    assert wakeup_s(session) is None
    session.send(KeepAlive(), 110.0)
    assert wakeup_s(session) is None
    session.send_audio(AUDIO, 120.0)
    session.send_audio(AUDIO, 125.0)
    assert wakeup_s(session) == 150.0
    session.receive_text(RESULTS, 130.0)
    assert wakeup_s(session) is None
    session.send_audio(AUDIO, 400.0)
    assert session.wake(400.0) == []
    assert fired(session.wake(430.0)) == [TimerKind.ANSWER]


def test_drain_counts_from_close_stream_and_from_each_message_after_it() -> None:
    session = client(keep_alive_after_s=5.0, drain_after_s=20.0)
    session.receive_text(RESULTS, 101.0)
    session.send(CloseStream(), 102.0)
    assert wakeup_s(session) == 122.0
    session.receive_text(RESULTS, 110.0)
    assert wakeup_s(session) == 130.0
    session.receive_text(METADATA, 111.0)
    assert wakeup_s(session) == 131.0
    assert fired(session.wake(131.0)) == [TimerKind.DRAIN]
    assert wakeup_s(session) is None


def test_drain_of_a_session_in_which_nothing_was_ever_said() -> None:
    session = client(drain_after_s=20.0)
    session.send(CloseStream(), 103.0)
    assert wakeup_s(session) == 123.0


def test_several_timers_may_fire_in_one_waking() -> None:
    session = client(keep_alive_after_s=5.0, answer_after_s=30.0)
    session.send_audio(AUDIO, 100.0)
    assert fired(session.wake(200.0)) == [TimerKind.KEEP_ALIVE, TimerKind.ANSWER]
    assert wakeup_s(session) is None


def test_a_late_waking_does_not_shift_what_follows() -> None:
    session = server(idle_after_s=10.0)
    assert fired(session.wake(500.0)) == [TimerKind.IDLE]
    session.receive_text(KEEP_ALIVE, 501.0)
    assert wakeup_s(session) == 511.0

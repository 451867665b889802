"""The session machine: every pair of the transition table for both roles, what is reported, how it closes."""

import pytest

from harness.errors import LocalProtocolError
from harness.protocol.codec import decode_client, decode_server
from harness.protocol.messages import Finalize, KeepAlive, SpeechStarted
from harness.protocol.session import (
    TRANSITIONS,
    AudioReceived,
    Closed,
    CloseStreamReceived,
    ListenSession,
    MessageReceived,
    Move,
    Role,
    State,
    Violation,
    move_of,
)
from tests.unit.protocol.moves import AUDIO, CLOSE_STREAM, DOWNSTREAM, KEEP_ALIVE, RECEIVE, SEND, UPSTREAM, session_in
from tests.unit.protocol.wire import METADATA, RESULTS

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


# --- the table ------------------------------------------------------------------------------------------------------


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

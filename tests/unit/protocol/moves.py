"""Every move of a `/v1/listen` session, made by us or by the peer, and sessions that some of them led to a state."""

from collections.abc import Callable
from typing import Any

from harness.protocol.messages import CloseStream, KeepAlive
from harness.protocol.session import Event, ListenSession, Move, Role, State
from tests.unit.protocol.wire import METADATA, RESULTS

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

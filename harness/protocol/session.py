"""One `/v1/listen` session as a state machine without I/O: frames and times in, events and wake-up times out.

The same machine serves both ends; the role says which moves are ours. What is legal stands in `TRANSITIONS`, nowhere
else. An illegal move of ours raises `LocalProtocolError`; one of the peer's becomes a `Violation` event, and the
session goes on, because a harness must be able to read what a broken peer sends next.

Time is a number of monotonic seconds (`now_s`) handed in with every call; `next_wakeup_s` asks for `wake` to be called.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, TypeAlias

from harness.errors import LocalProtocolError
from harness.protocol import messages
from harness.protocol.codec import Decoded, decode_client, decode_server, encode


class Role(Enum):
    """Which end of the connection this machine is."""

    CLIENT = "client"
    SERVER = "server"


class State(StrEnum):
    """Where the conversation stands."""

    OPEN = "open"
    FINISHING = "finishing"
    """The client has asked to close; finals and Metadata are owed."""
    FINISHED = "finished"
    """Metadata has passed; only the close is owed."""
    CLOSED = "closed"


class Move(StrEnum):
    """Everything that can travel, by what it does to the conversation."""

    AUDIO = "audio"
    CONTROL = "control"
    CLOSE_STREAM = "close-stream"
    OUTPUT = "output"
    METADATA = "metadata"
    CLOSE = "close"


# Deepgram docs, «Close Stream»: after CloseStream the server finishes what it has, sends Metadata, closes with 1000;
# the client sends nothing more. A close frame may come at any time, from either side, and nothing may follow it.
TRANSITIONS: Final[dict[tuple[State, Move], State]] = {
    (State.OPEN, Move.AUDIO): State.OPEN,
    (State.OPEN, Move.CONTROL): State.OPEN,
    (State.OPEN, Move.CLOSE_STREAM): State.FINISHING,
    (State.OPEN, Move.OUTPUT): State.OPEN,
    (State.OPEN, Move.CLOSE): State.CLOSED,
    (State.FINISHING, Move.OUTPUT): State.FINISHING,
    (State.FINISHING, Move.METADATA): State.FINISHED,
    (State.FINISHING, Move.CLOSE): State.CLOSED,
    (State.FINISHED, Move.CLOSE): State.CLOSED,
}

_CLIENT_MOVES: Final = frozenset({Move.AUDIO, Move.CONTROL, Move.CLOSE_STREAM, Move.CLOSE})
_SERVER_MOVES: Final = frozenset({Move.OUTPUT, Move.METADATA, Move.CLOSE})


@dataclass(frozen=True)
class Timers:
    """Seconds after which something happens; None switches a timer off.

    Attributes:
        keep_alive_after_s: client: silence on our side before a KeepAlive is due. Deepgram advises 3 to 5 s.
        answer_after_s: client: no message from the server for so long after audio that it owes an answer to.
        drain_after_s: client: longest wait for anything further once CloseStream was sent.
        idle_after_s: server: no frame from the client at all; Deepgram closes with NET-0001 after 10 s.
        output_after_s: server: nothing said for so long, at first or in answer to audio; Deepgram closes with NET-0000
            after about 30 s. A KeepAlive puts it off once something was said.
    """

    keep_alive_after_s: float | None = 5.0
    answer_after_s: float | None = 30.0
    drain_after_s: float | None = 20.0
    idle_after_s: float | None = 10.0
    output_after_s: float | None = 30.0


@dataclass(frozen=True)
class AudioReceived:
    """The client sent audio."""

    data: bytes


@dataclass(frozen=True)
class MessageReceived:
    """The peer sent a text frame."""

    decoded: Decoded


@dataclass(frozen=True)
class CloseStreamReceived:
    """The client is done; `empty_frame` when it said so with an empty binary frame, the deprecated way."""

    empty_frame: bool = False


@dataclass(frozen=True)
class Violation:
    """The peer made a move that the table does not have."""

    state: State
    move: Move


@dataclass(frozen=True)
class Closed:
    """The connection is over; `code` 1005 is a close frame without a code, 1006 no close frame at all.

    `after` is the state in which the first close frame, ours or the peer's, found the session.
    """

    code: int
    reason: str
    after: State


class TimerKind(StrEnum):
    """What a `TimerFired` asks for."""

    KEEP_ALIVE = "keep-alive"
    ANSWER = "answer"
    DRAIN = "drain"
    IDLE = "idle"
    OUTPUT = "output"


@dataclass(frozen=True)
class TimerFired:
    """A timer ran out."""

    kind: TimerKind


Event: TypeAlias = AudioReceived | MessageReceived | CloseStreamReceived | Violation | Closed | TimerFired


class ListenSession:
    """The conversation as one end sees it."""

    def __init__(self, role: Role, now_s: float, timers: Timers | None = None) -> None:
        self.role = role
        self.state = State.OPEN
        self.timers = timers or Timers()
        self.opened_s = now_s
        self._last_upstream_s = now_s
        self._last_control_s = now_s
        self._last_downstream_s: float | None = None
        self._unanswered_since_s: float | None = None
        self._fired: dict[TimerKind, float] = {}
        self._closed_after: State | None = None
        self._awaiting_close = False

    # --- what the peer did ------------------------------------------------------------------------------------------

    def receive_text(self, text: str, now_s: float) -> list[Event]:
        """Take one text frame of the peer's."""
        decoded = decode_client(text) if self.role is Role.SERVER else decode_server(text)
        move = move_of(decoded, self.role)
        events = self._peer_moved(move, now_s)
        if move is Move.CLOSE_STREAM:
            return [*events, CloseStreamReceived()]
        return [*events, MessageReceived(decoded)]

    def receive_binary(self, data: bytes, now_s: float) -> list[Event]:
        """Take one binary frame of the peer's: audio, or CloseStream in its deprecated form, the empty frame."""
        if self.role is Role.CLIENT:
            return [Violation(self.state, Move.AUDIO)]  # Deepgram sends text only on listen
        if not data:
            return [*self._peer_moved(Move.CLOSE_STREAM, now_s), CloseStreamReceived(empty_frame=True)]
        return [*self._peer_moved(Move.AUDIO, now_s), AudioReceived(data)]

    def receive_ping(self, now_s: float) -> None:
        """Take note of a ping, which holds no session open: only KeepAlive does (protocol reference, KeepAlive)."""

    def receive_close(self, code: int, reason: str, now_s: float) -> list[Event]:
        """Take the end of the connection: 1005 for a close frame without a code, 1006 for none at all."""
        events = self._peer_moved(Move.CLOSE, now_s)
        self._awaiting_close = False
        return [*events, Closed(code, reason, self._closed_after or self.state)]

    # --- what we do -------------------------------------------------------------------------------------------------

    def send_audio(self, data: bytes, now_s: float) -> bytes:
        """Check and note one binary frame of ours.

        Raises:
            LocalProtocolError: the session is past CloseStream, or `data` is empty (which would end the stream).
        """
        if not data:
            raise LocalProtocolError("an empty binary frame would end the stream; send CloseStream instead")
        self._we_move(Move.AUDIO, now_s)
        return data

    def send(self, message: messages.Message, now_s: float) -> str:
        """Check and note one message of ours; returns the text of its frame.

        Raises:
            LocalProtocolError: the present state forbids it.
        """
        text = encode(message)
        self.send_text(text, now_s)
        return text

    def send_text(self, text: str, now_s: float) -> None:
        """Check and note one text frame of ours that is encoded already, such as a replayed message.

        Raises:
            LocalProtocolError: the present state forbids it.
        """
        decoded = decode_client(text) if self.role is Role.CLIENT else decode_server(text)
        self._we_move(move_of(decoded, _other(self.role)), now_s)

    def send_close(self, now_s: float) -> None:
        """Note that we close the connection; what the peer had under way until its own close is then no violation.

        Raises:
            LocalProtocolError: it is closed already.
        """
        self._we_move(Move.CLOSE, now_s)
        self._awaiting_close = True

    # --- time -------------------------------------------------------------------------------------------------------

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest; None when no timer runs."""
        return min((due_s for due_s in self._deadlines().values()), default=None)

    def wake(self, now_s: float) -> list[Event]:
        """Report the timers that have run out; each reports once, until a frame starts it anew."""
        due = {kind: due_s for kind, due_s in self._deadlines().items() if due_s <= now_s}
        self._fired.update(due)
        return [TimerFired(kind) for kind in due]

    def _deadlines(self) -> dict[TimerKind, float]:
        if self.state is State.CLOSED:
            return {}
        wanted = self._client_deadlines() if self.role is Role.CLIENT else self._server_deadlines()
        return {kind: due for kind, due in wanted.items() if due is not None and self._fired.get(kind) != due}

    def _client_deadlines(self) -> dict[TimerKind, float | None]:
        timers = self.timers
        if self.state is State.OPEN:
            return {
                TimerKind.KEEP_ALIVE: _after(self._last_upstream_s, timers.keep_alive_after_s),
                # The server owes nothing while we are silent, so its silence counts from our first unanswered audio.
                TimerKind.ANSWER: _after(self._unanswered_since_s, timers.answer_after_s),
            }
        heard_s = self._last_upstream_s if self._last_downstream_s is None else self._last_downstream_s
        return {TimerKind.DRAIN: _after(max(heard_s, self._last_upstream_s), timers.drain_after_s)}

    def _server_deadlines(self) -> dict[TimerKind, float | None]:
        if self.state is not State.OPEN:
            return {}
        return {
            TimerKind.IDLE: _after(self._last_upstream_s, self.timers.idle_after_s),
            TimerKind.OUTPUT: _after(self._output_owed_since_s(), self.timers.output_after_s),
        }

    def _output_owed_since_s(self) -> float | None:
        # Field reports (python-sdk and dotnet threads): KeepAlive holds the line for ever once audio was transcribed,
        # even if the last of it is still unanswered; without any decodable audio NET-0000 comes all the same.
        if self._last_downstream_s is None:
            return self.opened_s
        return None if self._unanswered_since_s is None else max(self._unanswered_since_s, self._last_control_s)

    # --- the table --------------------------------------------------------------------------------------------------

    def _peer_moved(self, move: Move, now_s: float) -> list[Event]:
        state = self.state
        self._note(move, now_s, by_client=self.role is Role.SERVER)
        # RFC 6455, 5.5.1: after our close frame the peer may still send until it has read it and answers with its own.
        return [] if self._advance(move) or self._awaiting_close else [Violation(state, move)]

    def _we_move(self, move: Move, now_s: float) -> None:
        ours = _CLIENT_MOVES if self.role is Role.CLIENT else _SERVER_MOVES
        if move not in ours or not self._advance(move):
            raise LocalProtocolError(f"{self.role.value}: {move.value} is not allowed in state {self.state.value}")
        self._note(move, now_s, by_client=self.role is Role.CLIENT)

    def _advance(self, move: Move) -> bool:
        after = TRANSITIONS.get((self.state, move))
        if after is None:
            return False
        if after is State.CLOSED:
            self._closed_after = self.state
        self.state = after
        return True

    def _note(self, move: Move, now_s: float, *, by_client: bool) -> None:
        if not by_client:
            self._last_downstream_s = now_s
            self._unanswered_since_s = None
            return
        self._last_upstream_s = now_s
        if move is Move.CONTROL:
            self._last_control_s = now_s
        elif move is Move.AUDIO and self._unanswered_since_s is None:
            self._unanswered_since_s = now_s


def move_of(decoded: Decoded, reader: Role) -> Move:
    """Which move a text frame is, read by `reader`."""
    if reader is Role.SERVER:
        return Move.CLOSE_STREAM if isinstance(decoded.message, messages.CloseStream) else Move.CONTROL
    # A Metadata that cannot be read is still the last message: what it lacks is for the judge, not for the table.
    message = decoded.message
    is_metadata = isinstance(message, messages.MalformedMessage) and message.type == "Metadata"
    return Move.METADATA if is_metadata or isinstance(message, messages.Metadata) else Move.OUTPUT


def _other(role: Role) -> Role:
    return Role.CLIENT if role is Role.SERVER else Role.SERVER


def _after(start_s: float | None, duration_s: float | None) -> float | None:
    return None if start_s is None or duration_s is None else start_s + duration_s

"""One `/v2/listen` session as a state machine without I/O: frames and times in, events and wake-up times out.

The counterpart of `session` for Flux, with its states, moves and events; what differs: there is no Metadata, and no
KeepAlive, so that only audio, messages and pings keep a session open.

Time is a number of monotonic seconds (`now_s`) handed in with every call; `next_wakeup_s` asks for `wake` to be called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from harness.errors import LocalProtocolError
from harness.protocol.flux_codec import FluxDecoded, decode_flux_client, decode_flux_server, encode_flux
from harness.protocol.flux_messages import FluxMessage
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

# After CloseStream the server says what it has and closes; the client sends nothing more. A close frame may come at any
# time, from either side, and nothing may follow it.
FLUX_TRANSITIONS: Final[dict[tuple[State, Move], State]] = {
    (State.OPEN, Move.AUDIO): State.OPEN,
    (State.OPEN, Move.CONTROL): State.OPEN,
    (State.OPEN, Move.CLOSE_STREAM): State.FINISHING,
    (State.OPEN, Move.OUTPUT): State.OPEN,
    (State.OPEN, Move.CLOSE): State.CLOSED,
    (State.FINISHING, Move.OUTPUT): State.FINISHING,
    (State.FINISHING, Move.CLOSE): State.CLOSED,
}

_CLIENT_MOVES: Final = frozenset({Move.AUDIO, Move.CONTROL, Move.CLOSE_STREAM, Move.CLOSE})
_SERVER_MOVES: Final = frozenset({Move.OUTPUT, Move.CLOSE})


@dataclass(frozen=True)
class FluxTimers:
    """Seconds after which something happens; None switches a timer off.

    Attributes:
        answer_after_s: client: no message from the server for so long after audio that it owes an answer to.
        drain_after_s: client: longest wait for anything further once CloseStream was sent.
        idle_after_s: server: no frame from the client at all, pings included; 60 s by Deepgram's staff in
            deepgram-python-sdk issue 618, 20 to 30 s by users.
    """

    answer_after_s: float | None = 30.0
    drain_after_s: float | None = 20.0
    idle_after_s: float | None = 60.0


@dataclass(frozen=True)
class FluxMessageReceived:
    """The peer sent a text frame."""

    decoded: FluxDecoded


FluxEvent: TypeAlias = AudioReceived | FluxMessageReceived | CloseStreamReceived | Violation | Closed | TimerFired


class FluxSession:
    """The conversation as one end sees it."""

    def __init__(self, role: Role, now_s: float, timers: FluxTimers | None = None) -> None:
        self.role = role
        self.state = State.OPEN
        self.timers = timers or FluxTimers()
        self.opened_s = now_s
        self._last_upstream_s = now_s
        self._last_downstream_s: float | None = None
        self._unanswered_since_s: float | None = None
        self._fired: dict[TimerKind, float] = {}
        self._closed_after: State | None = None
        self._awaiting_close = False

    # --- what the peer did ------------------------------------------------------------------------------------------

    def receive_text(self, text: str, now_s: float) -> list[FluxEvent]:
        """Take one text frame of the peer's."""
        if self.role is Role.CLIENT:
            return [*self._peer_moved(Move.OUTPUT, now_s), FluxMessageReceived(decode_flux_server(text))]
        decoded = decode_flux_client(text)
        if isinstance(decoded.message, CloseStream):
            return [*self._peer_moved(Move.CLOSE_STREAM, now_s), CloseStreamReceived()]
        return [*self._peer_moved(Move.CONTROL, now_s), FluxMessageReceived(decoded)]

    def receive_binary(self, data: bytes, now_s: float) -> list[FluxEvent]:
        """Take one binary frame of the peer's: audio; no source says that an empty one ends a Flux session."""
        if self.role is Role.CLIENT:
            return [Violation(self.state, Move.AUDIO)]  # Deepgram sends text only on listen
        return [*self._peer_moved(Move.AUDIO, now_s), AudioReceived(data)]

    def receive_ping(self, now_s: float) -> None:
        """Take note of a ping: it holds an idle session open (deepgram-python-sdk issue 618)."""
        self._last_upstream_s = now_s

    def receive_close(self, code: int, reason: str, now_s: float) -> list[FluxEvent]:
        """Take the end of the connection: 1005 for a close frame without a code, 1006 for none at all."""
        events = self._peer_moved(Move.CLOSE, now_s)
        self._awaiting_close = False
        return [*events, Closed(code, reason, self._closed_after or self.state)]

    # --- what we do -------------------------------------------------------------------------------------------------

    def send_audio(self, data: bytes, now_s: float) -> bytes:
        """Check and note one binary frame of ours.

        Raises:
            LocalProtocolError: the session is past CloseStream, or `data` is empty.
        """
        if not data:
            raise LocalProtocolError("an empty binary frame is no audio; send CloseStream to end the session")
        self._we_move(Move.AUDIO, now_s)
        return data

    def send(self, message: FluxMessage, now_s: float) -> str:
        """Check and note one message of ours; returns the text of its frame.

        Raises:
            LocalProtocolError: the present state forbids it.
        """
        text = encode_flux(message)
        self.send_text(text, now_s)
        return text

    def send_text(self, text: str, now_s: float) -> None:
        """Check and note one text frame of ours that is encoded already, such as a replayed message.

        Raises:
            LocalProtocolError: the present state forbids it.
        """
        if self.role is Role.SERVER:
            self._we_move(Move.OUTPUT, now_s)
            return
        closing = isinstance(decode_flux_client(text).message, CloseStream)
        self._we_move(Move.CLOSE_STREAM if closing else Move.CONTROL, now_s)

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
        return min(self._deadlines().values(), default=None)

    def wake(self, now_s: float) -> list[FluxEvent]:
        """Report the timers that have run out; each reports once, until a frame starts it anew."""
        due = {kind: due_s for kind, due_s in self._deadlines().items() if due_s <= now_s}
        self._fired.update(due)
        return [TimerFired(kind) for kind in due]

    def _deadlines(self) -> dict[TimerKind, float]:
        if self.state is State.CLOSED:
            return {}
        kind, start_s, duration_s = self._running_timer()
        if start_s is None or duration_s is None or self._fired.get(kind) == start_s + duration_s:
            return {}
        return {kind: start_s + duration_s}

    def _running_timer(self) -> tuple[TimerKind, float | None, float | None]:
        """Which timer runs, from when, and how long: one for each end and state."""
        if self.role is Role.SERVER:
            idle_since_s = self._last_upstream_s if self.state is State.OPEN else None
            return TimerKind.IDLE, idle_since_s, self.timers.idle_after_s
        if self.state is State.OPEN:
            return TimerKind.ANSWER, self._unanswered_since_s, self.timers.answer_after_s
        heard_s = self._last_upstream_s if self._last_downstream_s is None else self._last_downstream_s
        return TimerKind.DRAIN, max(heard_s, self._last_upstream_s), self.timers.drain_after_s

    # --- the table --------------------------------------------------------------------------------------------------

    def _peer_moved(self, move: Move, now_s: float) -> list[FluxEvent]:
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
        after = FLUX_TRANSITIONS.get((self.state, move))
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
        if move is Move.AUDIO and self._unanswered_since_s is None:
            self._unanswered_since_s = now_s

"""A connection behind its faults: what a shell feeds, and what it has to carry out, and when.

The WebSocket shell and the simulation drive the same line. Everything a client sends passes the fault chain before the
connection sees it, everything the connection says passes it before the client does.
"""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

from mock_server.connection import Action, Connection
from mock_server.faults.chain import FaultChain
from mock_server.faults.steps import (
    ClientAudio,
    ClientClose,
    ClientPing,
    ClientText,
    Downstream,
    Moment,
    PauseReading,
    SendClose,
    SendPong,
    SendText,
    Step,
    Upstream,
)

METADATA: Final = "Metadata"
CLOSE: Final = "close"

SocketStep: TypeAlias = Downstream | PauseReading


class Line:
    """One connection and its faults.

    Args:
        connection: what answers.
        chain: what goes wrong.
        now_s: monotonic seconds at the upgrade.

    Attributes:
        client_closed: whether the client's close frame has got through to the connection.
    """

    def __init__(self, connection: Connection, chain: FaultChain, now_s: float) -> None:
        self.connection = connection
        self.chain = chain
        self.client_closed = False
        self._opened_s = now_s
        connection.journal.behind_faults = not chain.empty
        self._owed = set[str]()  # what ends a session well, and was said, and has not come out of the faults
        self._noted = len(chain.fired)  # of the handshake: noted where the upgrade is

    def open(self, now_s: float) -> list[SocketStep]:
        """The upgrade is done; returns what is to be done to the socket now."""
        return self._carried_out(self.chain.wake(self._moment(now_s)), now_s)

    def receive(self, passing: Upstream, now_s: float) -> list[SocketStep]:
        """Something came from the client; returns what is to be done to the socket now."""
        return self._carried_out(self.chain.upstream(passing, self._moment(now_s)), now_s)

    def wake(self, now_s: float) -> list[SocketStep]:
        """The time asked for has come; returns what is to be done to the socket now."""
        steps = [] if self.chain.empty else self.chain.wake(self._moment(now_s))
        return self._carried_out([*steps, *self._said(self.connection.wake(now_s), now_s)], now_s)

    def finish(self, now_s: float) -> None:
        """The socket is gone; a client that was not told the end, whatever it closed with, does not have everything."""
        if self._owed:
            self.connection.closed_in_order = False
        self.connection.finish(now_s)

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest."""
        waits = (self.connection.next_wakeup_s, self.chain.next_wakeup_s)
        return min((wait for wait in waits if wait is not None), default=None)

    def _carried_out(self, steps: list[Step], now_s: float) -> list[SocketStep]:
        """Hand to the connection what reaches it, and gather what is left for the socket."""
        to_do, for_socket = deque(steps), list[SocketStep]()
        while to_do:
            step = to_do.popleft()
            if isinstance(step, Upstream):
                to_do.extend(self._arrived(step, now_s))
            else:
                for_socket.append(step)
        if not self.chain.empty:
            self._note(for_socket, now_s)
        return for_socket

    def _arrived(self, step: Upstream, now_s: float) -> list[Step]:
        match step:
            case ClientText(text):
                return self._said(self.connection.receive_text(text, now_s), now_s)
            case ClientAudio(data):
                said = self._said(self.connection.receive_binary(data, now_s), now_s)
                # A fault may wait for a second of audio, which may just have come.
                return said if self.chain.empty else [*said, *self.chain.wake(self._moment(now_s))]
            case ClientPing(data):
                self.connection.receive_ping(now_s)
                return self.chain.downstream(SendPong(data), self._moment(now_s))
            case ClientClose(code, reason):
                answers_ours, self.client_closed = self.connection.closed, True
                self.connection.receive_close(code, reason, now_s)
                # A close frame is answered with one of the same code (RFC 6455, 5.5.1).
                return [] if answers_ours else self.chain.downstream(SendClose(code, reason), self._moment(now_s))

    def _said(self, actions: list[Action], now_s: float) -> list[Step]:
        steps: list[Step] = []
        for action in actions:
            if not self.chain.empty:
                self._owe(action)
            steps += self.chain.downstream(action, self._moment(now_s))
        return steps

    def _owe(self, action: Action) -> None:
        match action:
            case SendText(text) if '"Metadata"' in text:
                self._owed.update({METADATA} & set(action.kinds))
            case SendClose():
                self._owed.add(CLOSE)

    def _note(self, steps: list[SocketStep], now_s: float) -> None:
        """Put what the faults did into the journal, and what comes out of them."""
        journal, audio_s = self.connection.journal, self.connection.audio_s
        for firing in self.chain.fired[self._noted :]:
            journal.note(f"fault {firing.kind}: {firing.what}", now_s, firing.audio_s)
        self._noted = len(self.chain.fired)
        for step in steps:
            match step:
                case SendText(text):
                    self._owed.difference_update(step.kinds)
                    journal.sent_text(text, now_s, audio_s)
                case SendClose(code, reason):
                    self._owed.discard(CLOSE)
                    if not self.client_closed:
                        journal.sent_close(code, reason, now_s, audio_s)

    def _moment(self, now_s: float) -> Moment:
        return Moment(now_s, now_s - self._opened_s, self.connection.audio_s)

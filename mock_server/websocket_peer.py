"""A WebSocket client: carries out on the socket what its pure `Line` wants done.

Every frame is the `websockets` package's (`ServerProtocol`); this shell moves bytes, keeps the one
timer that the line asks for, and bounds what a client that does not read can make us hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from harness.audio.chunking import split
from mock_server import tcp
from mock_server.faults.steps import (
    ClientAudio,
    ClientClose,
    ClientPing,
    ClientText,
    Fin,
    PauseReading,
    Reset,
    SendClose,
    SendPong,
    SendText,
    Upstream,
)
from mock_server.intake import Intake
from mock_server.line import Line, SocketStep
from mock_server.log import LOG
from mock_server.runs import Run

if TYPE_CHECKING:
    from mock_server.server import MockServer

_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

_PONG: Final = bytes([0x80 | Opcode.PONG])
"""How every pong begins: one frame, the last of its message."""


class WebSocketPeer:
    """One upgraded connection.

    Args:
        server: whose it is.
        transport: its socket.
        protocol: its frames; the answer to the upgrade is still in it, to be sent.
        line: what it carries out.
        run: of its client.
    """

    def __init__(
        self, server: MockServer, transport: asyncio.Transport, protocol: ServerProtocol, line: Line, run: Run
    ) -> None:
        self._server, self._transport, self._protocol = server, transport, protocol
        self._line, self._run = line, run
        self._loop = asyncio.get_running_loop()
        self._intake = Intake(transport, server.clock)
        self._message = bytearray()
        self._message_kind = Opcode.BINARY
        self._said_close = False
        self._let_go = self._gone = False
        self._close_answer: list[bytes] = []  # the package's answer to a close that the faults have not let through
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_s = 0.0
        self._cut: asyncio.TimerHandle | None = None

    def begin(self, early: bytes) -> None:
        """The upgrade is answered; `early` is what the client sent before that."""
        self._flush()
        self._line.connection.on_news = self._tell
        self._server.session_opened(self._line.connection)
        self._guard(lambda: self._execute(self._line.open(self._server.clock.now_s())))
        if early:
            self.receive(early)

    # --- from the socket --------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes came."""
        self._protocol.receive_data(data)
        self._guard(self._take_in)

    def receive_eof(self) -> None:
        """The client will send no more."""
        self._protocol.receive_eof()
        self._guard(self._take_in)
        self._transport.close()
        self._cut_soon()

    def connection_lost(self) -> None:
        """The socket is gone: tell the connection how it ended, and keep its journal."""
        self._gone = True
        self._intake.cancel()
        for timer in (self._timer, self._cut):
            if timer is not None:
                timer.cancel()
        connection, now_s = self._line.connection, self._server.clock.now_s()
        if not (self._said_close or self._let_go or self._line.client_closed):
            if self._server.stopping:
                connection.let_go("the server was stopped", now_s)
            else:
                connection.receive_close(CloseCode.ABNORMAL_CLOSURE, "", now_s)
        self._line.finish(now_s)
        self._run.end(in_order=connection.closed_in_order)
        self._server.session_over(connection)

    def pause_writing(self) -> None:
        """The client does not read: do not read from it either, and cut it when too much waits."""
        self._intake.client_reads(False)

    def resume_writing(self) -> None:
        """The client reads again."""
        self._intake.client_reads(True)

    # --- what came --------------------------------------------------------------------------------------------------

    def _guard(self, work: Callable[[], None]) -> None:
        """One bad connection never harms another: whatever goes wrong in here ends this connection and is reported."""
        try:
            work()
        except Exception as error:
            LOG.error("connection failed", exc_info=error, extra={"request_id": self._line.connection.request_id})
            self._server.errors.append(error)
            self._protocol.fail(CloseCode.INTERNAL_ERROR, "dgharness: internal error")
        self._note_failure()
        self._flush()

    def _take_in(self) -> None:
        self._sort(self._protocol.data_to_send())
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and not self._let_go:
                self._frame(event)

    def _sort(self, answers: list[bytes]) -> None:
        """What the package answers by itself goes out, but not past the faults; pings are the line's to answer."""
        for data in answers:
            if data.startswith(_PONG):
                continue
            if self._line.chain.empty or self._protocol.close_rcvd is None:
                self._write(data)
            else:
                self._close_answer.append(data)

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PING:
            self._arrived(ClientPing(bytes(frame.data)))
        elif frame.opcode is Opcode.CLOSE:
            received = self._protocol.close_rcvd
            assert received is not None  # it is what this frame says
            self._arrived(ClientClose(int(received.code), received.reason))
        if frame.opcode not in _DATA:
            return
        if frame.opcode is not Opcode.CONT:
            self._message_kind = frame.opcode
        self._message += frame.data
        if not frame.fin:
            return
        data = bytes(self._message)
        self._message.clear()
        if self._message_kind is Opcode.TEXT:
            self._text(data)
        else:
            self._arrived(ClientAudio(data))

    def _text(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "text frame is not UTF-8")  # RFC 6455, 8.1
            return
        self._arrived(ClientText(text))

    def _arrived(self, passing: Upstream) -> None:
        now_s = self._server.clock.now_s()
        self._run.heard_s = now_s
        self._execute(self._line.receive(passing, now_s))

    def _note_failure(self) -> None:
        """Put a close that the package sent for a fault of the client's into the journal."""
        line, sent = self._line, self._protocol.close_sent
        if sent is None or self._said_close or self._close_answer or line.client_closed:
            return
        self._said_close = True
        line.connection.journal.sent_close(
            int(sent.code), sent.reason, self._server.clock.now_s(), line.connection.audio_s
        )

    # --- to the socket ----------------------------------------------------------------------------------------------

    def _execute(self, steps: list[SocketStep]) -> None:
        for step in steps:
            try:
                self._carry_out(step)
            except InvalidState:
                continue  # the client began to close first; what was left to say cannot be said any more
        if self._close_answer and self._line.client_closed and self._said_close:
            self._give_close_answer()
        self._set_timer()

    def _carry_out(self, step: SocketStep) -> None:
        match step:
            case SendText(text, fragments):
                self._send_text(text.encode(), fragments)
            case SendClose(code, reason):
                if self._protocol.close_rcvd is None:
                    self._protocol.send_close(None if code == CloseCode.NO_STATUS_RCVD else code, reason)
                    self._said_close = True
                else:
                    self._give_close_answer()
            case SendPong(data):
                if self._protocol.state is State.OPEN:  # after a close frame nobody waits for it
                    self._protocol.send_pong(data)
            case PauseReading(until_s):
                self._intake.pause_until(until_s)
            case Fin():
                self._end_tcp()
            case Reset():
                self._reset_tcp()

    def _send_text(self, data: bytes, fragments: int) -> None:
        first, *rest = list(split(data, max(1, -(-len(data) // fragments)))) or [b""]
        self._protocol.send_text(first, fin=not rest)
        for number, piece in enumerate(rest, start=1):
            self._protocol.send_continuation(piece, fin=number == len(rest))

    def _give_close_answer(self) -> None:
        self._flush()
        for data in self._close_answer:
            self._write(data)
        self._close_answer.clear()

    def _end_tcp(self) -> None:
        """Say no more, and read on: closing a socket with unread bytes would reset the connection."""
        self._flush()
        self._lose("cut by a fault: TCP ended without a close frame")
        tcp.end(self._transport)
        self._cut_soon()

    def _reset_tcp(self) -> None:
        self._flush()
        self._lose("cut by a fault: TCP reset")
        tcp.reset(self._transport)

    def _lose(self, why: str) -> None:
        if not (self._said_close or self._line.client_closed):
            self._line.connection.let_go(why, self._server.clock.now_s())
        self._let_go = True

    def _write(self, data: bytes) -> None:
        """Bytes to the socket; none end our half of it."""
        if not data:
            tcp.end(self._transport)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def _flush(self) -> None:
        if self._transport.is_closing() or self._let_go:
            return
        for data in self._protocol.data_to_send():
            self._write(data)
        if self._transport.get_write_buffer_size() > self._server.settings.limits.unsent_bytes:
            self._cut_now()
        elif self._protocol.close_expected() and not self._close_answer:
            self._cut_soon()

    def _cut_now(self) -> None:
        """The client does not read: what is written to it would only pile up here."""
        connection = self._line.connection
        LOG.warning("cut a client that does not read", extra={"request_id": connection.request_id})
        limit = f"more than {self._server.settings.limits.unsent_bytes} bytes waited to be read by the client"
        connection.journal.note(f"cut: {limit}", self._server.clock.now_s(), connection.audio_s)
        self._transport.abort()

    def _cut_soon(self) -> None:
        """The client gets so long to take in what was said, and to close its half."""
        if self._cut is None:
            self._cut = self._loop.call_later(self._server.settings.limits.close_timeout_s, self._transport.abort)

    # --- the one timer ----------------------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        """Keep a timer for the next wake-up. One that is too early stays: it sets the next itself."""
        wakeup_s = self._line.next_wakeup_s
        if wakeup_s is None or self._let_go:
            return
        if self._timer is not None and self._timer_at_s <= wakeup_s:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at_s = wakeup_s
        delay_s = max(0.0, wakeup_s - self._server.clock.now_s())
        self._timer = self._loop.call_later(delay_s, self._wake)

    def _tell(self) -> None:
        """A worker has news for the connection; called in the worker's thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody is there to be told
            self._loop.call_soon_threadsafe(self._hear_news)

    def _hear_news(self) -> None:
        if not (self._let_go or self._gone):
            self._guard(lambda: self._execute(self._line.wake(self._server.clock.now_s())))

    def _wake(self) -> None:
        self._timer = None
        self._guard(lambda: self._execute(self._line.wake(self._server.clock.now_s())))

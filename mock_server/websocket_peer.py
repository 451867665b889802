"""A WebSocket client: carries out on the socket what its pure `Line` wants done.

The handshake and every frame are the `websockets` package's (`ServerProtocol`); this shell moves bytes, keeps the one
timer that the line asks for, and bounds what a client that does not read can make us hold.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from websockets.datastructures import Headers
from websockets.exceptions import HeaderLineTooLong, InvalidState, RequestLineTooLong, TooManyHeaders
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from harness.audio.chunking import split
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
from mock_server.line import Line, SocketStep
from mock_server.log import LOG, WIRE
from mock_server.reception import Admitted, Attempt, Reception, Refused, UpgradeRequest
from mock_server.runs import Run

if TYPE_CHECKING:
    from mock_server.server import MockServer

_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

_PONG: Final = bytes([0x80 | Opcode.PONG])
"""How every pong begins: one frame, the last of its message."""

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER for no time at all: closing the socket then resets the connection."""

_UNREADABLE: Final[dict[type[Exception], int]] = {RequestLineTooLong: 414, HeaderLineTooLong: 431, TooManyHeaders: 431}
"""Statuses for heads that the `websockets` package does not read on; any other is a plain 400."""


class WebSocketPeer:
    """One upgraded connection, or one whose upgrade is being refused."""

    def __init__(self, server: MockServer, transport: asyncio.Transport, target: str) -> None:
        self._server = server
        self._transport = transport
        self._target = target
        self._loop = asyncio.get_running_loop()
        self._began_s = server.clock.now_s()
        limit = server.settings.limits.message_bytes
        self._protocol = ServerProtocol(select_subprotocol=_echoed, max_size=limit, logger=WIRE)
        self._line: Line | None = None
        self._run: Run | None = None
        self._message = bytearray()
        self._message_kind = Opcode.BINARY
        self._answered = False
        self._early = bytearray()
        self._said_close = False
        self._let_go = False
        self._close_answer: list[bytes] = []  # the package's answer to a close that the faults have not let through
        self._writes_wait = False
        self._reading_from_s = 0.0
        self._reading_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_s = 0.0
        self._cut: asyncio.TimerHandle | None = None

    # --- from the socket --------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes came: the request's head first, by itself, and then frames."""
        if self._answered and self._line is None:
            self._keep_early(data)
            return
        self._protocol.receive_data(data)
        self._guarded()

    def _keep_early(self, data: bytes) -> None:
        """A client that does not wait for the answer to its upgrade has its frames read after it, if it is let in."""
        self._early += data
        if len(self._early) > self._server.settings.limits.message_bytes:
            self._transport.abort()

    def receive_eof(self) -> None:
        """The client will send no more."""
        self._protocol.receive_eof()
        self._guarded()
        self._transport.close()
        self._cut_soon()

    def connection_lost(self) -> None:
        """The socket is gone: tell the connection how it ended, and keep its journal."""
        for timer in (self._timer, self._cut, self._reading_timer, self._answer_timer):
            if timer is not None:
                timer.cancel()
        line, now_s = self._line, self._server.clock.now_s()
        if line is None:
            return
        if not (self._said_close or self._let_go or line.client_closed):
            if self._server.stopping:
                line.connection.let_go("the server was stopped", now_s)
            else:
                line.connection.receive_close(CloseCode.ABNORMAL_CLOSURE, "", now_s)
        line.connection.finish(now_s)
        if self._run is not None:
            self._run.end(in_order=line.connection.closed_in_order)
        self._server.session_over(line.connection)

    def pause_writing(self) -> None:
        """The client does not read: do not read from it either, and cut it when too much waits."""
        self._writes_wait = True
        self._read_or_not()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._writes_wait = False
        self._read_or_not()

    def _pause_reading(self, until_s: float) -> None:
        self._reading_from_s = max(self._reading_from_s, until_s)
        if self._reading_timer is None:
            self._read_or_not()

    def _read_or_not(self) -> None:
        """Take bytes off the socket as long as the client reads, too, and no fault forbids it."""
        if self._reading_timer is not None:
            self._reading_timer.cancel()
            self._reading_timer = None
        if self._transport.is_closing():
            return
        wait_s = self._reading_from_s - self._server.clock.now_s()
        if wait_s > 0.0:
            self._reading_timer = self._loop.call_later(wait_s, self._read_or_not)
        if wait_s > 0.0 or self._writes_wait:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # --- what came --------------------------------------------------------------------------------------------------

    def _guarded(self) -> None:
        """One bad connection never harms another: whatever goes wrong in here ends this connection and is reported."""
        try:
            self._sort(self._protocol.data_to_send())
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    self._asked(event)
                elif isinstance(event, Frame):
                    self._frame(event)
            if self._protocol.handshake_exc is not None and not self._answered:
                self._unreadable(self._protocol.handshake_exc)
        except Exception as error:
            self._failed(error)
        self._note_failure()
        self._flush()

    def _sort(self, answers: list[bytes]) -> None:
        """What the package answers by itself goes out, but not past the faults."""
        for data in answers:
            if self._line is None:
                return  # the package's own refusal of a head that it cannot read: ours is sent instead
            if self._line.chain.empty or (self._protocol.close_rcvd is None and not data.startswith(_PONG)):
                self._write(data)
            elif not data.startswith(_PONG):  # a ping is answered through the faults
                self._close_answer.append(data)

    def _asked(self, request: Request) -> None:
        self._answered = True
        asked = UpgradeRequest(request.path, request.headers, self._began_s)
        attempt = self._server.reception.attempt(asked)
        if attempt.handshake.wait_s > 0.0:
            self._answer_timer = self._loop.call_later(
                attempt.handshake.wait_s, self._answer_late, request, asked, attempt
            )
        else:
            self._answer(request, asked, attempt)

    def _answer_late(self, request: Request, asked: UpgradeRequest, attempt: Attempt) -> None:
        try:
            self._answer(request, asked, attempt)
        except Exception as error:
            self._failed(error)
        self._flush()

    def _answer(self, request: Request, asked: UpgradeRequest, attempt: Attempt) -> None:
        response = self._protocol.accept(request)
        answer = self._server.reception.upgrade(asked, attempt, handshake_ok=response.status_code == 101)
        if not isinstance(answer, Admitted):
            self._protocol.send_response(_response(answer))
            self._server.refused(answer)
            return
        for name, value in answer.headers:
            response.headers[name] = value
        self._protocol.send_response(response)
        self._line, self._run = answer.line, answer.run
        self._server.session_opened(answer.line.connection)
        self._execute(answer.line.open(self._server.clock.now_s()))
        if self._early:
            self._flush()
            self._protocol.receive_data(bytes(self._early))
            self._early.clear()
            self._loop.call_soon(self._guarded)

    def _unreadable(self, error: Exception) -> None:
        """The package gave up on the request's head: answer as everywhere else, with ids and `dg-error`."""
        self._answered = True
        refused = self._server.reception.unreadable(self._target, _UNREADABLE.get(type(error), 400), self._began_s)
        self._protocol.data_to_send()  # the package's own answer is left unsent
        self._transport.write(_response(refused).serialize())
        self._transport.close()
        self._server.refused(refused)

    def _frame(self, frame: Frame) -> None:
        if self._line is None or self._let_go:
            return
        if frame.opcode is Opcode.PING and not self._line.chain.empty:
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
        assert self._line is not None
        assert self._run is not None
        now_s = self._server.clock.now_s()
        self._run.heard_s = now_s
        self._execute(self._line.receive(passing, now_s))

    def _note_failure(self) -> None:
        """Put a close that the package sent for a fault of the client's into the journal."""
        line, sent = self._line, self._protocol.close_sent
        if line is None or sent is None or self._said_close or self._close_answer or line.client_closed:
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
        if self._close_answer and self._line is not None and self._line.client_closed and self._said_close:
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
                self._protocol.send_pong(data)
            case PauseReading(until_s):
                self._pause_reading(until_s)
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
        if not self._transport.is_closing():
            self._write(b"")
        self._cut_soon()

    def _reset_tcp(self) -> None:
        self._flush()
        self._lose("cut by a fault: TCP reset")
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def _lose(self, why: str) -> None:
        assert self._line is not None
        if not (self._said_close or self._line.client_closed):
            self._line.connection.let_go(why, self._server.clock.now_s())
        self._let_go = True

    def _write(self, data: bytes) -> None:
        """Bytes to the socket; none end our half of it."""
        if self._transport.is_closing():
            return
        if data:
            self._transport.write(data)
        elif self._transport.can_write_eof():
            with suppress(OSError):  # the client is gone already
                self._transport.write_eof()
        else:
            self._transport.close()  # TLS has no half-close

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
        LOG.warning("cut a client that does not read", extra={"request_id": self._request_id})
        if self._line is not None:
            limit = f"more than {self._server.settings.limits.unsent_bytes} bytes waited to be read by the client"
            self._line.connection.journal.note(
                f"cut: {limit}", self._server.clock.now_s(), self._line.connection.audio_s
            )
        self._transport.abort()

    def _cut_soon(self) -> None:
        """The client gets so long to take in what was said, and to close its half."""
        if self._cut is None:
            self._cut = self._loop.call_later(self._server.settings.limits.close_timeout_s, self._transport.abort)

    def _failed(self, error: Exception) -> None:
        LOG.error("connection failed", exc_info=error, extra={"request_id": self._request_id})
        self._server.errors.append(error)
        self._protocol.fail(CloseCode.INTERNAL_ERROR, "dgharness: internal error")

    @property
    def _request_id(self) -> str | None:
        return self._line.connection.request_id if self._line else None

    # --- the one timer ----------------------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        """Keep a timer for the next wake-up. One that is too early stays: it sets the next itself."""
        assert self._line is not None
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

    def _wake(self) -> None:
        self._timer = None
        assert self._line is not None
        try:
            self._execute(self._line.wake(self._server.clock.now_s()))
        except Exception as error:
            self._failed(error)
        self._note_failure()
        self._flush()


def _response(refused: Refused) -> Response:
    answer = refused.response
    return Response(answer.status, answer.reason_phrase, Headers(answer.headers), answer.body)


def _echoed(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """`token` or `bearer` is echoed, or strict browsers fail the handshake; the key beside it is no protocol."""
    echoed = Reception.echoed_subprotocol(offered)
    return None if echoed is None else Subprotocol(echoed)

"""A WebSocket client: executes the actions of its pure `ListenConnection` on the socket.

The handshake and every frame are the `websockets` package's (`ServerProtocol`); this shell moves bytes, keeps the one
timer that the connection asks for, and bounds what a client that does not read can make us hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from websockets.datastructures import Headers
from websockets.exceptions import HeaderLineTooLong, InvalidState, RequestLineTooLong, TooManyHeaders
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from mock_server.connection import Action, ListenConnection, SendClose, SendText
from mock_server.log import LOG, WIRE
from mock_server.reception import Admitted, Reception, Refused, UpgradeRequest

if TYPE_CHECKING:
    from mock_server.server import MockServer

_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

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
        self._connection: ListenConnection | None = None
        self._message = bytearray()
        self._message_kind = Opcode.BINARY
        self._answered = False
        self._close_noted = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_s = 0.0
        self._cut: asyncio.TimerHandle | None = None

    # --- from the socket --------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes came."""
        self._protocol.receive_data(data)
        self._guarded()

    def receive_eof(self) -> None:
        """The client will send no more."""
        self._protocol.receive_eof()
        self._guarded()
        self._transport.close()
        self._cut_soon()

    def connection_lost(self) -> None:
        """The socket is gone: tell the connection how it ended, and keep its journal."""
        self._cancel_timer()
        if self._cut is not None:
            self._cut.cancel()
        connection, now_s = self._connection, self._server.clock.now_s()
        if connection is None:
            return
        if self._protocol.close_sent is None:
            connection.receive_close(CloseCode.ABNORMAL_CLOSURE, "", now_s)
        connection.finish(now_s)
        self._server.session_over(connection)

    def pause_writing(self) -> None:
        """The client does not read: do not read from it either, and cut it when too much waits."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # --- what came --------------------------------------------------------------------------------------------------

    def _guarded(self) -> None:
        """One bad connection never harms another: whatever goes wrong in here ends this connection and is reported."""
        try:
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    self._upgrade(event)
                elif isinstance(event, Frame):
                    self._frame(event)
            if self._protocol.handshake_exc is not None and not self._answered:
                self._unreadable(self._protocol.handshake_exc)
        except Exception as error:
            self._failed(error)
        self._note_close()
        self._flush()

    def _upgrade(self, request: Request) -> None:
        self._answered = True
        asked = UpgradeRequest(request.path, request.headers, self._began_s)
        response = self._protocol.accept(request)
        answer = self._server.reception.upgrade(asked, handshake_ok=response.status_code == 101)
        if not isinstance(answer, Admitted):
            self._protocol.send_response(_response(answer))
            self._server.refused(answer)
            return
        for name, value in answer.headers:
            response.headers[name] = value
        self._protocol.send_response(response)
        self._connection = answer.connection
        self._server.session_opened(answer.connection)
        self._set_timer()

    def _unreadable(self, error: Exception) -> None:
        """The package gave up on the request's head: answer as everywhere else, with ids and `dg-error`."""
        self._answered = True
        refused = self._server.reception.unreadable(self._target, _UNREADABLE.get(type(error), 400), self._began_s)
        self._protocol.data_to_send()  # the package's own answer is left unsent
        self._transport.write(_response(refused).serialize())
        self._transport.close()
        self._server.refused(refused)

    def _frame(self, frame: Frame) -> None:
        if frame.opcode not in _DATA or self._connection is None or self._close_noted:
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
            self._execute(self._connection.receive_binary(data, self._server.clock.now_s()))

    def _text(self, data: bytes) -> None:
        assert self._connection is not None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "text frame is not UTF-8")  # RFC 6455, 8.1
            self._note_close()
            return
        self._execute(self._connection.receive_text(text, self._server.clock.now_s()))

    def _note_close(self) -> None:
        """Put a close that the package dealt with by itself into the journal: the client's, or one for its fault."""
        connection, sent, received = self._connection, self._protocol.close_sent, self._protocol.close_rcvd
        if connection is None or self._close_noted or sent is None:
            return
        now_s = self._server.clock.now_s()
        if received is not None:
            connection.receive_close(int(received.code), received.reason, now_s)
        elif not connection.closed:
            connection.journal.closed_by_server(int(sent.code), sent.reason, now_s, connection.audio_s)
        else:
            return  # our own close, in the journal already; the client's answer to it is still to come
        self._close_noted = True
        self._cancel_timer()

    # --- to the socket ----------------------------------------------------------------------------------------------

    def _execute(self, actions: list[Action]) -> None:
        for action in actions:
            try:
                match action:
                    case SendText(text):
                        self._protocol.send_text(text.encode())
                    case SendClose(code, reason):
                        self._protocol.send_close(code, reason)
            except InvalidState:
                return  # the client began to close first; what was left to say cannot be said any more
        self._set_timer()

    def _flush(self) -> None:
        if self._transport.is_closing():
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()  # TLS has no half-close
        if self._transport.get_write_buffer_size() > self._server.settings.limits.unsent_bytes:
            self._cut_now()
        elif self._protocol.close_expected():
            self._cut_soon()

    def _cut_now(self) -> None:
        """The client does not read: what is written to it would only pile up here."""
        LOG.warning("cut a client that does not read", extra={"request_id": self._request_id})
        if self._connection is not None:
            limit = f"more than {self._server.settings.limits.unsent_bytes} bytes waited to be read by the client"
            self._connection.journal.note(f"cut: {limit}", self._server.clock.now_s(), self._connection.audio_s)
        self._transport.abort()

    def _cut_soon(self) -> None:
        """The client gets so long to take in what was said, and to close its half."""
        if self._cut is None:
            self._cut = self._loop.call_later(self._server.settings.limits.close_timeout_s, self._transport.abort)

    def _failed(self, error: Exception) -> None:
        LOG.error("connection failed", exc_info=error, extra={"request_id": self._request_id})
        self._server.errors.append(error)
        self._protocol.fail(CloseCode.INTERNAL_ERROR, "dgharness: internal error")
        self._note_close()

    @property
    def _request_id(self) -> str | None:
        return self._connection.request_id if self._connection else None

    # --- the one timer ----------------------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        """Keep a timer for the next wake-up. One that is too early stays: it sets the next itself."""
        assert self._connection is not None
        wakeup_s = self._connection.next_wakeup_s
        if wakeup_s is None or self._protocol.state is not State.OPEN:
            return
        if self._timer is not None and self._timer_at_s <= wakeup_s:
            return
        self._cancel_timer()
        self._timer_at_s = wakeup_s
        delay_s = max(0.0, wakeup_s - self._server.clock.now_s())
        self._timer = self._loop.call_later(delay_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        assert self._connection is not None
        try:
            self._execute(self._connection.wake(self._server.clock.now_s()))
        except Exception as error:
            self._failed(error)
        self._flush()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _response(refused: Refused) -> Response:
    answer = refused.response
    return Response(answer.status, answer.reason_phrase, Headers(answer.headers), answer.body)


def _echoed(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """`token` or `bearer` is echoed, or strict browsers fail the handshake; the key beside it is no protocol."""
    echoed = Reception.echoed_subprotocol(offered)
    return None if echoed is None else Subprotocol(echoed)

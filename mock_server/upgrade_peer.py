"""A request for a WebSocket: answers it, perhaps late, and hands an open connection over to `WebSocketPeer`.

The request is the `websockets` package's to read (`ServerProtocol`), and its answer the reception's to decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from websockets.datastructures import Headers
from websockets.exceptions import HeaderLineTooLong, RequestLineTooLong, TooManyHeaders
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from mock_server import tcp
from mock_server.log import LOG, WIRE
from mock_server.reception import Attempt, Reception, Refused, UpgradeRequest
from mock_server.websocket_peer import WebSocketPeer

if TYPE_CHECKING:
    from mock_server.server import MockServer

_UNREADABLE: Final[dict[type[object], int]] = {RequestLineTooLong: 414, HeaderLineTooLong: 431, TooManyHeaders: 431}
"""Statuses for heads that the `websockets` package does not read on; any other is a plain 400."""


class UpgradePeer:
    """One connection that asked to become a WebSocket, before and after that is decided."""

    def __init__(self, server: MockServer, transport: asyncio.Transport, target: str) -> None:
        self._server, self._transport, self._target = server, transport, target
        self._loop = asyncio.get_running_loop()
        self._began_s = server.clock.now_s()
        limit = server.settings.limits.message_bytes
        self._protocol = ServerProtocol(select_subprotocol=_echoed, max_size=limit, logger=WIRE)
        self._open: WebSocketPeer | None = None
        self._asked = False
        self._early = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    # --- from the socket --------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes came: the request's head first, by itself, and then frames."""
        if self._open is not None:
            self._open.receive(data)
        elif self._asked:
            self._keep_early(data)
        else:
            self._read_head(data)

    def receive_eof(self) -> None:
        """The client will send no more."""
        if self._open is not None:
            self._open.receive_eof()
        else:
            self._transport.close()

    def connection_lost(self) -> None:
        """The socket is gone."""
        if self._timer is not None:
            self._timer.cancel()
        if self._open is not None:
            self._open.connection_lost()

    def pause_writing(self) -> None:
        """The client does not read."""
        if self._open is not None:
            self._open.pause_writing()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._open is not None:
            self._open.resume_writing()

    def _keep_early(self, data: bytes) -> None:
        """A client that does not wait for the answer to its upgrade has its frames read after it, if it is let in."""
        self._early += data
        if len(self._early) > self._server.settings.limits.message_bytes:
            self._transport.abort()

    # --- the answer -------------------------------------------------------------------------------------------------

    def _read_head(self, data: bytes) -> None:
        self._asked = True
        self._protocol.receive_data(data)
        request = next((event for event in self._protocol.events_received() if isinstance(event, Request)), None)
        if request is None:
            status = _UNREADABLE.get(type(self._protocol.handshake_exc), 400)
            self._refuse(self._server.reception.unreadable(self._target, status, self._began_s))
            return
        asked = UpgradeRequest(request.path, request.headers, self._began_s)
        attempt = self._server.reception.attempt(asked)
        if attempt.handshake.wait_s > 0.0:
            self._timer = self._loop.call_later(attempt.handshake.wait_s, self._answer, request, asked, attempt)
        else:
            self._answer(request, asked, attempt)

    def _answer(self, request: Request, asked: UpgradeRequest, attempt: Attempt) -> None:
        self._timer = None
        try:
            response = self._protocol.accept(request)
            answer = self._server.reception.upgrade(asked, attempt, handshake_ok=response.status_code == 101)
        except Exception as error:  # one bad connection never harms another
            LOG.error("upgrade failed", exc_info=error)
            self._server.errors.append(error)
            self._transport.close()
            return
        if isinstance(answer, Refused):
            self._refuse(answer)
            return
        for name, value in answer.headers:
            response.headers[name] = value
        self._protocol.send_response(response)
        self._open = WebSocketPeer(self._server, self._transport, self._protocol, answer.line, answer.run)
        self._open.begin(bytes(self._early))

    def _refuse(self, refused: Refused) -> None:
        """Answer as everywhere else, with ids and `dg-error`; the client gets a while to take it in."""
        # Before the client can know of it: whoever was refused may look for the journal at once.
        self._server.refused(refused)
        answer = refused.response
        response = Response(answer.status, answer.reason_phrase, Headers(answer.headers), answer.body)
        self._transport.write(response.serialize())
        tcp.end(self._transport)
        self._timer = self._loop.call_later(self._server.settings.limits.close_timeout_s, self._transport.abort)


def _echoed(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """`token` or `bearer` is echoed, or strict browsers fail the handshake; the key beside it is no protocol."""
    echoed = Reception.echoed_subprotocol(offered)
    return None if echoed is None else Subprotocol(echoed)

"""One TCP connection: reads the request's head, then hands over to WebSocket or to HTTP. Both share the one port.

h11 parses the head. An upgrade goes on in the `websockets` package's Sans-I/O `ServerProtocol`, which is given the very
bytes that came; anything else goes on through h11 to the routes. All flow control, limits and deadlines live in the
shells, nowhere else.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import h11

from mock_server.http_peer import HttpPeer
from mock_server.websocket_peer import WebSocketPeer

if TYPE_CHECKING:
    from mock_server.server import MockServer


class Peer(Protocol):
    """What a connection has become once its first request's head was read."""

    def receive(self, data: bytes) -> None:
        """Bytes came."""
        ...

    def receive_eof(self) -> None:
        """The client will send no more."""
        ...

    def connection_lost(self) -> None:
        """The socket is gone."""
        ...

    def pause_writing(self) -> None:
        """The client does not read; too much waits to be sent."""
        ...

    def resume_writing(self) -> None:
        """The client reads again."""
        ...


class PortProtocol(asyncio.Protocol):
    """asyncio's side of one TCP connection."""

    def __init__(self, server: MockServer) -> None:
        self._server = server
        self._peer: Peer | None = None
        self._head = b""
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=256 * 1024)
        self._server.connections.add(transport)
        limit_s = self._server.settings.limits.head_timeout_s
        self._deadline = asyncio.get_running_loop().call_later(limit_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._peer is not None:
            self._peer.receive(data)
            return
        self._head += data
        # h11 needs to see the head anew only when it may be complete, so a slow head costs no repeated parsing.
        complete = b"\r\n\r\n" in self._head or b"\n\n" in self._head
        if complete or len(self._head) > self._server.settings.limits.head_bytes:
            self._deadline.cancel()
            self._hand_over()

    def eof_received(self) -> bool:
        """The client will send no more; returns True to keep our half open."""
        if self._peer is None:
            return False
        self._peer.receive_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._deadline.cancel()
        self._server.connections.discard(self._transport)
        if self._peer is not None:
            self._peer.connection_lost()

    def pause_writing(self) -> None:
        """The client does not read."""
        if self._peer is not None:
            self._peer.pause_writing()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._peer is not None:
            self._peer.resume_writing()

    def _hand_over(self) -> None:
        head, self._head = self._head, b""
        peer: Peer
        if _is_upgrade(head, self._server.settings.limits.head_bytes):
            peer = WebSocketPeer(self._server, self._transport)
        else:
            peer = HttpPeer(self._server, self._transport)
        self._peer = peer
        peer.receive(head)


def _is_upgrade(head: bytes, limit: int) -> bool:
    """Whether a request asks for a WebSocket; a head that is no HTTP is left to the HTTP side, which says so."""
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=limit)
    try:
        reader.receive_data(head)
        request = reader.next_event()
    except h11.RemoteProtocolError:
        return False
    if not isinstance(request, h11.Request) or request.method != b"GET":
        return False
    return any(name == b"upgrade" and b"websocket" in value.lower() for name, value in request.headers)

"""One TCP connection: reads a request's head, then hands over to WebSocket or to HTTP. Both share the one port.

h11 parses the head. An upgrade goes on in the `websockets` package's Sans-I/O `ServerProtocol`, which is given the very
bytes that came; anything else goes on through h11 to the routes. All flow control, limits and deadlines live in the
shells, nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

import h11

from mock_server.http_peer import HttpPeer
from mock_server.log import LOG
from mock_server.upgrade_peer import UpgradePeer

if TYPE_CHECKING:
    from mock_server.server import MockServer

_TLS_HANDSHAKE: Final = b"\x16\x03"
"""How every TLS connection begins (RFC 8446, 5.1); it would be waited on for a line's end that never comes."""


class Peer(Protocol):
    """What a connection has become once a request's head was read."""

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
        self._server.connected(transport)
        self._await_head(transport.abort)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._peer is not None:
            self._peer.receive(data)
            return
        self._head += data
        if self._head.startswith(_TLS_HANDSHAKE):
            LOG.warning("a client speaks TLS to a plain port: wanted ws:// or http://, or a server with a certificate")
            self._transport.close()
            return
        # h11 needs to see the head anew only when it may be complete, so a slow head costs no repeated parsing.
        if len(self._head) > self._server.settings.limits.head_bytes or _end(self._head):
            self._deadline.cancel()
            self._hand_over()

    def eof_received(self) -> bool:
        """The client will send no more; returns whether our half stays open for what is still to be said."""
        if self._peer is None:
            return False
        self._peer.receive_eof()
        return self._transport.can_write_eof()  # TLS has no half-close

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._deadline.cancel()
        self._server.disconnected(self._transport)
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

    def _await_head(self, give_up: Callable[[], None]) -> None:
        limit_s = self._server.settings.limits.head_timeout_s
        self._deadline = asyncio.get_running_loop().call_later(limit_s, give_up)

    def _kept(self) -> None:
        """The HTTP requests so far are answered; what the client asks for next may as well be a WebSocket.

        A client with a pool of connections (Node's fetch and WebSocket share one) upgrades one that it posted on.
        """
        self._peer = None
        self._await_head(self._transport.close)
        self._transport.resume_reading()

    def _hand_over(self) -> None:
        head, self._head = self._head, b""
        limit = self._server.settings.limits.head_bytes
        if not _end(head[:limit]):
            head = head[: limit + 1]  # h11 refuses what is too long (431) only as long as it is not complete
        target = _upgrade_target(head, limit)
        if target is None:
            self._peer = HttpPeer(self._server, self._transport, self._kept)
            self._peer.receive(head)
        else:
            self._peer = UpgradePeer(self._server, self._transport, target)
            end = _end(head) or len(head)
            self._peer.receive(head[:end])
            if head[end:]:
                self._peer.receive(head[end:])


def _end(head: bytes) -> int | None:
    """Where a request's head ends, by the endings of lines that h11 takes; None when its end has not come."""
    ends = [at + len(mark) for mark in (b"\n\r\n", b"\n\n") if (at := head.find(mark)) >= 0]
    return min(ends, default=None)


def _upgrade_target(head: bytes, limit: int) -> str | None:
    """What a request for a WebSocket asks for, else None; no HTTP at all is left to the HTTP side, which says so."""
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=limit)
    try:
        reader.receive_data(head)
        request = reader.next_event()
    except h11.RemoteProtocolError:
        return None
    if not isinstance(request, h11.Request) or request.method != b"GET":
        return None
    wanted = any(name == b"upgrade" and b"websocket" in value.lower() for name, value in request.headers)
    return request.target.decode("ascii", "replace") if wanted else None

"""An HTTP client: h11 parses its request, the routes answer it, and a kept connection goes back to the port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import h11

from mock_server.log import LOG

if TYPE_CHECKING:
    from mock_server.server import MockServer


@dataclass(frozen=True)
class HttpRequest:
    """A request whose body, if any, follows in pieces; `headers` has lower-case names, `target` path and query.

    A header that came more than once has its values joined by commas (RFC 9110, 5.3).

    `peer_host` is the address it came from.
    """

    method: str
    target: str
    headers: dict[str, str]
    peer_host: str | None = None

    @property
    def path(self) -> str:
        """The target without its query string."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query string."""
        return self.target.partition("?")[2]

    @property
    def content_type(self) -> str:
        """The type of the body, without parameters, in lower case; empty when none is named."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class HttpResponse:
    """A whole answer."""

    status: int
    reason_phrase: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class BodyTooLarge(Exception):
    """The body exceeds the limit."""


class BodyTooSlow(Exception):
    """The body stopped coming."""


class HttpPeer:
    """One HTTP request, and those that were sent before its answer: a task answers while bytes are handed in.

    `kept` is called when all are answered and the client may ask for something else on the same connection, be it a
    WebSocket.
    """

    def __init__(self, server: MockServer, transport: asyncio.Transport, kept: Callable[[], None]) -> None:
        self._server = server
        self._transport = transport
        self._kept = kept
        self._limits = server.settings.limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=self._limits.head_bytes)
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._client_done = asyncio.Event()
        self._announced = 0
        self._discarding = False
        self._gone = False
        self._cut: asyncio.TimerHandle | None = None
        self._task = server.spawn(self._serve())

    # --- from the socket --------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes came; no more are taken in until these have been looked at."""
        if self._discarding:
            return
        self._http.receive_data(data)
        self._transport.pause_reading()
        self._news.set()

    def receive_eof(self) -> None:
        """The client will send no more."""
        self._client_done.set()
        self._http.receive_data(b"")
        self._news.set()

    def connection_lost(self) -> None:
        """The socket is gone."""
        self._gone = True
        self._task.cancel()
        if self._cut is not None:
            self._cut.cancel()

    def pause_writing(self) -> None:
        """The client does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._writable.set()

    # --- requests, one after the other ------------------------------------------------------------------------------

    async def _serve(self) -> None:
        kept = False
        try:
            kept = await self._answer_all()
            if not kept:
                await self._take_in_the_rest()
        except TimeoutError:
            LOG.warning("cut a client that does not read")
            self._transport.abort()
        finally:
            if kept:
                self._kept()
            else:
                self._close()

    def _close(self) -> None:
        """Close once all is sent, or when the client has not taken it in in time."""
        if not self._gone:
            self._transport.close()
            self._cut = asyncio.get_running_loop().call_later(self._limits.close_timeout_s, self._transport.abort)

    async def _answer_all(self) -> bool:
        """Whether the connection is kept for requests that have not begun to come."""
        try:
            while await self._one_request():
                self._http.start_next_cycle()
                if self._http.trailing_data == (b"", False):
                    return True
        except (h11.RemoteProtocolError, BodyTooSlow) as error:
            await self._complain(error)
        except TimeoutError:
            raise
        except Exception as error:
            LOG.error("request failed", exc_info=error)
            self._server.errors.append(error)
            await self._complain(error)
        return False

    async def _one_request(self) -> bool:
        """Answer the next request; False when the connection ends with it."""
        try:
            async with asyncio.timeout(self._limits.head_timeout_s):
                head = await self._next_event()
        except TimeoutError:
            return False  # a kept connection with no further request, or not a whole one: nobody to answer
        if not isinstance(head, h11.Request):
            return False
        request = HttpRequest(
            head.method.decode("ascii"),
            head.target.decode("ascii", "replace"),
            _joined(head.headers),
            (self._transport.get_extra_info("peername") or (None,))[0],
        )
        if not {"content-length", "transfer-encoding"} & request.headers.keys():
            self._http.next_event()  # the end of a request without a body; until it is read the connection is not kept
        self._announced = int(request.headers.get("content-length", 0))
        response = await self._server.routes.answer(request, self._body)
        await self._send(response, head_only=request.method == "HEAD")
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _body(self, limit: int) -> bytes:
        """The whole body; the client is told to go on when it waits for that (`Expect: 100-continue`).

        Raises:
            BodyTooLarge: it exceeds `limit`, or says that it will.
            BodyTooSlow: it stopped coming.
        """
        if self._announced > limit:
            raise BodyTooLarge
        if self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
        body = bytearray()
        while True:  # Deepgram's 408 is for a body that stops, however long all of it takes
            try:
                async with asyncio.timeout(self._limits.body_timeout_s):
                    event = await self._next_event()
            except TimeoutError:
                raise BodyTooSlow from None
            if not isinstance(event, h11.Data):
                return bytes(body)
            body += event.data
            if len(body) > limit:
                raise BodyTooLarge

    async def _next_event(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._news.clear()
            self._transport.resume_reading()
            await self._news.wait()

    # --- answers ----------------------------------------------------------------------------------------------------

    async def _send(self, response: HttpResponse, *, head_only: bool = False) -> None:
        """Send an answer, as fast as the client takes it in.

        Raises:
            TimeoutError: it does not.
        """
        headers = [*response.headers]
        if self._http.their_state is not h11.DONE:
            headers.append(("connection", "close"))  # an unread body makes the connection useless for more
        self._write(
            h11.Response(
                status_code=response.status,
                reason=response.reason_phrase.encode(),
                headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
            )
        )
        if response.body and not head_only:
            self._write(h11.Data(data=response.body))
        self._write(h11.EndOfMessage())
        # Not `wait_for`: before Python 3.12 it forgets a cancellation that comes when what it waits for is done.
        async with asyncio.timeout(self._limits.body_timeout_s):
            await self._writable.wait()

    async def _complain(self, error: Exception) -> None:
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        match error:
            case h11.RemoteProtocolError():
                status = error.error_status_hint
            case BodyTooSlow():
                status = 408
            case _:
                status = 500
        await self._send(self._server.routes.failure(status, str(error)))

    async def _take_in_the_rest(self) -> None:
        """Let a client that was answered before it had sent all finish its sending, and throw that away.

        Closing a socket with unread bytes resets the connection, and the client may never see its answer (RFC 9112,
        9.6).
        """
        unread = self._http.their_state not in (h11.IDLE, h11.DONE, h11.CLOSED, h11.MUST_CLOSE)
        if not unread or self._transport.is_closing() or not self._transport.can_write_eof():
            return
        self._discarding = True
        with suppress(OSError):  # the client is gone already
            self._transport.write_eof()
        self._transport.resume_reading()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.close_timeout_s):
                await self._client_done.wait()

    def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data and not self._transport.is_closing():
            self._transport.write(data)


def _joined(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in ((name.decode("ascii"), value.decode("latin-1")) for name, value in fields):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers

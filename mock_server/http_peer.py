"""An HTTP client: h11 parses its requests, the routes answer them, one after the other on a kept connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import h11

from mock_server.log import LOG

if TYPE_CHECKING:
    from mock_server.server import MockServer


@dataclass(frozen=True)
class HttpRequest:
    """A request whose body, if any, follows in pieces; `headers` has lower-case names, `target` path and query."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        """The target without its query string."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query string."""
        return self.target.partition("?")[2]


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
    """One HTTP connection: a task answers requests in turn while bytes are handed in from the socket."""

    def __init__(self, server: MockServer, transport: asyncio.Transport) -> None:
        self._server = server
        self._transport = transport
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=server.settings.limits.head_bytes)
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._task = server.spawn(self._serve())

    # --- from the socket --------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes came."""
        try:
            self._http.receive_data(data)
        except h11.RemoteProtocolError:
            self._transport.close()  # more after the end of the conversation
        self._news.set()

    def receive_eof(self) -> None:
        """The client will send no more."""
        self.receive(b"")

    def connection_lost(self) -> None:
        """The socket is gone."""
        self._task.cancel()

    def pause_writing(self) -> None:
        """The client does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._writable.set()

    # --- requests, one after the other ------------------------------------------------------------------------------

    async def _serve(self) -> None:
        try:
            while await self._one_request():
                self._http.start_next_cycle()
        except (h11.RemoteProtocolError, BodyTooSlow) as error:
            await self._complain(error)
        except Exception as error:
            LOG.error("request failed", exc_info=error)
            self._server.errors.append(error)
            await self._complain(error)
        finally:
            self._transport.close()

    async def _one_request(self) -> bool:
        """Answer the next request; False when the connection ends with it."""
        head = await self._next_event(self._server.settings.limits.head_timeout_s)
        if not isinstance(head, h11.Request):
            return False
        request = HttpRequest(
            head.method.decode("ascii"),
            head.target.decode("ascii", "replace"),
            {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
        )
        response = await self._server.routes.answer(request, self._body)
        await self._send(response, head_only=request.method == "HEAD")
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _body(self, limit: int) -> bytes:
        """The whole body; the client is told to go on when it waits for that (`Expect: 100-continue`).

        Raises:
            BodyTooLarge: it exceeds `limit`.
            BodyTooSlow: it stopped coming.
        """
        if self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
        body = bytearray()
        while True:
            event = await self._next_event(self._server.settings.limits.body_timeout_s)
            if not isinstance(event, h11.Data):
                return bytes(body)
            body += event.data
            if len(body) > limit:
                raise BodyTooLarge

    async def _next_event(self, timeout_s: float) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._news.clear()
            self._transport.resume_reading()
            try:
                await asyncio.wait_for(self._news.wait(), timeout_s)
            except TimeoutError:
                raise BodyTooSlow from None

    # --- answers ----------------------------------------------------------------------------------------------------

    async def _send(self, response: HttpResponse, *, head_only: bool = False) -> None:
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
        await self._writable.wait()

    async def _complain(self, error: Exception) -> None:
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        slow, bad = isinstance(error, BodyTooSlow), isinstance(error, h11.RemoteProtocolError)
        if slow and self._http.our_state is h11.IDLE:
            return  # a kept connection with no further request: nothing to complain about
        await self._send(self._server.routes.failure(408 if slow else 400 if bad else 500, str(error)))

    def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data and not self._transport.is_closing():
            self._transport.write(data)

"""The mock Deepgram: one port for `/v1/listen` as WebSocket and as HTTP.

`MockServer` runs in the event loop it is started in; `BackgroundServer` gives it a loop and a thread of its own, so
that synchronous and asynchronous tests alike can use it.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Any, Final, Self

from harness.clock import Clock, SystemClock
from harness.errors import BadInput
from mock_server.callback import Courier
from mock_server.connection import Connection
from mock_server.journal import Journal
from mock_server.library import Replies
from mock_server.log import LOG
from mock_server.port import PortProtocol
from mock_server.reception import Reception, Refused
from mock_server.routes import Routes
from mock_server.settings import ServerSettings

STOP_TIMEOUT_S: Final = 5.0

ACCEPT_STEPS: Final = 3
"""Turns of its loop in which asyncio makes a transport of a connection that it has accepted."""


class MockServer:
    """A Deepgram on this machine.

    Args:
        replies: what it answers with.
        settings: address, keys, limits, switches.
        on_session: called with each session's journal when it is over.
        clock: where the time comes from.

    Attributes:
        sessions: journals of all streaming sessions, refused ones too, oldest first; a running one grows.
        errors: what went wrong inside the server itself; a test should look.
        stopping: whether it is cutting what is open.
    """

    def __init__(
        self,
        replies: Replies,
        settings: ServerSettings | None = None,
        *,
        on_session: Callable[[Journal], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings or ServerSettings()
        self.clock: Clock = clock or SystemClock()
        self.sessions: deque[Journal] = deque(maxlen=self.settings.limits.kept_sessions)
        self.errors: list[Exception] = []
        self.stopping = False
        self.connections: set[asyncio.Transport] = set()
        rng = Random(self.settings.seed)
        self.courier = Courier(self.spawn, self.settings.callbacks)
        self.reception = Reception(self.settings, replies, self.clock, rng, self.courier)
        self.routes = Routes(self.settings, replies, self.reception, self.clock, rng, self.courier, self._health)
        self._on_session = on_session
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Begin to accept connections.

        Raises:
            BadInput: the address cannot be listened on, or a certificate cannot be read.
        """
        loop = asyncio.get_running_loop()
        host, port, tls = self.settings.host, self.settings.port, self._tls()
        try:
            self._server = await loop.create_server(
                lambda: PortProtocol(self),
                host,
                port,
                ssl=tls,
                ssl_handshake_timeout=self.settings.limits.head_timeout_s if tls else None,
                ssl_shutdown_timeout=self.settings.limits.close_timeout_s if tls else None,
                reuse_address=True,
            )
        except OSError as error:
            raise BadInput(f"cannot listen on {host} port {port}: {error.strerror or error}") from None
        LOG.info("listening", extra={"host": host, "port": self.port})

    async def stop(self) -> None:
        """Accept no more, cut what is open, and wait until it is gone."""
        if self._server is None:
            return
        self.stopping = True
        await self._accept_no_more(self._server)
        for transport in list(self.connections):
            transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), STOP_TIMEOUT_S)
            await asyncio.wait_for(self._server.wait_closed(), STOP_TIMEOUT_S)
        LOG.info("stopped", extra={"sessions": len(self.sessions)})

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # --- for the peers ----------------------------------------------------------------------------------------------

    def connected(self, transport: asyncio.Transport) -> None:
        """A client connected."""
        self.connections.add(transport)
        self._empty.clear()

    def disconnected(self, transport: asyncio.Transport) -> None:
        """A client's socket is gone."""
        self.connections.discard(transport)
        if not self.connections:
            self._empty.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something until it ends or the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def session_opened(self, connection: Connection) -> None:
        """An upgrade succeeded."""
        self.sessions.append(connection.journal)
        LOG.info("session opened", extra={"request_id": connection.request_id})

    def session_over(self, connection: Connection) -> None:
        """A session's socket is gone."""
        self.reception.give_back()
        LOG.info("session over", extra={"request_id": connection.request_id, "audio_s": connection.audio_s})
        if self._on_session is not None:
            self._on_session(connection.journal)

    def refused(self, refused: Refused) -> None:
        """An upgrade was refused."""
        self.sessions.append(refused.journal)
        LOG.warning("upgrade refused", extra={"status": refused.response.status, "why": refused.why})
        if self._on_session is not None:
            self._on_session(refused.journal)

    def _health(self) -> dict[str, Any]:
        return {"status": "ok", "sessions": len(self.sessions), "open_connections": len(self.connections)}

    @staticmethod
    async def _accept_no_more(server: asyncio.Server) -> None:
        """Stop listening, and let connections that were just accepted become ours, to be cut like all others.

        asyncio leaves the socket of a connection open that it accepted in the very moment its server was closed.
        """
        with suppress(NotImplementedError):  # Windows' loop has no readers
            for listening in server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(ACCEPT_STEPS):
            await asyncio.sleep(0)
        server.close()

    def _tls(self) -> ssl.SSLContext | None:
        if self.settings.certfile is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.settings.certfile, self.settings.keyfile)
        except (OSError, ssl.SSLError) as error:
            raise BadInput(f"{self.settings.certfile}: no usable certificate and key ({error})") from None
        return context


class BackgroundServer:
    """A `MockServer` in a thread of its own; a context manager for code that has no event loop, or another one."""

    def __init__(self, server: MockServer) -> None:
        self.server = server
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="dgharness-server", daemon=True)
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None

    def __enter__(self) -> MockServer:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self.server

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # its loop has ended by itself: `_failure` says why
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # handed to the thread that started us
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self.server:
            self._ready.set()
            await self._stop.wait()

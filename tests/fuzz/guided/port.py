"""The server's port without a socket: whatever bytes come, in whatever pieces, nothing goes wrong inside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from harness.clock import ManualClock
from mock_server.library import Replies
from mock_server.port import PortProtocol
from mock_server.server import MockServer
from mock_server.settings import CallbackSettings, Limits, ServerSettings
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken

SETTINGS: Final = ServerSettings(
    limits=Limits(kept_sessions=1, close_timeout_s=0.01, body_timeout_s=0.01, head_timeout_s=0.01),
    callbacks=CallbackSettings(attempts=1),
)
TURNS: Final = 500
"""Turns of the loop that a connection may take to its end; each that waits for a time-out or a thread takes 1 ms."""


class Wire(asyncio.Transport):
    """A transport that swallows what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        pass

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 50_000) if name == "peername" else default


def throw(data: bytes) -> None:
    """Send these bytes and no more; the first says into how many pieces they are cut.

    Raises:
        AssertionError: something failed inside the server, or a task was left.
    """
    loop, failures = _loop()
    failures.clear()
    loop.run_until_complete(_conversation(data[1:], 1 + data[0] % 4 if data else 1))
    assert not failures, failures


@cache
def _loop() -> tuple[asyncio.AbstractEventLoop, list[dict[str, Any]]]:
    loop, failures = asyncio.new_event_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: failures.append(context))
    return loop, failures


async def _conversation(data: bytes, pieces: int) -> None:
    server = MockServer(Replies(always=SpokenSource("say", spoken("one two three"))), SETTINGS, clock=ManualClock())
    wire, port = Wire(), PortProtocol(server)
    port.connection_made(wire)
    size = max(1, -(-len(data) // pieces))
    for begin in range(0, len(data), size):
        if not wire.closed:
            port.data_received(data[begin : begin + size])
        await asyncio.sleep(0)
    if not wire.closed:
        port.eof_received()
    for turn in range(TURNS):
        if wire.closed:
            break
        await asyncio.sleep(0 if turn < 20 else 0.001)
    port.connection_lost(None)
    for turn in range(TURNS):
        if not server._tasks:
            break
        await asyncio.sleep(0 if turn < 20 else 0.001)
    assert not server.errors, server.errors
    assert not server._tasks, "a task was left"
    assert not server.connections

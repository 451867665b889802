"""A server that is stopped leaves nothing behind: no task, no timer, no thread, no open file."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import BadInput
from mock_server import loading
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import Limits, ServerSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback.conftest import Clip, Wire

OPEN_FILES = Path("/proc/self/fd")
SETTINGS = ServerSettings(limits=Limits(head_timeout_s=0.05, body_timeout_s=0.05, close_timeout_s=0.05))


def say(text: str) -> Replies:
    return Replies(always=loading.say(text))


def left_in_every_state(make_head: Callable[[], bytes], port: int) -> list[socket.socket]:
    """Connections that were begun and left: silent, half a head, half a body, a session with audio, a closed one."""
    post = b"POST /v1/listen?model=nova-3 HTTP/1.1\r\nHost: x\r\nAuthorization: Token k\r\nContent-Length: 9\r\n\r\n"
    audio = b"\x82\x84\0\0\0\0abcd"
    close_stream = b'\x81\x96\0\0\0\0{"type":"CloseStream"}'
    sent = [b"", b"GET", post, post + b"123", make_head(), make_head() + audio, make_head() + audio + close_stream]
    lines = []
    for data in sent:
        line = socket.create_connection(("127.0.0.1", port), timeout=10)
        line.sendall(data)
        lines.append(line)
    return lines


@pytest.mark.asyncio
@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.2], ids=["at once", "meanwhile", "when all was cut"])
async def test_stopping_leaves_no_task_and_no_connection(wire: Wire, after_s: float) -> None:
    server = MockServer(say("hello"), SETTINGS)
    async with server:
        lines = left_in_every_state(wire.upgrade_head, server.port)
        await asyncio.sleep(after_s)
    for line in lines:
        line.close()

    assert server.connections == set()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert server.errors == []
    assert all(journal.finished for journal in server.sessions)


@pytest.mark.asyncio
async def test_connections_that_end_leave_nothing_while_the_server_runs(wire: Wire) -> None:
    async with MockServer(say("hello"), SETTINGS) as server:
        before = asyncio.all_tasks()
        lines = left_in_every_state(wire.upgrade_head, server.port)
        for line in lines:
            line.close()
        async with asyncio.timeout(10):
            # There is no event for the end of what a server does not know of.
            while server.connections or len(server.sessions) < 3 or asyncio.all_tasks() != before:  # noqa: ASYNC110
                await asyncio.sleep(0.005)

        assert [journal.finished for journal in server.sessions] == [True, True, True]


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="open files are counted in /proc, which this system lacks")
def test_hundreds_of_connections_leave_no_open_file(wire: Wire, booking: Clip) -> None:
    wire.session(booking)  # whatever is opened once is open now
    with BackgroundServer(MockServer(say("hello"), SETTINGS)):
        pass
    gc.collect()
    before = len(os.listdir(OPEN_FILES))
    with BackgroundServer(MockServer(say("hello"), SETTINGS)) as server:
        for _ in range(40):
            for line in left_in_every_state(wire.upgrade_head, server.port):
                line.close()

    assert len(os.listdir(OPEN_FILES)) == before
    assert [thread.name for thread in threading.enumerate()].count("dgharness-server") == 1  # the fixture's


def test_a_port_in_use_is_one_sentence(wire: Wire) -> None:
    taken = MockServer(say("hello"), ServerSettings(port=wire.server.port))
    with pytest.raises(BadInput, match=rf"^cannot listen on 127.0.0.1 port {wire.server.port}: .*in use"):
        BackgroundServer(taken).__enter__()


def test_a_background_server_that_breaks_tells_the_thread_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_down(self: MockServer) -> None:
        raise ZeroDivisionError("a bug")

    background = BackgroundServer(MockServer(say("hello")))
    background.__enter__()
    stop = MockServer.stop

    async def stop_and_break_down(self: MockServer) -> None:
        await stop(self)
        await break_down(self)

    monkeypatch.setattr(MockServer, "stop", stop_and_break_down)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        background.__exit__(None, None, None)

"""The streaming client where no session comes about: nobody there, no WebSocket, a refusal."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.server import ServerConnection

from harness.recording.entries import Refused
from harness.streamer.settings import StreamSettings
from tests.loopback.client_streams import answering, server_of, streamed

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.deepgram(script="../../fixtures/references/booking.json")]


async def test_a_server_that_never_answers_is_given_up(booking: Clip) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        outcome = await streamed(address, booking.pcm, StreamSettings(connect_timeout_s=0.1))

    assert outcome.failure == f"{address}: no answer within 0.1 s"
    assert outcome.recording.partial


async def test_nobody_listening_is_a_failure_in_words(booking: Clip) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    outcome = await streamed(address, booking.pcm)

    assert outcome.failure is not None
    assert outcome.failure.startswith(f"{address}: cannot be reached (")
    assert outcome.status is None
    assert outcome.audio == b""


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"])
async def test_something_that_is_no_websocket_is_a_failure_in_words(booking: Clip, said: bytes) -> None:
    async with answering(said) as address:
        outcome = await streamed(address, booking.pcm)

    assert outcome.failure is not None
    assert outcome.failure.startswith(f"{address}: cannot be reached (")


@pytest.mark.deepgram(api_key="another")
async def test_a_refusal_is_an_outcome_with_the_servers_words(wire: Wire, booking: Clip) -> None:
    outcome = await streamed(wire.server.address, booking.pcm)

    assert outcome.status == 401
    assert outcome.failure == f"{wire.server.address}: refused with HTTP 401: Invalid credentials."
    (refused,) = outcome.recording.of(Refused)
    assert json.loads(refused.body)["err_code"] == "INVALID_AUTH"
    assert refused.headers["dg-error"] == "Invalid credentials."


async def test_a_redirect_is_not_followed(booking: Clip) -> None:
    async def visited(connection: ServerConnection) -> None:
        pytest.fail("the client followed the redirect")

    async with (
        server_of(visited) as elsewhere,
        answering(b"HTTP/1.1 302 Found\r\nLocation: ws://%b/\r\n\r\n" % elsewhere.encode()) as address,
    ):
        outcome = await streamed(address, booking.pcm)

    assert outcome.status == 302
    assert outcome.failure == f"{address}: refused with HTTP 302: Found"

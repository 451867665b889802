"""The pre-recorded client against a good server, and against others."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from harness.client.endpoint import Endpoint
from harness.client.prerecorded import transcribe
from harness.protocol.options import ListenOptions
from tests.loopback.client_streams import KEY, answering

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.deepgram(script="../../fixtures/references/booking.json")]


async def test_a_file_is_transcribed(wire: Wire, booking: Clip) -> None:
    options = ListenOptions(model="nova-3", punctuate=True)
    outcome = await transcribe(Endpoint(wire.server.http_url, KEY), options, booking.path.read_bytes(), "wav")

    assert (outcome.status, outcome.failure) == (200, None)
    assert outcome.response is not None
    assert outcome.response.transcript() == booking.text


@pytest.mark.deepgram(api_key="another")
async def test_a_refused_file_is_an_outcome(wire: Wire, booking: Clip) -> None:
    options = ListenOptions(model="nova-3")
    outcome = await transcribe(Endpoint(wire.server.address, KEY), options, booking.path.read_bytes(), "wav")

    assert (outcome.status, outcome.response) == (401, None)
    assert outcome.failure == f"{wire.server.address}: refused with HTTP 401: Invalid credentials."


async def test_a_file_for_nobody_is_an_outcome(booking: Clip) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    outcome = await transcribe(Endpoint(address, KEY), ListenOptions(model="nova-3"), booking.pcm)

    assert outcome.status is None
    assert outcome.failure is not None
    assert outcome.failure.startswith(f"{address}: cannot be reached (")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"results": 1}'])
async def test_an_answer_of_another_shape_is_an_outcome(body: bytes) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)) as address:
        outcome = await transcribe(Endpoint(address, KEY), ListenOptions(model="nova-3"), b"RIFF")

    assert outcome.status == 200
    assert outcome.response is None
    assert outcome.failure is not None
    assert outcome.failure.startswith(f"{address}: answered something that is no pre-recorded response")

"""The streaming client against servers that vanish, stall and ramble: what was received is kept, and why is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.server import ServerConnection

from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.client import streaming
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.errors import BadInput
from harness.protocol.session import Timers
from harness.recording.entries import Close, Direction, Lost
from harness.streamer.settings import StreamSettings
from tests.loopback.client_streams import FAST, KEY, OPTIONS, final, server_of, streamed, to_send

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.deepgram(script="../../fixtures/references/booking.json")]


async def test_a_server_that_vanishes_leaves_what_was_received(booking: Clip) -> None:
    async def vanish(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(final("hello", 0.0, 0.5))
        await connection.recv()
        connection.transport.abort()

    async with server_of(vanish) as address:
        outcome = await streamed(address, booking.pcm, StreamSettings(speed=Speed(8)))

    assert outcome.transcript.text() == "hello"
    assert outcome.failure is not None
    assert "1006" in outcome.failure
    assert outcome.recording.partial
    assert len(list(outcome.recording.of(Lost))) == 1
    assert 0 < len(outcome.audio) < len(booking.pcm)


async def test_a_close_with_an_error_leaves_what_was_received(booking: Clip) -> None:
    async def give_up(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(final("hello", 0.0, 0.5))
        await connection.close(1011, "out of order")

    async with server_of(give_up) as address:
        outcome = await streamed(address, booking.pcm, StreamSettings(speed=Speed(8)))

    assert outcome.transcript.text() == "hello"
    assert outcome.failure is not None
    assert "1011 (out of order)" in outcome.failure
    (close,) = outcome.recording.of(Close)
    assert (close.code, close.reason) == (1011, "out of order")


async def test_a_close_with_1000_and_no_metadata_is_no_success(booking: Clip) -> None:
    async def end_early(connection: ServerConnection) -> None:
        async for message in connection:
            if isinstance(message, str):
                return

    async with server_of(end_early) as address:
        outcome = await streamed(address, booking.pcm)

    assert outcome.failure is not None
    assert "1000" in outcome.failure
    assert "Metadata" in outcome.failure


async def test_a_server_that_owes_metadata_is_given_up_after_the_drain_time(booking: Clip) -> None:
    async def never_finish(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    async with server_of(never_finish) as address:
        settings = StreamSettings(speed=Speed.MAX, timers=Timers(drain_after_s=0.1))
        outcome = await streamed(address, booking.pcm, settings)

    assert outcome.failure == f"{address}: no Metadata within 0.1 s of CloseStream"
    assert outcome.audio == booking.pcm


async def test_a_server_that_says_nothing_to_audio_is_given_up(booking: Clip) -> None:
    async def never_answer(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    async with server_of(never_answer) as address:
        settings = StreamSettings(speed=Speed(1), timers=Timers(answer_after_s=0.1))
        outcome = await streamed(address, booking.pcm, settings)

    assert outcome.failure == f"{address}: said nothing for 0.1 s while audio was sent"
    assert len(outcome.audio) < len(booking.pcm)


async def test_a_server_that_stops_reading_is_given_up(booking: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "CLOSE_TIMEOUT_S", 0.1)

    given_up = asyncio.Event()

    async def stop_reading(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await given_up.wait()

    async with server_of(stop_reading) as address:
        settings = StreamSettings(speed=Speed.MAX, timers=Timers(answer_after_s=0.2, drain_after_s=0.2))
        outcome = await streamed(address, booking.pcm * 20, settings)
        given_up.set()

    assert outcome.failure is not None
    assert outcome.recording.partial


async def test_a_cancelled_stream_is_a_partial_one(wire: Wire, booking: Clip) -> None:
    heard = asyncio.Event()
    streaming_task = asyncio.create_task(
        stream(
            Endpoint(wire.server.address, KEY),
            OPTIONS,
            to_send(booking.pcm),
            StreamSettings(speed=Speed(8)),
            observer=lambda entry, transcript: heard.set() if transcript.text() else None,
        )
    )
    await heard.wait()
    streaming_task.cancel()
    outcome = await streaming_task

    assert outcome.interrupted
    assert outcome.failure == "interrupted"
    assert outcome.recording.partial
    assert booking.text.startswith(outcome.transcript.text())
    assert 0 < len(outcome.audio) < len(booking.pcm)


async def test_a_source_that_breaks_is_reported(wire: Wire, booking: Clip) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield booking.pcm[:64_000]
        raise BadInput("the microphone was pulled out")

    audio = AudioToSend(broken(), AudioFormat(), "-")
    outcome = await stream(Endpoint(wire.server.address, KEY), OPTIONS, audio, FAST)

    assert outcome.failure == "the microphone was pulled out"
    assert outcome.recording.partial


async def test_what_a_rambling_server_says_is_recorded_and_survived(booking: Clip) -> None:
    said = ["", "no JSON", "[]", '{"type":7}', '{"type":"Results"}', '{"type":"Surprise"}', final("hello", 0.0, 0.5)]

    async def ramble(connection: ServerConnection) -> None:
        await connection.recv()
        for text in said:
            await connection.send(text)
        await connection.send(b"\0\1\2")
        await connection.close(1000)

    async with server_of(ramble) as address:
        outcome = await streamed(address, booking.pcm)

    assert [entry.text for entry in outcome.recording.texts(Direction.DOWNSTREAM)] == said
    assert outcome.transcript.text() == "hello"
    assert outcome.failure is not None


async def test_nothing_of_a_stream_is_left_running(wire: Wire, booking: Clip) -> None:
    before = asyncio.all_tasks()
    await streamed(wire.server.address, booking.pcm)

    assert asyncio.all_tasks() == before

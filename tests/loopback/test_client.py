"""The streaming client against real sockets: good servers, and servers that refuse, vanish, stall and ramble."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.server import ServerConnection, serve

from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.client import streaming
from harness.client.endpoint import Endpoint
from harness.client.prerecorded import transcribe
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.errors import BadInput
from harness.protocol.options import ListenOptions
from harness.protocol.session import Timers
from harness.recording.document import lines
from harness.recording.entries import Close, Direction, Lost, Refused
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.deepgram(script="../../fixtures/references/booking.json")]

OPTIONS = ListenOptions(
    model="nova-3", encoding="linear16", sample_rate=16_000, channels=1, interim_results=True, punctuate=True
)
FAST = StreamSettings(speed=Speed.MAX)
KEY = "never-shown-key"

MODEL = {"name": "general-nova-3", "version": "2025-07-31.0", "arch": "nova-3"}

Handler = Callable[[ServerConnection], Awaitable[None]]


async def one_block(pcm: bytes) -> AsyncIterator[bytes]:
    yield pcm


def to_send(pcm: bytes) -> AudioToSend:
    return AudioToSend(one_block(pcm), AudioFormat(), "booking.wav")


async def streamed(address: str, pcm: bytes, settings: StreamSettings = FAST) -> StreamOutcome:
    return await stream(Endpoint(address, KEY), OPTIONS, to_send(pcm), settings)


@asynccontextmanager
async def server_of(handler: Handler) -> AsyncIterator[str]:
    """A WebSocket server that does as it likes; its address."""
    async with serve(handler, "127.0.0.1", 0, compression=None, close_timeout=0.2) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def answering(said: bytes) -> AsyncIterator[str]:
    """A server that says the same to everybody and hangs up; its address."""
    tasks: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.gather(*filter(None, tasks), return_exceptions=True)


def final(text: str, start: float, duration: float) -> str:
    words = [{"word": text, "start": start, "end": start + duration, "confidence": 0.9}]
    return json.dumps(
        {
            "type": "Results",
            "channel_index": [0, 1],
            "start": start,
            "duration": duration,
            "is_final": True,
            "speech_final": True,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": words}]},
            "metadata": {"request_id": "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091", "model_info": MODEL, "model_uuid": "x"},
        }
    )


# --- a good server ----------------------------------------------------------------------------------------------------


async def test_a_whole_stream_is_transcribed_recorded_and_correct(wire: Wire, booking: Clip) -> None:
    outcome = await streamed(wire.server.address, booking.pcm)

    assert outcome.failure is None
    assert outcome.transcript.text() == booking.text
    assert outcome.audio == booking.pcm
    assert outcome.transcript.metadata is not None
    assert not outcome.recording.partial
    (close,) = outcome.recording.of(Close)
    assert (close.direction, close.code) == (Direction.DOWNSTREAM, 1000)
    verdict = await asyncio.to_thread(wire.server.judge, chunk_ms=20, transcript=outcome.transcript.text(), speed="max")
    assert verdict.findings == ()


@pytest.mark.parametrize("chunk_ms", [20, 250])
async def test_the_clock_paces_what_is_sent(wire: Wire, booking: Clip, chunk_ms: int) -> None:
    settings = StreamSettings(chunk_ms=chunk_ms, speed=Speed(16))
    outcome = await streamed(wire.server.address, booking.pcm[: 6 * 32_000], settings)

    assert outcome.failure is None
    frames = list(outcome.recording.audio_frames())
    due_s = [frame.due_s for frame in frames if frame.due_s is not None]
    steps_s = [later - earlier for earlier, later in pairwise(due_s)]
    assert len(steps_s) == len(frames) - 1
    # What it makes up for, such as the time that the connection took, goes out a quarter faster, never in a burst.
    assert min(steps_s) > chunk_ms / 1000 / 16 / 1.25 - 1e-5
    assert all(frame.wall_s >= (frame.due_s or 0) - 1e-5 for frame in frames)


async def test_finalize_is_sent_before_close_stream_when_asked_for(wire: Wire, booking: Clip) -> None:
    outcome = await streamed(wire.server.address, booking.pcm, StreamSettings(speed=Speed.MAX, finalize=True))

    said = [json.loads(entry.text)["type"] for entry in outcome.recording.texts(Direction.UPSTREAM)]
    assert said == ["Finalize", "CloseStream"]
    assert outcome.transcript.text() == booking.text


async def test_keep_alive_is_sent_while_the_source_pauses(wire: Wire, booking: Clip) -> None:
    async def with_a_pause() -> AsyncIterator[bytes]:
        yield booking.pcm[:64_000]
        await asyncio.sleep(0.3)
        yield booking.pcm[64_000:]

    settings = StreamSettings(speed=Speed.MAX, timers=Timers(keep_alive_after_s=0.05))
    audio = AudioToSend(with_a_pause(), AudioFormat(), "-")
    outcome = await stream(Endpoint(wire.server.address, KEY), OPTIONS, audio, settings)

    said = [json.loads(entry.text)["type"] for entry in outcome.recording.texts(Direction.UPSTREAM)]
    assert said.count("KeepAlive") >= 2
    assert said[-1] == "CloseStream"
    assert outcome.failure is None
    assert outcome.transcript.text() == booking.text


async def test_proxies_of_the_environment_are_not_asked_on_loopback(
    wire: Wire, booking: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "ws_proxy", "all_proxy", "socks_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    outcome = await streamed(wire.server.address, booking.pcm)
    posted = await transcribe(Endpoint(wire.server.address, KEY), OPTIONS, booking.path.read_bytes(), "wav")

    assert outcome.failure is None
    assert posted.failure is None


async def test_the_key_is_in_no_log_and_no_recording(
    wire: Wire, booking: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outcome = await streamed(wire.server.address, booking.pcm)
    await transcribe(Endpoint(wire.server.address, KEY), OPTIONS, booking.path.read_bytes(), "wav")
    sessions = await asyncio.to_thread(wire.server.wait_for_sessions)

    logged = [(record.getMessage(), vars(record)) for record in caplog.records]
    assert len(logged) > 5
    assert KEY not in str(logged)
    assert KEY not in "".join(lines(outcome.recording))
    assert KEY not in "".join(lines(sessions[0]))
    assert KEY not in repr(Endpoint(wire.server.address, KEY))


# --- no session at all ------------------------------------------------------------------------------------------------


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


# --- a session that does not end well ---------------------------------------------------------------------------------


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


# --- pre-recorded -----------------------------------------------------------------------------------------------------


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

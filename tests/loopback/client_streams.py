"""One clip streamed with the client to the mock, or to a server that a test makes up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve

from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.protocol.options import ListenOptions
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings

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

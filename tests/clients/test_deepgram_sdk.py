"""Deepgram's own Python SDK, unmodified, against the mock: streaming and files, synchronous and asynchronous."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from deepgram.core.api_error import ApiError
from websockets.exceptions import InvalidStatus

from harness.audio.decode import encode, read_audio
from harness.audio.format import AudioFormat
from harness.pytest_support import DeepgramServer

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
BOOKING = FIXTURES / "audio" / "booking.wav"
TEXT: str = json.loads((FIXTURES / "references" / "booking.json").read_text())["text"]
FRAME_BYTES = 3200

pytestmark = [
    # The SDK imports the old client of `websockets`, which warns; and it is the SDK that is under test here.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.deepgram(script="../../fixtures/references/booking.json", api_key="secret"),
]


def frames() -> Iterator[bytes]:
    pcm = encode(read_audio(BOOKING), AudioFormat())
    for begin in range(0, len(pcm), FRAME_BYTES):
        yield pcm[begin : begin + FRAME_BYTES]


def environment(server: DeepgramServer) -> Any:
    from deepgram.environment import DeepgramClientEnvironment

    return DeepgramClientEnvironment(
        base=server.http_url, production=server.ws_url, agent=server.ws_url, agent_rest=server.http_url
    )


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """The SDK never closes the HTTP client that it makes for itself, so it is given one."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture
def sdk(deepgram_server: DeepgramServer, http: httpx.Client) -> Any:
    """The synchronous SDK with the right key."""
    from deepgram import DeepgramClient

    return DeepgramClient(api_key="secret", environment=environment(deepgram_server), httpx_client=http)


@pytest.fixture
def sdk_with_a_wrong_key(deepgram_server: DeepgramServer, http: httpx.Client) -> Any:
    """The synchronous SDK with another key."""
    from deepgram import DeepgramClient

    return DeepgramClient(api_key="wrong", environment=environment(deepgram_server), httpx_client=http)


@asynccontextmanager
async def async_sdk(server: DeepgramServer, key: str = "secret") -> AsyncIterator[Any]:
    """The asynchronous SDK."""
    from deepgram import AsyncDeepgramClient

    async with httpx.AsyncClient(trust_env=False) as client:
        yield AsyncDeepgramClient(api_key=key, environment=environment(server), httpx_client=client)


def wanted() -> dict[str, Any]:
    """How the SDK is asked for a stream of 16 kHz linear16."""
    return {
        "model": "nova-3",
        "encoding": "linear16",
        "sample_rate": 16_000,
        "channels": 1,
        "punctuate": True,
        "interim_results": True,
        "vad_events": True,
        "utterance_end_ms": 1000,
        "endpointing": 300,
    }


def final_text(messages: list[Any]) -> str:
    finals = [message for message in messages if message.type == "Results" and message.is_final]
    return " ".join(filter(None, (final.channel.alternatives[0].transcript for final in finals)))


def check(messages: list[Any], server: DeepgramServer) -> None:
    """What a whole session must have brought, as the SDK's own types."""
    from deepgram.listen.v1.types import (
        ListenV1Metadata,
        ListenV1Results,
        ListenV1SpeechStarted,
        ListenV1UtteranceEnd,
    )

    assert final_text(messages) == TEXT
    assert isinstance(messages[-1], ListenV1Metadata)
    assert messages[-1].duration == pytest.approx(18.2, abs=0.01)
    assert {type(message) for message in messages} == {
        ListenV1Metadata,
        ListenV1Results,
        ListenV1SpeechStarted,
        ListenV1UtteranceEnd,
    }
    verdict = server.judge(chunk_ms=100, transcript=final_text(messages), speed="max")
    assert verdict.passed
    assert set(verdict.broken) <= {"C-CHUNK-ADVISED"}


def test_streaming(sdk: Any, deepgram_server: DeepgramServer) -> None:
    from deepgram.core.events import EventType

    messages: list[Any] = []
    errors: list[Any] = []
    with sdk.listen.v1.connect(**wanted()) as connection:
        connection.on(EventType.MESSAGE, messages.append)
        connection.on(EventType.ERROR, errors.append)
        listening = threading.Thread(target=connection.start_listening)
        listening.start()
        for frame in frames():
            connection.send_media(frame)
        connection.send_close_stream()
        listening.join(timeout=20)

    assert errors == []
    check(messages, deepgram_server)


@pytest.mark.asyncio
async def test_streaming_asynchronously(deepgram_server: DeepgramServer) -> None:
    from deepgram.core.events import EventType

    messages: list[Any] = []
    errors: list[Any] = []
    async with async_sdk(deepgram_server) as client, client.listen.v1.connect(**wanted()) as connection:
        connection.on(EventType.MESSAGE, messages.append)
        connection.on(EventType.ERROR, errors.append)
        listening = asyncio.create_task(connection.start_listening())
        for frame in frames():
            await connection.send_media(frame)
        await connection.send_close_stream()
        await asyncio.wait_for(listening, 20)

    assert errors == []
    check(messages, deepgram_server)


def test_keep_alive_finalize_and_configure(sdk: Any) -> None:
    from deepgram.listen.v1.types import ListenV1Configure, ListenV1ConfigureSuccess

    audio = list(frames())
    with sdk.listen.v1.connect(**wanted()) as connection:
        connection.send_keep_alive()
        connection.send_configure(ListenV1Configure(type="Configure", keyterms=["Marlow"]))
        configured = connection.recv()
        for frame in audio[:50]:
            connection.send_media(frame)
        connection.send_finalize()
        for frame in audio[50:]:
            connection.send_media(frame)
        connection.send_close_stream()
        messages = list(connection)

    assert isinstance(configured, ListenV1ConfigureSuccess)
    assert configured.keyterms == ["Marlow"]
    flushed = [message for message in messages if message.type == "Results" and message.from_finalize]
    assert len(flushed) == 1
    assert final_text(messages) == TEXT


def test_a_wrong_key_for_a_stream_is_an_unauthorised_error(sdk_with_a_wrong_key: Any) -> None:
    # With websockets 17 the SDK lets the package's own exception through instead of its ApiError.
    with pytest.raises((ApiError, InvalidStatus), match="401"):
        sdk_with_a_wrong_key.listen.v1.connect(**wanted()).__enter__()


@pytest.mark.asyncio
async def test_a_wrong_key_for_an_asynchronous_stream_is_one_too(deepgram_server: DeepgramServer) -> None:
    async with async_sdk(deepgram_server, "wrong") as client:
        with pytest.raises(ApiError) as refused:
            await client.listen.v1.connect(**wanted()).__aenter__()

    assert refused.value.status_code == 401


def test_a_wrong_key_for_a_file_is_the_sdks_own_error(sdk_with_a_wrong_key: Any) -> None:
    with pytest.raises(ApiError) as refused:
        sdk_with_a_wrong_key.listen.v1.media.transcribe_file(request=b"RIFF", model="nova-3")

    assert refused.value.status_code == 401
    assert refused.value.body["err_code"] == "INVALID_AUTH"
    assert "dg-request-id" in (refused.value.headers or {})


def test_a_temporary_token_is_let_in(deepgram_server: DeepgramServer, http: httpx.Client) -> None:
    from deepgram import DeepgramClient

    client = DeepgramClient(access_token="secret", environment=environment(deepgram_server), httpx_client=http)
    answer = client.listen.v1.media.transcribe_file(request=BOOKING.read_bytes(), model="nova-3", punctuate=True)

    assert transcript(answer) == TEXT


def transcript(answer: Any) -> str:
    text: str = answer.results.channels[0].alternatives[0].transcript
    return text


def test_a_file_by_its_bytes(sdk: Any) -> None:
    answer = sdk.listen.v1.media.transcribe_file(
        request=BOOKING.read_bytes(), model="nova-3", punctuate=True, utterances=True, paragraphs=True
    )

    assert transcript(answer) == TEXT
    assert answer.metadata.duration == pytest.approx(18.2, abs=0.01)
    assert " ".join(utterance.transcript for utterance in answer.results.utterances) == TEXT
    assert answer.results.channels[0].alternatives[0].paragraphs.paragraphs


def test_a_file_in_pieces(sdk: Any) -> None:
    data = BOOKING.read_bytes()
    pieces = (data[begin : begin + 10_000] for begin in range(0, len(data), 10_000))
    answer = sdk.listen.v1.media.transcribe_file(request=pieces, model="nova-3", punctuate=True)

    assert transcript(answer) == TEXT


@pytest.fixture
def file_url() -> Iterator[str]:
    """Where the clip can be fetched on loopback."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 # the base class's name for it
            pass

    handler = partial(Quiet, directory=str(BOOKING.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/booking.wav"
        server.shutdown()
        thread.join()


def test_a_file_by_its_url(sdk: Any, file_url: str) -> None:
    answer = sdk.listen.v1.media.transcribe_url(url=file_url, model="nova-3", punctuate=True)

    assert transcript(answer) == TEXT


@pytest.mark.asyncio
async def test_a_file_by_its_url_asynchronously(deepgram_server: DeepgramServer, file_url: str) -> None:
    async with async_sdk(deepgram_server) as client:
        answer = await client.listen.v1.media.transcribe_url(url=file_url, model="nova-3", punctuate=True)

    assert transcript(answer) == TEXT


def test_a_url_elsewhere_is_refused_by_the_mock(sdk: Any) -> None:
    with pytest.raises(ApiError) as refused:
        sdk.listen.v1.media.transcribe_url(url="https://example.com/a.wav", model="nova-3")

    assert refused.value.status_code == 400
    assert "neither on loopback nor backed by a file" in refused.value.body["err_msg"]

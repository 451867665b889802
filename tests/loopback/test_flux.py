"""Flux over real sockets, with a client that knows nothing of this project: `websockets`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wave import open as open_wave

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from harness.protocol.closing import CUT, NO_CODE
from mock_server import loading
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings
from mock_server.sources import Source

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip

SECONDS = 10.0
"""No wait in these tests comes near it; it turns a hang into a failure."""

QUERY = "model=flux-general-en&encoding=linear16&sample_rate=16000"
ASKED = f"{QUERY}&eot_threshold=0.7&eager_eot_threshold=0.5"
CONFIGURE = {"type": "Configure", "thresholds": {"eot_threshold": 0.8}, "keyterms": ["Deepgram"]}
BYTES_PER_SECOND = 32_000
SILENCE = bytes(2 * BYTES_PER_SECOND)


class Flux:
    """A server and what is said on one socket to it."""

    def __init__(self, server: MockServer) -> None:
        self.server = server

    def connect(self, query: str = QUERY, key: str | None = "Token secret") -> ClientConnection:
        headers = {} if key is None else {"Authorization": key}
        url = f"ws://127.0.0.1:{self.server.port}/v2/listen?{query}"
        line: ClientConnection = connect(url, additional_headers=headers, proxy=None, open_timeout=SECONDS)
        return line

    def refusal(self, query: str, key: str | None = "Token secret") -> tuple[int, dict[str, Any], str]:
        with pytest.raises(InvalidStatus) as refused:
            self.connect(query, key)
        response = refused.value.response
        return response.status_code, json.loads(response.body or b"{}"), response.headers["dg-error"]


def rest(line: ClientConnection) -> tuple[list[str], int]:
    """All that is still said, and the code of the close; 1005 for a close frame without a code."""
    texts: list[str] = []
    try:
        while True:
            texts.append(str(line.recv(timeout=SECONDS)))
    except ConnectionClosed as closed:
        return texts, closed.rcvd.code if closed.rcvd is not None else CUT


def without_request_id(text: str) -> str:
    return re.sub(r'"request_id":"[^"]*"', '"request_id":""', text)


def of(texts: list[str], kind: str) -> list[dict[str, Any]]:
    return [message for message in map(json.loads, texts) if message.get("event", message["type"]) == kind]


def serving(source: Source) -> BackgroundServer:
    settings = ServerSettings(connection=ConnectionSettings(lag_scale=0.0))
    return BackgroundServer(MockServer(Replies(always=source), settings))


@pytest.fixture
def flux() -> Iterator[Flux]:
    """A server that hears two sentences in whatever is sent."""
    with serving(loading.say("Hello there, how are you today? I am fine.")) as server:
        yield Flux(server)
        assert server.errors == []


@pytest.mark.parametrize("chunk_ms", [80, 20, 200])
def test_the_real_session_again_frame_for_frame(shared: Path, chunk_ms: int) -> None:
    folder = shared / "recordings" / "flux-preamble"
    frames: list[str] = json.loads((folder / "frames.json").read_text())["frames"]
    with open_wave(str(folder / "preamble-16k.wav")) as wave:
        pcm = wave.readframes(wave.getnframes())
    pcm += bytes(int(2.8 * BYTES_PER_SECOND))
    size = BYTES_PER_SECOND * chunk_ms // 1000
    (known,) = loading.load_known([folder / "frames.json"])
    with serving(known.source) as server, Flux(server).connect(ASKED) as line:
        for begin in range(0, len(pcm), size):
            if begin == 2 * BYTES_PER_SECOND:
                line.send(json.dumps(CONFIGURE))
            line.send(pcm[begin : begin + size])
        line.send('{"type":"CloseStream"}')
        texts, code = rest(line)

    assert [without_request_id(text) for text in texts] == [without_request_id(text) for text in frames]
    assert code == NO_CODE


def test_connected_comes_before_anything_is_sent(flux: Flux) -> None:
    with flux.connect() as line:
        assert line.response is not None
        request_id = line.response.headers["dg-request-id"]
        greeting = json.loads(line.recv(timeout=SECONDS))

    assert greeting == {"type": "Connected", "request_id": request_id, "sequence_id": 0}


def test_a_text_becomes_turns(flux: Flux, booking: Clip) -> None:
    with flux.connect(f"{QUERY}&eager_eot_threshold=0.5") as line:
        for frame in booking.frames(2560):
            line.send(frame)
        line.send('{"type":"CloseStream"}')
        texts, code = rest(line)

    assert [message["transcript"] for message in of(texts, "EndOfTurn")] == [
        "Hello there, how are you today?",
        "I am fine.",
    ]
    assert len(of(texts, "EagerEndOfTurn")) >= 2
    assert [json.loads(text)["sequence_id"] for text in texts] == list(range(len(texts)))
    assert code == NO_CODE


def test_a_turn_is_ended_by_force(flux: Flux) -> None:
    with flux.connect() as line:
        line.send(SILENCE)
        line.send('{"type":"ForceEndTurn"}')
        line.send('{"type":"CloseStream"}')
        texts, _ = rest(line)
    (ended,) = of(texts, "EndOfTurn")

    assert (ended["trigger"], ended["audio_window_end"]) == ("manual", 2.0)
    assert ended["transcript"] == "Hello there, how are you"


def test_a_message_of_v1_ends_the_session(flux: Flux) -> None:
    with flux.connect() as line:
        line.send('{"type":"KeepAlive"}')
        texts, code = rest(line)

    assert [json.loads(text)["type"] for text in texts] == ["Connected", "Error"]
    assert json.loads(texts[-1])["code"] == "UNPARSABLE_CLIENT_MESSAGE"
    assert code == NO_CODE


def test_a_configure_is_answered(flux: Flux) -> None:
    with flux.connect() as line:
        line.send(json.dumps(CONFIGURE))
        line.send(json.dumps({"type": "Configure", "thresholds": {"eager_eot_threshold": 0.9}}))
        line.send('{"type":"CloseStream"}')
        texts, _ = rest(line)
    (success,), (failure,) = of(texts, "ConfigureSuccess"), of(texts, "ConfigureFailure")

    assert success["thresholds"] == {"eot_threshold": 0.8, "eot_timeout_ms": 5000}
    assert success["keyterms"] == ["Deepgram"]
    assert "exceeds" in failure["description"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("encoding=linear16&sample_rate=16000", "Failed to deserialize query parameters: missing field `model`"),
        ("model=nova-3", "Only Flux models are supported on `/v2/listen`."),
        (f"{QUERY}&eot_threshold=0.2", "Invalid 'eot_threshold' value of '0.2'."),
        (f"{QUERY}&interim_results=true", "`interim_results` is not supported on the `/v2/listen` endpoint."),
    ],
)
def test_a_bad_query_is_refused(flux: Flux, query: str, wanted: str) -> None:
    status, body, header = flux.refusal(query)

    assert status == 400
    assert body["err_msg"] == header == wanted


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_it_is_for_websockets_alone(flux: Flux, method: str) -> None:
    url = f"http://127.0.0.1:{flux.server.port}/v2/listen?{QUERY}"
    answer = httpx.request(method, url, headers={"Authorization": "Token secret"}, trust_env=False)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_a_client_without_a_key_is_refused(flux: Flux) -> None:
    status, body, _ = flux.refusal(QUERY, None)

    assert (status, body["err_msg"]) == (401, "Invalid credentials.")

"""Real sockets on 127.0.0.1: raw requests, WebSocket sessions, and one that must survive what happens beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from socket import create_connection
from socket import socket as Socket  # noqa: N812 # a method has its name
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from harness.audio.decode import encode, read_audio
from harness.audio.format import AudioFormat
from harness.pytest_support import DeepgramServer

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
QUERY = "model=nova-3&encoding=linear16&sample_rate=16000&punctuate=true&interim_results=true&vad_events=true"
KEY = {"Authorization": "Token secret"}
SECONDS = 10.0
"""No wait in these tests comes near it; it turns a hang into a failure."""


@dataclass(frozen=True)
class Clip:
    """A clip of the fixtures: its file, its audio as 16 kHz linear16, and what is said in it."""

    path: Path
    pcm: bytes
    duration_audio_s: float
    text: str

    def frames(self, size: int = 3200) -> list[bytes]:
        return [self.pcm[begin : begin + size] for begin in range(0, len(self.pcm), size)]


@dataclass
class Answer:
    """An HTTP response; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Told:
    """What a server said on one WebSocket, and how it ended."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    code: int = 0
    reason: str = ""

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    @property
    def text(self) -> str:
        finals = [results for results in self.of("Results") if results["is_final"]]
        return " ".join(filter(None, (final["channel"]["alternatives"][0]["transcript"] for final in finals)))


class Wire:
    """The client's end of real sockets."""

    def __init__(self, server: DeepgramServer) -> None:
        self.server = server

    def socket(self) -> Socket:
        """A TCP connection."""
        return create_connection(("127.0.0.1", self.server.port), timeout=SECONDS)

    def request(self, data: bytes, method: str = "GET") -> Answer:
        """Send some bytes and read one HTTP response."""
        with self.socket() as line:
            line.sendall(data)
            return self.answer(line, method)

    def answer(self, line: Socket, method: str = "GET") -> Answer:
        """Read one HTTP response off a connection."""
        with HTTPResponse(line, method=method) as response:
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())

    def http(self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One HTTP request with a key."""
        fields = {"Host": self.server.address, **KEY, **(headers or {})}
        if body or method == "POST":
            fields.setdefault("Content-Length", str(len(body)))
        return self.request(head(f"{method} {target} HTTP/1.1", fields) + body, method)

    def upgrade(self, target: str = f"/v1/listen?{QUERY}", **headers: str | None) -> Answer:
        """A request for a WebSocket; a header that is None is left out, and `_` stands for `-`."""
        return self.request(upgrade_head(target, **headers))

    def upgrade_head(self) -> bytes:
        """The head of a good upgrade request."""
        return upgrade_head()

    def forgive_errors(self) -> None:
        """Let a test pass although its server broke, as it was meant to."""
        self.server._server.errors.clear()

    def connect(self, query: str = QUERY, headers: dict[str, str] | None = None, **options: Any) -> ClientConnection:
        """A WebSocket to `/v1/listen`."""
        line: ClientConnection = connect(
            f"{self.server.ws_url}/v1/listen?{query}",
            additional_headers=KEY if headers is None else headers,
            proxy=None,
            **{"open_timeout": SECONDS, "close_timeout": SECONDS, **options},
        )
        return line

    def told(self, line: ClientConnection) -> Told:
        """Everything said until the close."""
        told = Told()
        try:
            while True:
                told.messages.append(json.loads(line.recv(timeout=SECONDS)))
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                told.code, told.reason = closed.rcvd.code, closed.rcvd.reason
            else:
                told.code = 1006
        return told

    def session(self, clip: Clip, query: str = QUERY) -> Told:
        """A whole well-behaved session, as fast as it goes."""
        with self.connect(query) as line:
            for frame in clip.frames():
                line.send(frame)
            line.send('{"type":"CloseStream"}')
            return self.told(line)


def head(request_line: str, fields: dict[str, str]) -> bytes:
    lines = [request_line, *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode()


def upgrade_head(target: str = f"/v1/listen?{QUERY}", **headers: str | None) -> bytes:
    """The head of an upgrade request; a header that is None is left out, and `_` stands for `-`."""
    fields: dict[str, str | None] = {
        "host": "127.0.0.1",
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-key": "AAECAwQFBgcICQoLDA0ODw==",
        "sec-websocket-version": "13",
        "authorization": KEY["Authorization"],
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return head(f"GET {target} HTTP/1.1", {name: value for name, value in fields.items() if value is not None})


@pytest.fixture(scope="session")
def booking() -> Clip:
    """A clip of 18 seconds with a reference text."""
    path = FIXTURES / "audio" / "booking.wav"
    audio = read_audio(path)
    text = json.loads((FIXTURES / "references" / "booking.json").read_text())["text"]
    return Clip(path, encode(audio, AudioFormat()), audio.duration_audio_s, text)


@pytest.fixture
def wire(deepgram_server: DeepgramServer) -> Wire:
    """The client's end of sockets to this test's server."""
    return Wire(deepgram_server)


@pytest.fixture
def bystander(wire: Wire, booking: Clip) -> Callable[[], AbstractContextManager[None]]:
    """A good session that runs from before a block to after it, and must not notice what happens inside."""

    @contextmanager
    def beside() -> Iterator[None]:
        frames = booking.frames()
        with wire.connect() as line:
            for frame in frames[:90]:
                line.send(frame)
            yield
            for frame in frames[90:]:
                line.send(frame)
            line.send('{"type":"CloseStream"}')
            told = wire.told(line)
        assert told.text == booking.text
        assert len(told.of("Metadata")) == 1
        assert told.code == 1000

    return beside

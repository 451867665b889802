"""`POST /v1/listen` over real sockets: bytes, chunks, URLs, kept connections, and bodies that are too large or slow."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from mock_server.settings import Limits, ServerSettings

if TYPE_CHECKING:
    from tests.loopback.conftest import Answer, Clip, Wire

pytestmark = pytest.mark.deepgram(script="../../fixtures/references/booking.json")

TARGET = "/v1/listen?model=nova-3&punctuate=true"
WAV = {"Content-Type": "audio/wav"}
JSON = {"Content-Type": "application/json"}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 # the base class's name for it
        pass

    def do_GET(self) -> None:
        if self.path == "/elsewhere.wav":
            self.send_response(302)
            self.send_header("Location", "/booking.wav")
            self.end_headers()
        else:
            super().do_GET()


class _Patient(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up before it has everything is what some tests are about


@pytest.fixture
def file_server(booking: Clip) -> Iterator[str]:
    """The fixtures' audio over HTTP on loopback; its base URL."""
    handler = partial(_Quiet, directory=str(booking.path.parent))
    with _Patient(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def transcript(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.json()["results"]["channels"][0]["alternatives"][0]["transcript"])


def test_posted_bytes_are_answered_with_the_text_and_facts_of_the_file(wire: Wire, booking: Clip) -> None:
    data = booking.path.read_bytes()
    answer = wire.http("POST", TARGET, WAV, data)

    assert transcript(answer) == booking.text
    metadata = answer.json()["metadata"]
    assert metadata["sha256"] == hashlib.sha256(data).hexdigest()
    assert metadata["duration"] == pytest.approx(booking.duration_audio_s, abs=1e-3)
    assert metadata["request_id"] == answer.headers["dg-request-id"]
    assert answer.headers["content-type"] == "application/json"


def test_a_body_in_chunks_is_the_same_body(wire: Wire, booking: Clip) -> None:
    data = booking.path.read_bytes()
    pieces = [data[begin : begin + 50_000] for begin in range(0, len(data), 50_000)]
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    answer = wire.request(
        b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\nTransfer-Encoding: chunked\r\n\r\n%b"
        % (TARGET.encode(), body)
    )

    assert transcript(answer) == booking.text
    assert answer.json()["metadata"]["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_url_on_loopback_is_fetched(wire: Wire, booking: Clip, file_server: str) -> None:
    answer = wire.http("POST", TARGET, JSON, b'{"url": "%b/booking.wav"}' % file_server.encode())

    assert transcript(answer) == booking.text
    assert answer.json()["metadata"]["sha256"] == hashlib.sha256(booking.path.read_bytes()).hexdigest()


@pytest.mark.deepgram(file_urls={"https://files.example.com/": "../../fixtures/audio"})
def test_a_url_may_stand_for_a_file(wire: Wire, booking: Clip) -> None:
    answer = wire.http("POST", TARGET, JSON, b'{"url": "https://files.example.com/booking.wav"}')

    assert transcript(answer) == booking.text


@pytest.mark.deepgram(file_urls={"https://files.example.com/": "../../fixtures/audio"})
@pytest.mark.parametrize("way_out", ["../references/booking.json", "%2e%2e/references/booking.json", "/etc/hosts"])
def test_a_url_cannot_reach_out_of_its_folder(wire: Wire, way_out: str) -> None:
    answer = wire.http("POST", TARGET, JSON, b'{"url": "https://files.example.com/%b"}' % way_out.encode())

    assert answer.status == 400
    assert answer.json()["err_code"] == "REMOTE_CONTENT_ERROR"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.wav",
        "http://10.0.0.1/a.wav",
        "http://localhost.example.com/a.wav",
        "http://127.0.0.1@example.com/a.wav",
        "file:///etc/hosts",
        "ftp://127.0.0.1/a.wav",
        "http://[",
        "no url",
    ],
)
def test_a_url_elsewhere_is_refused_without_any_connection(
    wire: Wire, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        attempts.append(arguments)
        raise AssertionError("a connection was tried")

    body = b'{"url": "%b"}' % url.encode()
    with wire.socket() as line:
        for name in ("connect", "connect_ex"):
            monkeypatch.setattr(socket.socket, name, refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        line.sendall(
            b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (TARGET.encode(), len(body), body)
        )
        answer = wire.answer(line)

    assert answer.status == 400
    assert answer.json()["err_code"] == "REMOTE_CONTENT_ERROR"
    assert attempts == []


@pytest.mark.parametrize(
    ("path", "why"), [("missing.wav", "answered HTTP 404"), ("elsewhere.wav", "answered HTTP 302")]
)
def test_a_url_that_gives_nothing_is_refused_with_the_reason(wire: Wire, file_server: str, path: str, why: str) -> None:
    answer = wire.http("POST", TARGET, JSON, b'{"url": "%b/%b"}' % (file_server.encode(), path.encode()))

    assert answer.status == 400
    assert why in answer.headers["dg-error"]


@pytest.mark.deepgram(settings=ServerSettings(limits=Limits(body_bytes=10_000)))
def test_a_url_with_too_much_behind_it_is_refused(wire: Wire, file_server: str) -> None:
    answer = wire.http("POST", TARGET, JSON, b'{"url": "%b/booking.wav"}' % file_server.encode())

    assert answer.status == 400
    assert "has more than 10000 bytes" in answer.headers["dg-error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"url": 3}', b'{"uri": "http://127.0.0.1/"}', b"[" * 100_000])
def test_json_that_names_no_url_is_refused_in_the_newer_shape(wire: Wire, body: bytes) -> None:
    answer = wire.http("POST", TARGET, JSON, body)

    assert answer.status == 400
    assert answer.json()["category"] == "INVALID_JSON"
    assert answer.json()["message"] == answer.headers["dg-error"] == "Invalid JSON submitted."


def test_a_page_is_no_audio(wire: Wire) -> None:
    answer = wire.http("POST", TARGET, {"Content-Type": "text/html; charset=utf-8"}, b"<html>")

    assert answer.status == 415
    assert answer.json()["err_code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_post_without_any_length_is_411(wire: Wire) -> None:
    answer = wire.request(b"POST /v1/listen?model=nova-3 HTTP/1.1\r\nHost: x\r\nAuthorization: Token k\r\n\r\n")

    assert answer.status == 411


@pytest.mark.deepgram(settings=ServerSettings(limits=Limits(body_bytes=50_000)))
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_too_large_is_413_and_a_client_in_mid_upload_sees_it(wire: Wire, framing: str) -> None:
    body = b"\0" * 5_000_000
    fields = b"Content-Length: %d" % len(body) if framing == "length" else b"Transfer-Encoding: chunked"
    if framing == "chunks":
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    answer = wire.request(
        b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\n%b\r\n\r\n%b" % (TARGET.encode(), fields, body)
    )

    assert answer.status == 413
    assert answer.json()["err_code"] == "PAYLOAD_TOO_LARGE"
    assert "50000 bytes" in answer.json()["err_msg"]
    assert answer.headers["connection"] == "close"


@pytest.mark.deepgram(api_key="another")
def test_a_client_without_the_key_in_mid_upload_sees_the_401(wire: Wire) -> None:
    assert wire.http("POST", TARGET, WAV, b"\0" * 5_000_000).status == 401


@pytest.mark.deepgram(settings=ServerSettings(limits=Limits(body_timeout_s=0.1)))
@pytest.mark.parametrize("sent", [b"", b"RIFF"])
def test_a_body_that_stops_coming_is_408(wire: Wire, sent: bytes) -> None:
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\nContent-Length: 1000\r\n\r\n"
    answer = wire.request(head % TARGET.encode() + sent)

    assert answer.status == 408
    assert answer.json()["err_code"] == "SLOW_UPLOAD"


def test_a_client_that_waits_is_told_to_go_on(wire: Wire, booking: Clip) -> None:
    data = booking.path.read_bytes()
    with wire.socket() as line:
        line.sendall(
            b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\n\r\n" % (TARGET.encode(), len(data))
        )
        assert line.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(data)
        assert transcript(wire.answer(line)) == booking.text


@pytest.mark.deepgram(settings=ServerSettings(limits=Limits(body_bytes=1000)))
@pytest.mark.parametrize(("key", "length", "status"), [("secret", 5000, 413), ("", 500, 401)])
def test_a_client_that_waits_is_refused_before_it_sends_anything(
    wire: Wire, key: str, length: int, status: int
) -> None:
    answer = wire.request(
        b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token %b\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        % (TARGET.encode(), key.encode(), length)
    )

    assert answer.status == status


def test_two_requests_on_one_connection(wire: Wire, booking: Clip) -> None:
    data = booking.path.read_bytes()
    request = b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\nContent-Length: %d\r\n\r\n%b"
    with wire.socket() as line:
        first_and_second = []
        for _ in range(2):
            line.sendall(request % (TARGET.encode(), len(data), data))
            first_and_second.append(wire.answer(line))

    assert [transcript(answer) for answer in first_and_second] == [booking.text, booking.text]
    assert len({answer.headers["dg-request-id"] for answer in first_and_second}) == 2


def test_a_connection_that_was_posted_on_becomes_a_websocket(wire: Wire, booking: Clip) -> None:
    """Node's `fetch` and `WebSocket` take their connections from one pool."""
    data = booking.path.read_bytes()
    request = b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\nContent-Length: %d\r\n\r\n%b"
    with wire.socket() as line:
        line.sendall(request % (TARGET.encode(), len(data), data))
        posted = wire.answer(line)
        line.sendall(wire.upgrade_head())
        upgraded = wire.answer(line)

    assert transcript(posted) == booking.text
    assert upgraded.status == 101


@pytest.mark.deepgram(settings=ServerSettings(limits=Limits(head_timeout_s=0.1)))
def test_a_kept_connection_without_a_further_request_is_closed(wire: Wire) -> None:
    with wire.socket() as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.answer(line).status == 200
        assert line.recv(1) == b""


def test_requests_sent_all_at_once_are_answered_in_order(wire: Wire) -> None:
    request = b"GET /%b HTTP/1.1\r\nHost: x\r\n%b\r\n"
    with wire.socket() as line, line.makefile("rb") as answers:
        line.sendall(request % (b"health", b"") + request % (b"nowhere", b"Connection: close\r\n"))
        said = answers.read()

    first, second = said.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200 OK\r\n")
    assert second.startswith(b"404 ")


def test_http_1_0_is_answered_and_the_connection_closed(wire: Wire) -> None:
    with wire.socket() as line:
        line.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        answer = wire.answer(line)
        assert answer.status == 200
        assert line.recv(1) == b""


def test_a_client_that_closes_its_half_after_the_request_is_answered(wire: Wire, booking: Clip) -> None:
    data = booking.path.read_bytes()
    with wire.socket() as line:
        line.sendall(
            b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\nContent-Length: %d\r\n\r\n%b"
            % (TARGET.encode(), len(data), data)
        )
        line.shutdown(socket.SHUT_WR)
        assert transcript(wire.answer(line)) == booking.text


TWO_RESPONSES = pytest.mark.deepgram(
    recording=["../../fixtures/wire/prerecorded.json", "../../fixtures/wire/prerecorded-with-every-option.json"]
)


@TWO_RESPONSES
def test_what_is_no_audio_is_refused_in_deepgrams_words(wire: Wire) -> None:
    answer = wire.http("POST", TARGET, WAV, b'{"url": "http://127.0.0.1/a.wav"}')

    assert answer.status == 400
    assert answer.json()["err_msg"] == "Bad Request: failed to process audio: corrupt or unsupported data"


@TWO_RESPONSES
def test_audio_that_no_recording_answers_is_refused_in_ours(wire: Wire, booking: Clip) -> None:
    answer = wire.http("POST", TARGET, WAV, booking.path.read_bytes())

    assert answer.status == 400
    assert "no recording answers the posted file (sha256 " in answer.headers["dg-error"]
    assert "here are prerecorded, prerecorded-with-every-option" in answer.headers["dg-error"]


@TWO_RESPONSES
def test_a_recording_that_is_named_and_not_here_is_refused(wire: Wire, booking: Clip) -> None:
    answer = wire.http("POST", f"{TARGET}&extra=recording:prerecordet", WAV, booking.path.read_bytes())

    assert answer.status == 400
    assert "no recording is named 'prerecordet'; nearest: prerecorded, " in answer.headers["dg-error"]

"""`callback` over real sockets: results are posted to the receiver, in order, instead of returned to the client."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from mock_server.settings import CallbackSettings, ServerSettings

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

SOON = ServerSettings(callbacks=CallbackSettings(attempts=3, every_s=0.01))
pytestmark = pytest.mark.deepgram(script="../../fixtures/references/booking.json", settings=SOON)

TARGET = "/v1/listen?model=nova-3&punctuate=true"
QUERY = "model=nova-3&encoding=linear16&sample_rate=16000&punctuate=true&interim_results=true"
WAV = {"Content-Type": "audio/wav"}
SECONDS = 10.0


class Receiver(ThreadingHTTPServer):
    """Takes callbacks, after having refused the first `refuse` of them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refuse = 0
        self.came: list[tuple[str, dict[str, str], Any]] = []
        self.news = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/results"

    def wait_for(self, count: int) -> list[tuple[str, dict[str, str], Any]]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.came) >= count, SECONDS)
        return self.came

    def wait_for_metadata(self) -> list[dict[str, Any]]:
        with self.news:
            assert self.news.wait_for(lambda: bool(self.came) and self.came[-1][2].get("type") == "Metadata", SECONDS)
        return [body for _, _, body in self.came]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def _take(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        receiver = self.server
        with receiver.news:
            refused, receiver.refuse = receiver.refuse > 0, max(0, receiver.refuse - 1)
            if not refused:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.came.append((self.command, headers, body))
                receiver.news.notify_all()
        self.send_response(503 if refused else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = _take  # noqa: N815 # the base class calls them so

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 # the base class's name for it
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of callbacks on loopback."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_posted_file_is_answered_with_an_id_and_the_rest_is_posted(
    wire: Wire, booking: Clip, receiver: Receiver
) -> None:
    answer = wire.http("POST", f"{TARGET}&callback={receiver.url}", WAV, booking.path.read_bytes())

    assert (answer.status, answer.json()) == (200, {"request_id": answer.headers["dg-request-id"]})
    ((method, headers, body),) = receiver.wait_for(1)
    assert (method, headers["content-type"]) == ("POST", "application/json")
    assert "dg-token" in headers
    assert body["metadata"]["request_id"] == answer.headers["dg-request-id"]
    assert body["results"]["channels"][0]["alternatives"][0]["transcript"] == booking.text


def test_the_method_may_be_put(wire: Wire, booking: Clip, receiver: Receiver) -> None:
    wire.http("POST", f"{TARGET}&callback={receiver.url}&callback_method=PUT", WAV, booking.path.read_bytes())
    assert receiver.wait_for(1)[0][0] == "PUT"


def test_a_stream_is_posted_message_by_message_and_the_client_hears_the_close_only(
    wire: Wire, booking: Clip, receiver: Receiver
) -> None:
    told = wire.session(booking, f"{QUERY}&callback={receiver.url}")
    plain = wire.session(booking, QUERY)

    assert (told.messages, told.code) == ([], 1000)
    posted = receiver.wait_for_metadata()
    assert [message["type"] for message in posted] == [message["type"] for message in plain.messages]
    assert [m["channel"] for m in posted if m["type"] == "Results"] == [m["channel"] for m in plain.of("Results")]


def test_a_receiver_that_refuses_is_tried_again(wire: Wire, booking: Clip, receiver: Receiver) -> None:
    receiver.refuse = 2
    wire.http("POST", f"{TARGET}&callback={receiver.url}", WAV, booking.path.read_bytes())
    receiver.wait_for(1)
    assert receiver.refuse == 0


def test_a_receiver_that_is_not_there_harms_nobody(wire: Wire, booking: Clip) -> None:
    answer = wire.http("POST", f"{TARGET}&callback=http://127.0.0.1:9/x", WAV, booking.path.read_bytes())
    assert answer.status == 200
    assert wire.session(booking).text == booking.text


@pytest.mark.parametrize("callback", ["https://example.com/x", "http://192.0.2.1/x"])
def test_nothing_is_sent_off_this_machine(wire: Wire, booking: Clip, callback: str) -> None:
    posted = wire.http("POST", f"{TARGET}&callback={callback}", WAV, booking.path.read_bytes())
    streamed = wire.upgrade(f"/v1/listen?{QUERY}&callback={callback}")
    for answer in (posted, streamed):
        assert answer.status == 400
        assert answer.headers["dg-error"] == "Bad Request: this server calls back on loopback only."


def test_a_callback_over_websocket_is_refused_in_words(wire: Wire) -> None:
    answer = wire.upgrade(f"/v1/listen?{QUERY}&callback=ws://127.0.0.1:9/x")
    assert answer.headers["dg-error"] == "Bad Request: this server calls back over http and https only."

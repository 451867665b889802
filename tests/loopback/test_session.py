"""Whole streaming sessions over real sockets: what is said, in which order, under which ids, and how it ends."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from websockets.typing import Subprotocol

from harness.recording.entries import Close, Direction

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

pytestmark = pytest.mark.deepgram(script="../../fixtures/references/booking.json")

CLOSE_STREAM = '{"type":"CloseStream"}'


def test_a_session_ends_with_the_whole_text_metadata_and_1000(wire: Wire, booking: Clip) -> None:
    told = wire.session(booking)

    assert told.text == booking.text
    assert told.messages[-1]["type"] == "Metadata"
    assert (told.code, told.reason) == (1000, "")
    assert {message["type"] for message in told.messages} == {"Results", "SpeechStarted", "Metadata"}


def test_metadata_reports_the_audio_that_was_sent(wire: Wire, booking: Clip) -> None:
    (metadata,) = wire.session(booking).of("Metadata")

    assert metadata["duration"] == pytest.approx(booking.duration_audio_s, abs=1e-3)
    assert metadata["sha256"] == hashlib.sha256(booking.pcm).hexdigest()
    assert metadata["channels"] == 1
    assert metadata["models"] == list(metadata["model_info"])


def test_one_request_id_is_in_the_header_and_in_every_message(wire: Wire, booking: Clip) -> None:
    with wire.connect() as line:
        assert line.response is not None
        request_id = line.response.headers["dg-request-id"]
        line.send(booking.pcm)
        line.send(CLOSE_STREAM)
        told = wire.told(line)

    assert UUID(request_id).version == 7
    assert {results["metadata"]["request_id"] for results in told.of("Results")} == {request_id}
    assert told.messages[-1]["request_id"] == request_id


def test_two_sessions_have_different_request_ids(wire: Wire, booking: Clip) -> None:
    ids = {wire.session(booking).messages[-1]["request_id"] for _ in range(2)}

    assert len(ids) == 2


def test_nothing_is_compressed_although_the_client_offers_it(wire: Wire) -> None:
    with wire.connect(compression="deflate") as line:
        assert line.request is not None
        assert line.response is not None
        assert "permessage-deflate" in line.request.headers["sec-websocket-extensions"]
        assert "sec-websocket-extensions" not in line.response.headers


def test_nothing_is_said_before_audio_comes(wire: Wire) -> None:
    with wire.connect() as line:
        line.send('{"type":"KeepAlive"}')
        with pytest.raises(TimeoutError):
            line.recv(timeout=0.05)


@pytest.mark.parametrize("size", [2, 640, 32_000, 400_000])
def test_the_text_does_not_depend_on_how_the_audio_is_cut(wire: Wire, booking: Clip, size: int) -> None:
    pcm = booking.pcm if size > 2 else booking.pcm[: 2 * 4000]
    with wire.connect() as line:
        for begin in range(0, len(pcm), size):
            line.send(pcm[begin : begin + size])
        line.send(CLOSE_STREAM)
        told = wire.told(line)

    assert told.code == 1000
    assert told.text == (booking.text if size > 2 else "")
    assert told.messages[-1]["sha256"] == hashlib.sha256(pcm).hexdigest()


def test_the_file_itself_may_be_streamed_without_an_encoding(wire: Wire, booking: Clip) -> None:
    data = booking.path.read_bytes()
    with wire.connect("model=nova-3&punctuate=true") as line:
        for begin in range(0, len(data), 4096):
            line.send(data[begin : begin + 4096])
        line.send(CLOSE_STREAM)
        told = wire.told(line)

    assert told.text == booking.text
    assert told.messages[-1]["duration"] == pytest.approx(booking.duration_audio_s, abs=1e-3)


def test_an_empty_frame_ends_the_stream_as_close_stream_does(wire: Wire, booking: Clip) -> None:
    with wire.connect() as line:
        line.send(booking.pcm)
        line.send(b"")
        told = wire.told(line)

    assert told.text == booking.text
    assert told.code == 1000


def test_finalize_brings_out_what_is_open_and_the_stream_goes_on(wire: Wire, booking: Clip) -> None:
    half = len(booking.pcm) // 4 * 2
    with wire.connect() as line:
        line.send(booking.pcm[:half])
        line.send('{"type":"Finalize"}')
        line.send(booking.pcm[half:])
        line.send(CLOSE_STREAM)
        told = wire.told(line)

    finals = [results for results in told.of("Results") if results["is_final"]]
    (flushed,) = [final for final in finals if final.get("from_finalize")]
    assert flushed["start"] + flushed["duration"] == pytest.approx(half / 32_000, abs=1e-3)
    assert told.text == booking.text
    assert told.code == 1000


def test_unknown_text_is_answered_with_an_error_and_the_session_goes_on(wire: Wire, booking: Clip) -> None:
    with wire.connect() as line:
        line.send('{"type":"Flush"}')
        complaint = json.loads(line.recv(timeout=5))
        line.send(booking.pcm)
        line.send(CLOSE_STREAM)
        told = wire.told(line)

    assert (complaint["type"], complaint["variant"]) == ("Error", "SchemaError")
    assert told.text == booking.text


def test_no_audio_at_all_gives_metadata_of_nothing(wire: Wire) -> None:
    with wire.connect() as line:
        line.send(CLOSE_STREAM)
        told = wire.told(line)

    (metadata,) = told.messages
    assert (metadata["duration"], metadata["channels"]) == (0.0, 0)
    assert metadata["sha256"] == hashlib.sha256().hexdigest()
    assert told.code == 1000


def test_a_client_that_closes_first_is_answered_and_gone(wire: Wire, booking: Clip) -> None:
    with wire.connect() as line:
        line.send(booking.pcm[:3200])
        line.close(1001, "leaving")

    (session,) = wire.server.wait_for_sessions()
    closes = [(close.direction, close.code, close.reason) for close in session.of(Close)]
    assert closes == [(Direction.UPSTREAM, 1001, "leaving")]


@pytest.mark.parametrize(
    "authorization", ["Token secret", "token secret", "TOKEN secret", "Bearer secret", "bearer secret"]
)
@pytest.mark.deepgram(api_key="secret")
def test_both_schemes_are_taken_in_any_case(wire: Wire, authorization: str) -> None:
    with wire.connect(headers={"Authorization": authorization}) as line:
        assert line.response is not None
        assert line.response.status_code == 101


@pytest.mark.parametrize("scheme", ["token", "bearer"])
@pytest.mark.deepgram(api_key="secret")
def test_the_key_may_come_as_a_subprotocol_and_the_scheme_is_echoed(wire: Wire, scheme: str) -> None:
    offered = [Subprotocol(scheme), Subprotocol("secret")]
    with wire.connect(headers={}, subprotocols=offered) as line:
        assert line.subprotocol == scheme
        assert line.response is not None
        assert line.response.headers.get_all("sec-websocket-protocol") == [scheme]

"""Flux frames to messages and back; the real session is the oracle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.protocol.flux_codec import decode_flux_client, decode_flux_server, encode_flux, with_ids
from harness.protocol.flux_messages import (
    FluxConfigure,
    FluxConfigureSuccess,
    FluxError,
    FluxMessage,
    FluxThresholds,
    ForceEndTurn,
    TurnInfo,
)
from harness.protocol.messages import CloseStream, MalformedMessage, UnknownMessage


def test_every_frame_of_the_real_session_is_understood_and_written_again(shared: Path) -> None:
    session = json.loads((shared / "recordings" / "flux-preamble" / "frames.json").read_text())
    for text in session["frames"]:
        message = decode_flux_server(text).message
        assert not isinstance(message, UnknownMessage | MalformedMessage | CloseStream | FluxConfigure | ForceEndTurn)
        assert encode_flux(message) == text


def test_the_fields_of_2026_are_read() -> None:
    text = (
        '{"type":"TurnInfo","request_id":"r","event":"EndOfTurn","trigger":"timeout","turn_index":0,'
        '"audio_window_start":0.0,"audio_window_end":1.2,"transcript":"","words":[],"end_of_turn_confidence":0.1,'
        '"languages":["de"],"languages_hinted":["de","en"],"sequence_id":4}'
    )
    message = decode_flux_server(text).message

    assert isinstance(message, TurnInfo)
    assert (message.trigger, message.languages, message.languages_hinted) == ("timeout", ("de",), ("de", "en"))
    assert encode_flux(message) == text


def test_a_fatal_error_is_understood_by_either_name() -> None:
    text = '{"type":"FatalError","sequence_id":3,"code":"INTERNAL_SERVER_ERROR","description":"it broke"}'
    message = decode_flux_server(text).message

    assert message == FluxError(sequence_id=3, code="INTERNAL_SERVER_ERROR", description="it broke")
    assert decode_flux_server(text.replace("FatalError", "Error")).message == message
    assert isinstance(decode_flux_server('{"type":"FatalError"}').message, MalformedMessage)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (CloseStream(), '{"type":"CloseStream"}'),
        (ForceEndTurn(), '{"type":"ForceEndTurn"}'),
        (FluxConfigure(keyterms=()), '{"type":"Configure","keyterms":[]}'),
        (
            FluxConfigure(thresholds=FluxThresholds(eot_threshold=1.0), numerals=True),
            '{"type":"Configure","thresholds":{"eot_threshold":1.0},"numerals":true}',
        ),
    ],
)
def test_what_a_client_says(message: FluxMessage, text: str) -> None:
    assert decode_flux_client(text).message == message
    assert encode_flux(message) == text


def test_a_null_counts_as_left_out() -> None:
    decoded = decode_flux_client('{"type":"Configure","thresholds":{"eot_threshold":0.8,"eot_timeout_ms":null}}')

    assert decoded.message == FluxConfigure(thresholds=FluxThresholds(eot_threshold=0.8))


def test_messages_go_by_their_names_on_the_wire() -> None:
    error = FluxError(sequence_id=2, code="INTERNAL_SERVER_ERROR", description="x")
    success = FluxConfigureSuccess(request_id="r", thresholds=FluxThresholds(), keyterms=(), sequence_id=1)

    assert json.loads(encode_flux(error))["type"] == "Error"
    assert json.loads(encode_flux(success))["type"] == "ConfigureSuccess"


@pytest.mark.parametrize("text", ['{"type":"KeepAlive"}', '{"type":"Finalize"}', '{"type":7}', "{}"])
def test_what_flux_has_not_is_unknown(text: str) -> None:
    assert isinstance(decode_flux_client(text).message, UnknownMessage)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '"CloseStream"', '{"type":"Configure","keyterms":1}', "[" * 100_000, "\ud800"]
)
def test_what_cannot_be_read_is_malformed_and_never_raises(text: str) -> None:
    decoded = decode_flux_client(text)

    assert isinstance(decoded.message, MalformedMessage)
    assert decoded.message.problem
    assert decoded.text == text


def test_ids_are_put_in_and_nothing_else_is_touched() -> None:
    text = '{"request_id":"old","audio_window_end":1.6800001,"transcript":"\\"sequence_id\\":5","sequence_id": 7}'

    assert with_ids(text, "new", 12) == (
        '{"request_id":"new","audio_window_end":1.6800001,"transcript":"\\"sequence_id\\":5","sequence_id": 12}'
    )

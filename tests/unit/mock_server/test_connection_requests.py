"""What a client asks of a `/v1/listen` connection in mid-stream, and what it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.audio.decode import Audio, encode
from harness.audio.format import AudioFormat
from harness.protocol.messages import ConfigureFailure, ConfigureSuccess, Error, Sync
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Known, Replies
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken
from tests.unit.mock_server.talk import CHATTY, RAW, REQUEST_ID, SAY, silence


def test_nothing_is_said_before_the_client_says_something(talk_to: Any) -> None:
    assert talk_to(SAY, CHATTY).wait(9).texts == []
    assert talk_to(SAY, CHATTY).keep_alive().wait(5).texts == []


def test_sync_comes_back_with_its_number(talk_to: Any) -> None:
    assert talk_to(SAY).text('{"type":"Sync","id":7}').messages == [Sync(id=7)]


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"Flush"}',
        '{"no":"type"}',
        "not json",
        "[]",
        '"KeepAlive"',
        '{"type":"Sync"}',
        '{"type":"Finalize","channel":"x"}',
        "",
        "\0",
        "ä" * 2000,
    ],
)
def test_text_that_is_no_message_is_complained_about_and_the_session_goes_on(text: str, talk_to: Any) -> None:
    talk = talk_to(SAY).audio(silence(1)).text(text)
    (error,) = [message for message in talk.messages if isinstance(message, Error)]
    assert error.variant == "SchemaError"
    assert error.message == text[:500]
    talk.audio(silence(1)).close_stream()
    assert talk.closed_with == (1000, "")
    assert talk.metadata.duration == 2.0


@pytest.mark.parametrize(
    ("fields", "query", "answer"),
    [
        ({}, RAW, ConfigureSuccess(request_id=REQUEST_ID)),
        ({"features": {"numerals": True}}, RAW, ConfigureSuccess(request_id=REQUEST_ID)),
        ({"keyterms": None}, RAW, ConfigureSuccess(request_id=REQUEST_ID)),
        ({"keyterms": []}, RAW, ConfigureSuccess(request_id=REQUEST_ID, keyterms=())),
        ({"keyterms": ["Quillon"]}, RAW, ConfigureSuccess(request_id=REQUEST_ID, keyterms=("Quillon",))),
        (
            {"keyterms": ["Quillon"]},
            RAW.replace("nova-3", "nova-2"),
            ConfigureFailure(
                request_id=REQUEST_ID,
                code="CONFIGURE_KEYTERMS_NOT_SUPPORTED",
                description="keyterms can be changed on nova-3 models only",
            ),
        ),
        (
            {"keyterms": ["one two three"] * 167},
            RAW,
            ConfigureFailure(
                request_id=REQUEST_ID,
                code="CONFIGURE_KEYTERM_LIMIT_EXCEEDED",
                description="the keyterms are more than 500 tokens",
            ),
        ),
    ],
)
def test_configure_is_answered_once(fields: dict[str, Any], query: str, answer: object, talk_to: Any) -> None:
    assert talk_to(SAY, query).text(json.dumps({"type": "Configure", **fields})).messages == [answer]


def test_keyterms_hold_from_the_audio_after_them_and_one_change_waits_at_a_time(talk_to: Any) -> None:
    """Two seconds at once are transcribed within 0.8 s more; until then the first change has no answer."""
    talk = talk_to(SAY, settings=ConnectionSettings()).binary(silence(2))
    for term in ("Quillon", "Marlow"):
        talk.text(json.dumps({"type": "Configure", "keyterms": [term]}))
    (refused,) = (message for message in talk.messages if isinstance(message, ConfigureFailure))
    assert refused.code == "CONFIGURE_ALREADY_PENDING"
    assert not any(isinstance(message, ConfigureSuccess) for message in talk.messages)

    talk.wait(1.0).text(json.dumps({"type": "Configure", "keyterms": ["Marlow"]}))

    taken = [message.keyterms for message in talk.messages if isinstance(message, ConfigureSuccess)]
    assert taken == [("Quillon",), ("Marlow",)]


def test_one_zero_byte_is_audio_and_no_close(talk_to: Any) -> None:
    talk = talk_to(SAY).binary(b"\0").binary(b"\0")
    assert talk.closes == []
    assert talk.connection.audio_s == pytest.approx(1 / 16_000)


def test_control_messages_sent_as_binary_are_audio(talk_to: Any) -> None:
    talk = talk_to(SAY).binary(b'{"type":"CloseStream"}')
    assert talk.closes == []
    assert talk.connection.audio_s == 22 / 32_000


def test_finalize_answers_at_once_with_what_was_heard(talk_to: Any) -> None:
    talk = talk_to(SAY, CHATTY).audio(silence(1.5)).finalize()
    (flagged,) = [results for results in talk.results if results.from_finalize]
    assert talk.said[-1][0] == talk.now_s == pytest.approx(1.5)
    assert (flagged.is_final, flagged.start, flagged.duration, flagged.transcript) == (
        True,
        0.0,
        1.5,
        "Please book a table",
    )
    talk.audio(silence(6)).close_stream()
    assert talk.transcript == "Please book a table for two. Tomorrow at seven, by the window."


def test_a_finalize_before_the_recording_is_known_is_answered_once_it_is(
    clip: Callable[[str], Audio], talk_to: Any
) -> None:
    known = Known(SpokenSource("booking", spoken("hello there")), audio=clip("booking"))
    data = encode(clip("booking"), AudioFormat())
    talk = talk_to(Replies([known])).finalize().audio(data[:6400]).finalize()
    assert talk.closes == []
    assert talk.results == []
    talk.audio(data[6400:]).close_stream()
    flagged = [results for results in talk.finals if results.from_finalize]
    assert [(r.start, r.end_audio_s) for r in flagged] == [(0.0, 0.0), (0.0, 0.2)]
    assert talk.transcript == "hello there"
    assert talk.closed_with == (1000, "")


def test_a_finalize_for_audio_that_is_too_short_to_know_is_answered_at_the_end(
    clip: Callable[[str], Audio], talk_to: Any
) -> None:
    known = Known(SpokenSource("booking", spoken("hello there")), audio=clip("booking"))
    data = encode(clip("booking"), AudioFormat())[:32_000]
    talk = talk_to(Replies([known])).audio(data[:16_000]).finalize().audio(data[16_000:]).close_stream()
    assert [(r.start, r.end_audio_s, r.from_finalize) for r in talk.finals] == [(0.0, 0.5, True), (0.5, 1.0, False)]

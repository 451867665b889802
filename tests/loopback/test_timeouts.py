"""The server's clocks on real sockets, shortened: idle clients, nothing to say, and what holds the line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.protocol.closing import ReasonStyle
from harness.recording.entries import Text
from mock_server.behaviour import ConnectionSettings
from mock_server.settings import ServerSettings

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

IDLE = "Deepgram did not receive audio data or a text message within the timeout window. See https://dpgr.am/net0001"
NO_OUTPUT = "Deepgram did not provide a response message within the timeout window. See https://dpgr.am/net0000"
KEEP_ALIVE = '{"type":"KeepAlive"}'


@pytest.mark.deepgram(idle_timeout_s=0.1)
def test_a_client_that_says_nothing_is_closed_with_net_0001(wire: Wire) -> None:
    with wire.connect() as line:
        told = wire.told(line)

    assert (told.messages, told.code, told.reason) == ([], 1011, IDLE)


@pytest.mark.deepgram(idle_timeout_s=0.1)
def test_a_client_that_falls_silent_is_closed_too(wire: Wire, booking: Clip) -> None:
    with wire.connect() as line:
        line.send(booking.pcm)
        told = wire.told(line)

    assert told.of("Results")
    assert told.of("Metadata") == []
    assert (told.code, told.reason) == (1011, IDLE)


@pytest.mark.deepgram(
    settings=ServerSettings(connection=ConnectionSettings(reason_style=ReasonStyle.CODE)), idle_timeout_s=0.1
)
def test_reasons_can_be_bare_codes_as_in_the_docs(wire: Wire) -> None:
    with wire.connect() as line:
        assert wire.told(line).reason == "NET-0001"


@pytest.mark.deepgram(idle_timeout_s=0.5)
def test_keep_alive_holds_the_line_and_the_audio_clock_stands_still(wire: Wire, booking: Clip) -> None:
    with wire.connect() as line:
        line.send(booking.pcm[:6400])
        for _ in range(8):  # 0.8 s altogether
            with pytest.raises(TimeoutError):
                line.recv(timeout=0.1)
            line.send(KEEP_ALIVE)
        line.send('{"type":"CloseStream"}')
        told = wire.told(line)

    assert told.code == 1000
    assert told.messages[-1]["duration"] == 0.2


@pytest.mark.deepgram(idle_timeout_s=0.5)
def test_a_ping_is_no_message_and_does_not_hold_the_line(wire: Wire) -> None:
    with wire.connect(ping_interval=0.05) as line:
        told = wire.told(line)

    assert (told.code, told.reason) == (1011, IDLE)


@pytest.mark.deepgram(output_timeout_s=0.1)
def test_a_server_with_nothing_to_say_closes_with_net_0000(wire: Wire) -> None:
    with wire.connect() as line:
        line.send(b"\0\0" * 160)
        told = wire.told(line)

    assert (told.code, told.reason) == (1011, NO_OUTPUT)


@pytest.mark.deepgram(say="One. Two. Three.", lag_scale=1.0)
def test_answers_keep_their_lag_when_asked_to(wire: Wire) -> None:
    with wire.connect() as line:
        line.send(b"\1\0" * 16_000 * 8)
        messages = [json.loads(line.recv(timeout=10))]
        line.send('{"type":"CloseStream"}')
        told = wire.told(line)

    (session,) = wire.server.wait_for_sessions()
    (audio,) = session.audio_frames()
    first = next(session.of(Text))
    assert messages[0]["type"] in ("SpeechStarted", "Results")
    assert first.wall_s - audio.wall_s >= 0.06  # the shortest lag that a script has
    assert told.text == "One. Two. Three."

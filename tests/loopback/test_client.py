"""The streaming client against a good server on a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.client.endpoint import Endpoint
from harness.client.prerecorded import transcribe
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.protocol.session import Timers
from harness.recording.document import lines
from harness.recording.entries import Close, Direction
from harness.streamer.settings import StreamSettings
from tests.loopback.client_streams import KEY, OPTIONS, streamed

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.deepgram(script="../../fixtures/references/booking.json")]


async def test_a_whole_stream_is_transcribed_recorded_and_correct(wire: Wire, booking: Clip) -> None:
    outcome = await streamed(wire.server.address, booking.pcm)

    assert outcome.failure is None
    assert outcome.transcript.text() == booking.text
    assert outcome.audio == booking.pcm
    assert outcome.transcript.metadata is not None
    assert not outcome.recording.partial
    (close,) = outcome.recording.of(Close)
    assert (close.direction, close.code) == (Direction.DOWNSTREAM, 1000)
    verdict = await asyncio.to_thread(wire.server.judge, chunk_ms=20, transcript=outcome.transcript.text(), speed="max")
    assert verdict.findings == ()


@pytest.mark.parametrize("chunk_ms", [20, 250])
async def test_the_clock_paces_what_is_sent(wire: Wire, booking: Clip, chunk_ms: int) -> None:
    settings = StreamSettings(chunk_ms=chunk_ms, speed=Speed(16))
    outcome = await streamed(wire.server.address, booking.pcm[: 6 * 32_000], settings)

    assert outcome.failure is None
    frames = list(outcome.recording.audio_frames())
    due_s = [frame.due_s for frame in frames if frame.due_s is not None]
    steps_s = [later - earlier for earlier, later in pairwise(due_s)]
    assert len(steps_s) == len(frames) - 1
    # What it makes up for, such as the time that the connection took, goes out a quarter faster, never in a burst.
    assert min(steps_s) > chunk_ms / 1000 / 16 / 1.25 - 1e-5
    assert all(frame.wall_s >= (frame.due_s or 0) - 1e-5 for frame in frames)


async def test_finalize_is_sent_before_close_stream_when_asked_for(wire: Wire, booking: Clip) -> None:
    outcome = await streamed(wire.server.address, booking.pcm, StreamSettings(speed=Speed.MAX, finalize=True))

    said = [json.loads(entry.text)["type"] for entry in outcome.recording.texts(Direction.UPSTREAM)]
    assert said == ["Finalize", "CloseStream"]
    assert outcome.transcript.text() == booking.text


async def test_keep_alive_is_sent_while_the_source_pauses(wire: Wire, booking: Clip) -> None:
    async def with_a_pause() -> AsyncIterator[bytes]:
        yield booking.pcm[:64_000]
        await asyncio.sleep(0.3)
        yield booking.pcm[64_000:]

    settings = StreamSettings(speed=Speed.MAX, timers=Timers(keep_alive_after_s=0.05))
    audio = AudioToSend(with_a_pause(), AudioFormat(), "-")
    outcome = await stream(Endpoint(wire.server.address, KEY), OPTIONS, audio, settings)

    said = [json.loads(entry.text)["type"] for entry in outcome.recording.texts(Direction.UPSTREAM)]
    assert said.count("KeepAlive") >= 2
    assert said[-1] == "CloseStream"
    assert outcome.failure is None
    assert outcome.transcript.text() == booking.text


async def test_proxies_of_the_environment_are_not_asked_on_loopback(
    wire: Wire, booking: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "ws_proxy", "all_proxy", "socks_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    outcome = await streamed(wire.server.address, booking.pcm)
    posted = await transcribe(Endpoint(wire.server.address, KEY), OPTIONS, booking.path.read_bytes(), "wav")

    assert outcome.failure is None
    assert posted.failure is None


async def test_the_key_is_in_no_log_and_no_recording(
    wire: Wire, booking: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outcome = await streamed(wire.server.address, booking.pcm)
    await transcribe(Endpoint(wire.server.address, KEY), OPTIONS, booking.path.read_bytes(), "wav")
    sessions = await asyncio.to_thread(wire.server.wait_for_sessions)

    logged = [(record.getMessage(), vars(record)) for record in caplog.records]
    assert len(logged) > 5
    assert KEY not in str(logged)
    assert KEY not in "".join(lines(outcome.recording))
    assert KEY not in "".join(lines(sessions[0]))
    assert KEY not in repr(Endpoint(wire.server.address, KEY))

"""A recording is replayed and recorded again over real sockets: ids, dates and wall times apart, nothing changes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.protocol.options import ListenOptions
from harness.recording.document import Recording, lines
from harness.recording.entries import Close, Direction
from harness.streamer.settings import StreamSettings
from mock_server import loading
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Replies
from mock_server.server import MockServer
from mock_server.settings import ServerSettings

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip

pytestmark = pytest.mark.asyncio

REFERENCE = Path(__file__).resolve().parents[2] / "fixtures" / "references" / "booking.json"
OPTIONS = ListenOptions(
    model="nova-3",
    encoding="linear16",
    sample_rate=16_000,
    interim_results=True,
    punctuate=True,
    vad_events=True,
    utterance_end_ms=1000,
)
AT_ONCE = ServerSettings(connection=ConnectionSettings(lag_scale=0.0))


async def recorded(replies: Replies, pcm: bytes, chunk_ms: float = 20) -> Recording:
    """The client's recording of one session, as fast as it goes."""

    async def blocks() -> AsyncIterator[bytes]:
        yield pcm

    async with MockServer(replies, AT_ONCE) as server:
        endpoint = Endpoint(f"127.0.0.1:{server.port}", "any")
        audio = AudioToSend(blocks(), AudioFormat(), "booking.wav")
        outcome = await stream(endpoint, OPTIONS, audio, StreamSettings(chunk_ms=chunk_ms, speed=Speed.MAX))
        assert outcome.failure is None
        assert server.errors == []
    return outcome.recording


def said(recording: Recording) -> list[dict[str, Any]]:
    """What the server said, without what must differ from one connection to the next."""
    messages = [json.loads(entry.text) for entry in recording.texts(Direction.DOWNSTREAM)]
    for message in messages:
        message.pop("request_id", None)
        message.pop("created", None)
        message.get("metadata", {}).pop("request_id", None)
    return messages


def ids(recording: Recording) -> set[str]:
    messages = [json.loads(entry.text) for entry in recording.texts(Direction.DOWNSTREAM)]
    return {message.get("metadata", message).get("request_id") for message in messages} - {None}


def kept(recording: Recording, folder: Path) -> Path:
    path = folder / "kept.jsonl"
    path.write_text("".join(lines(recording)), encoding="utf-8")
    return path


async def test_record_replay_record_gives_the_same_frames(booking: Clip, tmp_path: Path) -> None:
    first = await recorded(Replies(always=loading.from_reference(REFERENCE).source), booking.pcm)
    replay = Replies(always=loading.from_recording(kept(first, tmp_path)).source)
    second = await recorded(replay, booking.pcm)

    assert said(second) == said(first)
    assert {message["type"] for message in said(first)} == {"Results", "SpeechStarted", "UtteranceEnd", "Metadata"}
    assert [frame.size for frame in second.audio_frames()] == [frame.size for frame in first.audio_frames()]
    assert [(c.code, c.reason) for c in second.of(Close)] == [(c.code, c.reason) for c in first.of(Close)]
    assert len(ids(first)) == len(ids(second)) == 1
    assert ids(first) != ids(second)
    assert second.request_id in ids(second)


@pytest.mark.parametrize("chunk_ms", [50, 250])
async def test_a_replay_does_not_depend_on_how_the_client_cuts_its_audio(
    booking: Clip, tmp_path: Path, chunk_ms: float
) -> None:
    first = await recorded(Replies(always=loading.from_reference(REFERENCE).source), booking.pcm)
    replay = Replies(always=loading.from_recording(kept(first, tmp_path)).source)
    second = await recorded(replay, booking.pcm, chunk_ms)

    assert said(second) == said(first)

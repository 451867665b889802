"""Flux over real sockets: the streaming client speaks it, and comes back to it with no word lost or doubled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.audio.decode import Audio, encode, read_audio
from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.protocol.flux_options import FluxOptions
from harness.recording.entries import Direction, Opened
from harness.streamer.backoff import NEVER, ReconnectPolicy
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings
from mock_server.behaviour import ConnectionSettings
from mock_server.faults.notation import parse_fault_text
from mock_server.library import Known, Replies
from mock_server.server import MockServer
from mock_server.settings import ServerSettings
from mock_server.sources import SpokenSource
from mock_server.timeline import Phrase, from_phrases

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
FMT = AudioFormat()
OPTIONS = FluxOptions(model="flux-general-en", encoding="linear16", sample_rate=16_000)
AT_ONCE = ReconnectPolicy(first_s=0.02, attempts=10)


@dataclass(frozen=True)
class Clip:
    """A clip of the fixtures, and a source that says what is spoken in it."""

    audio: Audio
    text: str
    source: SpokenSource


@pytest.fixture(scope="module")
def clip() -> Clip:
    audio = read_audio(FIXTURES / "audio" / "booking.wav")
    reference = json.loads((FIXTURES / "references" / "booking.json").read_text(encoding="utf-8"))
    phrases = [Phrase(**phrase) for phrase in reference["phrases"]]
    return Clip(audio, reference["text"], SpokenSource("booking", from_phrases(phrases, 1, audio.duration_audio_s)))


def streamed(clip: Clip, *faults: str, reconnect: ReconnectPolicy = NEVER) -> StreamOutcome:
    """Stream it at eight times its pace in frames of 80 ms, as Flux wants them."""

    async def blocks() -> AsyncIterator[bytes]:
        yield encode(clip.audio, FMT)

    async def session() -> StreamOutcome:
        settings = ServerSettings(
            connection=ConnectionSettings(lag_scale=0.0), faults=tuple(map(parse_fault_text, faults))
        )
        async with MockServer(Replies([Known(clip.source, audio=clip.audio)]), settings) as server:
            outcome = await stream(
                Endpoint(f"ws://127.0.0.1:{server.port}", "secret"),
                OPTIONS,
                AudioToSend(blocks(), FMT, "booking.wav"),
                StreamSettings(chunk_ms=80, speed=Speed(8.0), reconnect=reconnect),
            )
            assert server.errors == []
            return outcome

    return asyncio.run(session())


def kinds(outcome: StreamOutcome) -> list[str]:
    return [json.loads(entry.text)["type"] for entry in outcome.recording.texts(Direction.DOWNSTREAM)]


def test_a_whole_session(clip: Clip) -> None:
    outcome = streamed(clip)

    assert outcome.failure is None
    assert outcome.transcript.text() == clip.text
    assert outcome.recording.header.path == "/v2/listen"
    assert kinds(outcome)[0] == "Connected"
    assert set(kinds(outcome)[1:]) == {"TurnInfo"}
    upstream = [json.loads(entry.text)["type"] for entry in outcome.recording.texts(Direction.UPSTREAM)]
    assert upstream == ["CloseStream"]
    assert outcome.ledger_problems() == []


@pytest.mark.parametrize(
    "faults",
    [
        ("reset at_audio_s=5.3 leg=0",),
        ("reset at_audio_s=3 leg=0", "fin at_audio_s=4.1 leg=1", "close code=1011 at_audio_s=2.9 leg=2"),
        ("refuse status=503 times=2", "close code=1011 message=TurnInfo nth=30 leg=0"),
    ],
)
def test_turns_restart_and_no_word_is_lost_or_doubled(clip: Clip, faults: tuple[str, ...]) -> None:
    outcome = streamed(clip, *faults, reconnect=AT_ONCE)

    assert outcome.failure is None
    assert [word.word for word in outcome.transcript.words()] == [
        word.word for word in streamed(clip).transcript.words()
    ]
    assert len(list(outcome.recording.of(Opened))) > 1
    assert outcome.ledger_problems() == []


def test_without_reconnection_a_cut_is_a_failure_that_says_so(clip: Clip) -> None:
    outcome = streamed(clip, "close code=1011 reason=gone at_audio_s=5.3")

    assert outcome.failure == "the connection ended with 1011 (gone) before CloseStream was sent"
    assert 0 < len(outcome.transcript.text()) < len(clip.text)


SERVER_ERROR = '{"type":"Error","sequence_id":0,"code":"INTERNAL_SERVER_ERROR","description":"gone"}'


def test_a_fatal_error_after_close_stream_is_a_failure_although_the_close_is_ordinary(clip: Clip) -> None:
    outcome = streamed(clip, f"inject text='{SERVER_ERROR}' message=TurnInfo nth=3")

    assert outcome.failure is not None
    assert "Error INTERNAL_SERVER_ERROR: gone" in outcome.failure

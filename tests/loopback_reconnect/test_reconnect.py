"""The reconnecting client over real sockets: its connections are torn down, and the transcript is the uncut one."""

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
from harness.ledger import Account
from harness.protocol.options import ListenOptions
from harness.recording.entries import AnyEntry, Binary, Direction, Lost, Note, Opened
from harness.streamer.backoff import NEVER, ReconnectPolicy
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings
from harness.transcript import Transcript
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Known, Replies
from mock_server.server import MockServer
from mock_server.settings import ServerSettings
from mock_server.sources import SpokenSource
from mock_server.timeline import Phrase, from_phrases

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
FMT = AudioFormat()
OPTIONS = ListenOptions(
    model="nova-3", encoding="linear16", sample_rate=16_000, channels=1, interim_results=True, punctuate=True
)
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


@dataclass
class Cutter:
    """Tears down every connection of a server when the client has sent so much on a connection of its own.

    Attributes:
        server: whose connections.
        at_audio_s: position on the first connection, then on the second, and so on.
    """

    server: MockServer
    at_audio_s: list[float]

    def __call__(self, entry: AnyEntry, transcript: Transcript) -> None:
        if not isinstance(entry, Binary) or entry.direction is not Direction.UPSTREAM:
            return
        if entry.leg < len(self.at_audio_s) and entry.audio_s >= self.at_audio_s[entry.leg]:
            for transport in list(self.server.connections):
                transport.abort()


@dataclass(frozen=True)
class Run:
    """What came of a session at both ends."""

    outcome: StreamOutcome
    server_notes: list[str]


async def session(
    clip: Clip, replies: Replies, cuts: list[float], policy: ReconnectPolicy = AT_ONCE, lag_scale: float = 1.0
) -> Run:
    async def blocks() -> AsyncIterator[bytes]:
        yield encode(clip.audio, FMT)

    async with MockServer(replies, ServerSettings(connection=ConnectionSettings(lag_scale=lag_scale))) as server:
        outcome = await stream(
            Endpoint(f"127.0.0.1:{server.port}", "secret"),
            OPTIONS,
            AudioToSend(blocks(), FMT, "booking.wav"),
            StreamSettings(chunk_ms=40, speed=Speed(8.0), reconnect=policy),
            observer=Cutter(server, cuts),
        )
        assert server.errors == []
        journals = [journal.recording() for journal in server.sessions]
    notes = [entry.text for journal in journals for entry in journal.entries if isinstance(entry, Note)]
    return Run(outcome, notes)


def words(outcome: StreamOutcome) -> list[tuple[str, float, float]]:
    return [(word.display, round(word.start, 2), round(word.end, 2)) for word in outcome.transcript.words()]


def expected(clip: Clip) -> list[tuple[str, float, float]]:
    return [(word.display, round(word.start, 2), round(word.end, 2)) for word in clip.source.timeline.channels[0]]


@pytest.mark.parametrize(
    ("cuts", "known"),
    [([1.0], True), ([5.2, 2.0], True), ([17.9], False), ([3.0, 0.08, 6.0, 4.0], False)],
    ids=str,
)
def test_a_torn_session_has_the_transcript_of_a_whole_one(clip: Clip, cuts: list[float], known: bool) -> None:
    replies = Replies([Known(clip.source, audio=clip.audio)]) if known else Replies(always=clip.source)
    run = asyncio.run(session(clip, replies, cuts))
    outcome = run.outcome
    assert outcome.failure is None
    assert outcome.transcript.text() == clip.text
    assert words(outcome) == expected(clip)
    assert outcome.ledger_problems() == []
    assert (outcome.connections, len(outcome.reconnections), outcome.dropped) == (len(cuts) + 1, len(cuts), ())
    account: Account = outcome.ledger.account()
    assert account.delivered_audio_s == pytest.approx(clip.audio.duration_audio_s)
    assert account.transcribed_audio_s == pytest.approx(clip.audio.duration_audio_s, abs=0.01)
    entries = outcome.recording.entries
    assert [entry.leg for entry in entries if isinstance(entry, Opened)] == list(range(len(cuts) + 1))
    assert [entry.leg for entry in entries if isinstance(entry, Lost)] == list(range(len(cuts)))


def test_the_server_says_where_it_goes_on(clip: Clip) -> None:
    run = asyncio.run(session(clip, Replies(always=clip.source), [9.0]))
    second = next(span for span in run.outcome.ledger.sent if span.leg == 1)
    assert run.server_notes == [
        f"connection 2 of its session: goes on at {second.start / FMT.sample_rate:.3f} s of the source"
    ]


def test_without_reconnection_a_torn_session_is_a_failure_that_keeps_what_came(clip: Clip) -> None:
    # At eight times the speed a recogniser's lag is eight times as much audio: without it there are finals to keep.
    outcome = asyncio.run(session(clip, Replies(always=clip.source), [9.0], NEVER, lag_scale=0.0)).outcome
    assert outcome.failure is not None
    assert outcome.failure.startswith("the connection ended with 1006")
    heard = words(outcome)
    assert heard == expected(clip)[: len(heard)]
    assert 0 < len(heard) < len(expected(clip))
    assert outcome.ledger.account().unsent_audio_s > 0
    assert (outcome.connections, outcome.reconnections) == (1, ())

"""Recordings with exactly one cause of errors each, made in virtual time by the real client, mock and faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, TypeAlias

import pytest

from harness.audio.format import AudioFormat
from harness.protocol.codec import decode_server
from harness.protocol.messages import Results, Word
from harness.protocol.options import ListenOptions
from harness.protocol.prerecorded import PrerecordedResponse
from harness.recording.entries import Direction
from harness.scoring.causes import Attribution, attribute
from harness.scoring.evidence import session_evidence
from harness.scoring.normalize import normalizer
from harness.scoring.session_causes import session_causes
from harness.scoring.word_times import Hearing
from harness.simulation.scenario import Scenario
from harness.simulation.session import simulate
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings
from mock_server.answer import Submitted, answer
from mock_server.faults.notation import parse_fault_text
from mock_server.library import Replies
from mock_server.script import Script
from mock_server.sources import SpokenSource
from mock_server.synthesis import MODEL, MODEL_UUID, synthesise
from mock_server.timeline import Timeline, spoken

FMT = AudioFormat()
OPTIONS = ListenOptions(
    model="nova-3", encoding="linear16", sample_rate=16_000, channels=1, interim_results=True, punctuate=True
)
SAID = (
    "Good morning, this is the harbour office speaking about your sailing boat. "
    "Somebody noticed yesterday evening that its mooring rope had almost worn through, "
    "therefore our watchman fastened another line before the storm arrived. "
    "Please come and inspect everything, then telephone me whenever convenient."
)

PLAIN = StreamSettings(chunk_ms=100)

Change: TypeAlias = Callable[[tuple[Word, ...]], tuple[Word, ...]]


@dataclass(frozen=True)
class Session:
    """One streamed session, the pre-recorded answer to the same audio, and what was really said."""

    said: str
    outcome: StreamOutcome
    response: PrerecordedResponse

    @property
    def results(self) -> list[tuple[int, Results]]:
        """All Results as they came."""
        texts = self.outcome.recording.texts(Direction.DOWNSTREAM)
        decoded = ((entry.leg, decode_server(entry.text).message) for entry in texts)
        return [(leg, message) for leg, message in decoded if isinstance(message, Results)]

    def attributions(self, text: str | None = None) -> Sequence[Attribution]:
        """The extra errors of the session with their causes; `text` is what a client made of it that is not ours."""
        outcome, basic = self.outcome, normalizer("basic")
        if text is None:
            [found] = session_causes(
                [self.said], outcome.transcript, self.response, outcome.ledger, self.results, basic
            )
            return found.attributions
        evidence = session_evidence(outcome.ledger, outcome.transcript.finals(), self.results, 0)
        posted = Hearing(self.response.transcript(), self.response.results.channels[0].alternatives[0].words)
        return attribute(self.said, Hearing(text), posted, basic, evidence).attributions


@dataclass(frozen=True)
class Listener(SpokenSource):
    """Hears a stream otherwise than the file; the changes are those of each connection in turn, the last for good."""

    changes: tuple[Change, ...] = ()
    asked: list[ListenOptions] = field(default_factory=list, compare=False)

    def script(self, options: ListenOptions, channels: int) -> Script:
        """What to say on the next connection."""
        self.asked.append(options)
        words = self.timeline.channels[0]
        if self.changes:
            words = self.changes[min(len(self.asked), len(self.changes)) - 1](words)
        return synthesise(Timeline((words,)), options, Random(self.seed), self.name)


class Stream(Protocol):
    """Streams what is said, in virtual time."""

    def __call__(
        self, *faults: str, changes: Sequence[Change] = (), settings: StreamSettings = PLAIN, said: str = SAID
    ) -> Session:
        """One session, with these faults, and with what the server hears otherwise on each connection."""
        ...


@pytest.fixture(scope="session")
def stream() -> Stream:
    def run(
        *faults: str, changes: Sequence[Change] = (), settings: StreamSettings = PLAIN, said: str = SAID
    ) -> Session:
        timeline = spoken(said)
        duration_audio_s = round(timeline.channels[0][-1].end + 0.5, 1)
        scenario = Scenario(
            audio=Random(1).randbytes(FMT.aligned_bytes(duration_audio_s)),
            fmt=FMT,
            options=OPTIONS,
            replies=Replies(always=Listener("simulated", timeline, changes=tuple(changes))),
            settings=settings,
            faults=tuple(map(parse_fault_text, faults)),
        )
        submitted = Submitted("0" * 64, duration_audio_s, 1, "2026-01-01T00:00:00Z", "posted")
        response = answer(timeline, OPTIONS, submitted, MODEL, MODEL_UUID)
        return Session(said, simulate(scenario, 7).outcome, response)

    return run

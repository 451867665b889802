"""The simulation tells the truth: the same case in virtual time and over real sockets comes to the same end.

Compared exactly is what depends on the audio, not on the clock: the words with their times on the source's timeline,
what finals cover, what was dropped, what the server had of the source in all, how many connections there were and how
each of them ended, and which rules the judge found broken on the client's recording.

Not compared is where a lost connection stops within the audio that was sent: how much was under way when it broke is
the network's business. So the spans of each connection may differ at their ends; their union may not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.audio.stamp import stamp
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.conformance.judge import judge
from harness.conformance.settings import JudgeSettings
from harness.ledger import Ledger, Span, merged
from harness.protocol.flux_options import FluxOptions
from harness.protocol.options import ListenOptions
from harness.protocol.session import Timers
from harness.recording.entries import Close, Lost, Opened, Refused
from harness.simulation.network import NetworkSettings
from harness.simulation.scenario import Scenario
from harness.simulation.session import simulate
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings
from mock_server.behaviour import ConnectionSettings
from mock_server.faults.base import Fault
from mock_server.faults.notation import parse_fault_text
from mock_server.library import Replies
from mock_server.server import MockServer
from mock_server.settings import ServerSettings
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken

FMT = AudioFormat()
OPTIONS = ListenOptions(
    model="nova-3", encoding="linear16", sample_rate=16_000, channels=1, interim_results=True, punctuate=True
)
FLUX = FluxOptions(model="flux-general-en", encoding="linear16", sample_rate=16_000)
AUDIO = stamp(Random(1).randbytes(4 * FMT.bytes_per_second), FMT)
TEXT = "one two three. four five six. seven eight nine ten."
SPEED = Speed(8.0)
SETTINGS = StreamSettings(
    chunk_ms=40,
    speed=SPEED,
    # A connection that says nothing must be given up soon, or the tests would wait for it.
    timers=Timers(answer_after_s=0.5, drain_after_s=0.3),
    reconnect=ReconnectPolicy(first_s=0.02, cap_s=0.05, attempts=3),
)
SERVER = ConnectionSettings(lag_scale=0.0)
REPLIES = Replies(always=SpokenSource("spoken", spoken(TEXT)))
NEAR = NetworkSettings(latency_s=0.0005, jitter_s=0.0)
"""About what loopback takes."""

CASES = {
    "nothing": (),
    "reset": ("reset at_audio_s=1.5 times=1",),
    "fin": ("fin at_audio_s=2.2 times=1",),
    "close 1011": ("close code=1011 at_audio_s=1.9 times=1",),
    "close 1000 too early": ("close code=1000 at_audio_s=1.9 times=1",),
    "three cuts": ("reset at_audio_s=0.9 leg=0", "fin at_audio_s=1.1 leg=1", "close code=1011 at_audio_s=0.8 leg=2"),
    "stall, then released": ("stall at_audio_s=1.5 duration_s=0.2 direction=downstream times=1",),
    "stall for good": ("stall at_audio_s=1.5 leg=0",),
    "black hole": ("black-hole at_audio_s=1.5 leg=0",),
    "refused twice": ("refuse status=503 times=2",),
    "refused for good": ("refuse status=401",),
    "refused after a cut": ("reset at_audio_s=1.5 leg=0", "refuse status=503 leg=1 times=1"),
    "duplicate final": ("duplicate message=final",),
    "cut after an interim": ("reset message=interim nth=2 times=1",),
    "interims lost": ("drop message=interim",),
    "latency": ("latency by_s=0.05",),
    "no metadata, ever": ("no-metadata",),
    "no metadata, once": ("no-metadata leg=0",),
    "silent server": ("stall at_audio_s=1.5 direction=downstream leg=0",),
    "split": ("split fragments=3",),
}

SERVER_ERROR = '{"type":"Error","sequence_id":0,"code":"INTERNAL_SERVER_ERROR","description":"gone"}'

FLUX_CASES = {
    **{name: lines for name, lines in CASES.items() if "no-metadata" not in " ".join(lines)},
    "close without a code, too early": ("close code=1005 at_audio_s=1.9 times=1",),
    "a fatal error": (f"inject text='{SERVER_ERROR}' at_audio_s=1.9 leg=0", "close code=1005 at_audio_s=2 leg=0"),
    "the end of a turn lost": ("drop message=final nth=1 leg=0",),
    "cut before the end of a turn": ("reset between_interim_and_final=2 times=1",),
}
"""No session of Flux has Metadata; the words are the same, in turns."""


@dataclass(frozen=True)
class Ending:
    """What came of a case, as far as it does not depend on the clock."""

    failed: bool
    words: list[tuple[str, float, float]]
    transcribed: list[Span]
    dropped: tuple[Span, ...]
    had: list[Span]
    connections: int
    ends: list[str]
    refusals: int
    problems: list[str]
    broken: set[str] = field(default_factory=set)


def how_it_ended(entry: Close | Lost) -> str:
    """What the client saw, without the operating system's words for it."""
    if isinstance(entry, Close):
        return f"closed with {entry.code}"
    return "given up" if "said nothing for" in entry.why or "of CloseStream" in entry.why else "cut"


def ending(outcome: StreamOutcome, ledger: Ledger) -> Ending:
    entries = outcome.recording.entries
    words = outcome.transcript.words()
    return Ending(
        failed=outcome.failure is not None,
        words=[(word.display, word.start, word.end) for word in words],
        transcribed=merged(ledger.transcribed),
        dropped=ledger.dropped,
        had=merged((span.start, span.end) for span in ledger.sent),
        connections=sum(isinstance(entry, Opened) for entry in entries),
        ends=[how_it_ended(entry) for entry in entries if isinstance(entry, Close | Lost)],
        refusals=sum(isinstance(entry, Refused) for entry in entries),
        problems=ledger.problems(words),
        # By how much a client runs ahead while it catches up is the machine's doing, and only noted as advice.
        broken=set(judge(outcome.recording, settings=JudgeSettings(speed=SPEED)).broken) - {"C-FASTER"},
    )


def in_virtual_time(
    faults: tuple[Fault, ...], seed: int, options: ListenOptions | FluxOptions, settings: StreamSettings
) -> Ending:
    scenario = Scenario(
        audio=AUDIO,
        fmt=FMT,
        options=options,
        replies=REPLIES,
        settings=settings,
        server=SERVER,
        faults=faults,
        network=NEAR,
    )
    simulated = simulate(scenario, seed)
    assert simulated.finished
    return ending(simulated.outcome, simulated.outcome.ledger)


async def over_sockets(
    faults: tuple[Fault, ...], seed: int, options: ListenOptions | FluxOptions, settings: StreamSettings
) -> Ending:
    async def blocks() -> AsyncIterator[bytes]:
        yield AUDIO

    async with MockServer(REPLIES, ServerSettings(faults=faults, seed=seed, connection=SERVER)) as server:
        endpoint = Endpoint(f"127.0.0.1:{server.port}", "secret")
        outcome = await stream(endpoint, options, AudioToSend(blocks(), FMT, "noise"), settings, seed=seed)
        assert server.errors == []
    return ending(outcome, outcome.ledger)


def both(
    lines: tuple[str, ...], options: ListenOptions | FluxOptions = OPTIONS, settings: StreamSettings = SETTINGS
) -> tuple[Ending, Ending]:
    faults = tuple(parse_fault_text(line) for line in lines)
    return in_virtual_time(faults, 7, options, settings), asyncio.run(over_sockets(faults, 7, options, settings))


@pytest.mark.parametrize("case", CASES)
def test_the_same_case_comes_to_the_same_end(case: str) -> None:
    simulated, real = both(CASES[case])
    assert real == simulated


@pytest.mark.parametrize("case", FLUX_CASES)
def test_the_same_case_comes_to_the_same_end_on_flux(case: str) -> None:
    simulated, real = both(FLUX_CASES[case], FLUX)
    assert real == simulated
    assert real.problems == []


@pytest.mark.parametrize("case", ["nothing", "reset", "three cuts"])
def test_so_does_one_whose_last_turn_is_ended_by_force(case: str) -> None:
    simulated, real = both(CASES[case], FLUX, replace(SETTINGS, finalize=True))
    assert real == simulated
    assert not real.failed

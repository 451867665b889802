"""Delays of whole sessions in virtual time: the two sides agree, and an outage costs its words what it took."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.protocol.options import ListenOptions
from harness.results import Streamed
from harness.scoring.delay_measure import DelayMeasure
from harness.scoring.normalize import normalizer
from harness.session_results import measure, summarise_stream
from harness.simulation.network import NetworkSettings
from harness.simulation.scenario import Scenario
from harness.simulation.session import simulate
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.settings import StreamSettings
from mock_server.faults.notation import parse_fault_text
from mock_server.library import Replies
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken

FMT = AudioFormat()
LATENCY_S = 0.05
WORDS = 40
TEXT = " ".join(f"w{number}" for number in range(WORDS))


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Twelve seconds in which forty different words are heard, over a network that takes 50 ms each way."""
    return Scenario(
        audio=Random(1).randbytes(12 * FMT.bytes_per_second),
        fmt=FMT,
        options=ListenOptions(
            model="nova-3", encoding="linear16", sample_rate=16_000, channels=1, interim_results=True
        ),
        replies=Replies(always=SpokenSource("simulated", spoken(TEXT))),
        settings=StreamSettings(chunk_ms=20, reconnect=ReconnectPolicy(attempts=5)),
        network=NetworkSettings(latency_s=LATENCY_S, jitter_s=0.0),
    )


def streamed(scenario: Scenario) -> Streamed:
    return summarise_stream(simulate(scenario, 1).outcome)


def test_the_server_sees_the_same_delays_less_the_network(scenario: Scenario) -> None:
    simulated = simulate(scenario, 1)
    client, _ = measure(simulated.outcome.recording, normalizer("basic"))
    server, _ = measure(simulated.journals[0], normalizer("basic"))
    assert (client.clock, server.clock) == ("client", "server")
    assert (client.words, server.words) == (WORDS, WORDS)
    for kind in (DelayMeasure.WORD_SHOWN, DelayMeasure.WORD_FINAL, DelayMeasure.FIRST_INTERIM):
        both_ways = [seen + 2 * LATENCY_S for seen in server.values[kind]]
        assert list(client.values[kind]) == pytest.approx(both_ways, abs=1e-4)


def test_sent_four_times_as_fast_it_is_as_stable_and_has_no_delays(scenario: Scenario) -> None:
    hurried = streamed(replace(scenario, settings=replace(scenario.settings, speed=Speed(4.0))))
    steady = streamed(scenario)
    assert hurried.stability == steady.stability
    assert steady.delay is not None
    assert hurried.delay is not None
    assert hurried.delay.why_not == "audio was sent at 4 times real time"
    assert set(hurried.delay.values) <= {DelayMeasure.ENDPOINT_WAIT}
    assert steady.delay.read[-1].final.hits == WORDS


def test_a_lost_connection_delays_the_words_it_had_not_made_final(scenario: Scenario) -> None:
    steady = streamed(scenario).delay
    cut = streamed(replace(scenario, faults=(parse_fault_text("reset at_audio_s=6 times=1"),)))
    assert steady is not None
    assert cut.delay is not None
    assert cut.transcript == (TEXT,)
    assert (cut.connections, cut.delay.words, cut.delay.note) == (2, WORDS, None)
    took_s = cut.outages[0].took_s
    late = dict(zip(cut.delay.word_end_audio_s, cut.delay.values[DelayMeasure.WORD_FINAL], strict=True))
    on_time = dict(zip(steady.word_end_audio_s, steady.values[DelayMeasure.WORD_FINAL], strict=True))
    assert sorted(late) == pytest.approx(sorted(on_time), abs=0.02)
    longer = [a - b for (_, a), (_, b) in zip(sorted(late.items()), sorted(on_time.items()), strict=True)]
    # Words that were final before the cut are as quick as ever; the slowest waited for the outage at least.
    assert max(longer) > took_s
    assert sum(abs(by) < 0.01 for by in longer) >= 10

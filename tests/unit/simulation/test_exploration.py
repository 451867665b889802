"""Client, mock and network in virtual time: seeded fault schedules lose no word and double none."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from harness.audio.format import AudioFormat
from harness.audio.stamp import stamp
from harness.protocol.options import ListenOptions
from harness.simulation.explore import explore, shrink, try_faults, undisturbed
from harness.simulation.scenario import Scenario
from harness.simulation.session import simulate
from harness.streamer.backoff import NEVER, ReconnectPolicy
from harness.streamer.settings import StreamSettings
from mock_server.faults.notation import parse_fault_text
from mock_server.library import Replies
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken

FMT = AudioFormat()
OPTIONS = ListenOptions(
    model="nova-3", encoding="linear16", sample_rate=16_000, channels=1, interim_results=True, punctuate=True
)
STUBBORN = ReconnectPolicy(attempts=8, budget_s=None)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Twenty seconds of marked noise in which seventy different words are heard."""
    noise = Random(1).randbytes(20 * FMT.bytes_per_second)
    return Scenario(
        audio=stamp(noise, FMT),
        fmt=FMT,
        options=OPTIONS,
        replies=Replies(always=SpokenSource("simulated", spoken(" ".join(f"w{i}" for i in range(70)) + "."))),
        settings=StreamSettings(chunk_ms=100, reconnect=STUBBORN),
        stamped=True,
    )


def test_without_faults_everything_is_delivered_once_and_transcribed(scenario: Scenario) -> None:
    simulated = simulate(scenario, 0)
    account = simulated.ledger.account()
    assert simulated.outcome.failure is None
    assert (account.delivered_audio_s, account.resent_audio_s, account.lost_audio_s) == (20.0, 0.0, 0.0)
    assert account.transcribed_audio_s == pytest.approx(20.0, abs=1e-3)


@pytest.mark.timeout(600)  # a bound on a hang, not on speed: coverage slows it several times
def test_seeded_schedules_lose_no_word_and_double_none(scenario: Scenario) -> None:
    explored = explore(scenario, range(1000))
    assert (explored.schedules, explored.failed) == (1000, 0), explored
    assert (explored.words_lost, explored.words_doubled) == (0, 0)
    assert explored.connections > 1200  # the schedules do cut connections


def test_the_same_seed_gives_the_same_event_log(scenario: Scenario) -> None:
    faulty = replace(scenario, faults=(parse_fault_text("reset at_audio_s=7.3 times=1"),))
    assert len({simulate(faulty, 42).event_log_sha256 for _ in range(100)}) == 1
    assert simulate(faulty, 43).event_log_sha256 != simulate(faulty, 42).event_log_sha256


def test_a_client_that_does_not_come_back_loses_words_and_the_failure_is_shrunk(scenario: Scenario) -> None:
    brittle = replace(scenario, settings=replace(scenario.settings, reconnect=NEVER))
    faults = (parse_fault_text("latency by_s=0.1"), parse_fault_text("reset at_audio_s=7.3"))
    found = try_faults(brittle, faults, 1, undisturbed(brittle))
    assert found.words_lost > 40
    assert shrink(brittle, found).faults == faults[1:]


def test_a_live_source_with_a_small_buffer_loses_exactly_what_is_reported(scenario: Scenario) -> None:
    live = StreamSettings(chunk_ms=100, reconnect=STUBBORN, live=True, buffer_audio_s=3.0)
    faults = (parse_fault_text("reset at_audio_s=6 leg=0"), parse_fault_text("refuse status=503 times=4 leg=1"))
    simulated = simulate(replace(scenario, settings=live, faults=faults), 3)
    account = simulated.ledger.account()
    assert account.delivered_audio_s + account.dropped_audio_s == pytest.approx(20.0)
    assert account.dropped_audio_s > 1.0
    assert account.lost_audio_s == account.unsent_audio_s == 0.0

"""Flux in virtual time: turns begin anew after a cut, and seeded fault schedules lose no word and double none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from harness.audio.format import AudioFormat
from harness.audio.stamp import stamp
from harness.protocol.flux_options import FluxOptions
from harness.recording.entries import Direction
from harness.simulation.explore import explore, try_faults, undisturbed
from harness.simulation.scenario import Scenario
from harness.simulation.schedules import FLUX_KINDS, LISTEN_KINDS, draw
from harness.simulation.session import Simulated, simulate
from harness.streamer.backoff import NEVER, ReconnectPolicy
from harness.streamer.settings import StreamSettings
from mock_server.faults.notation import parse_fault_text
from mock_server.library import Replies
from mock_server.sources import SpokenSource
from mock_server.timeline import Phrase, Timeline, from_phrases, spoken

FMT = AudioFormat()
STUBBORN = ReconnectPolicy(attempts=8, budget_s=None)
OPTIONS = FluxOptions(model="flux-general-en", encoding="linear16", sample_rate=16_000)
SENTENCES = spoken(" ".join(f"w{i}." if i % 5 == 4 else f"w{i}" for i in range(60)))
"""22 seconds in turns of five words."""

PAUSE = from_phrases([Phrase("hello there world.", 1.0, 2.0), Phrase("and good bye now.", 40.0, 41.0)], 1, 45.0)
"""A pause that is longer than the client's buffer."""

MakeScenario = Callable[..., Scenario]


@pytest.fixture(scope="module")
def streaming() -> MakeScenario:
    """Marked noise in which something is heard: 20 seconds that end in the middle of a turn, and of a word."""

    def make(timeline: Timeline = SENTENCES, duration_audio_s: int = 20, **settings: object) -> Scenario:
        return Scenario(
            audio=stamp(Random(1).randbytes(duration_audio_s * FMT.bytes_per_second), FMT),
            fmt=FMT,
            options=OPTIONS,
            replies=Replies(always=SpokenSource("simulated", timeline)),
            settings=replace(StreamSettings(chunk_ms=80, reconnect=STUBBORN), **settings),  # type: ignore[arg-type]
            stamped=True,
        )

    return make


def with_faults(scenario: Scenario, *lines: str) -> Scenario:
    return replace(scenario, faults=tuple(map(parse_fault_text, lines)))


def turns(simulated: Simulated) -> list[str]:
    """What the client took for finals."""
    return [final.transcript for final in simulated.outcome.transcript.finals()]


def test_without_faults_the_turns_are_those_that_were_spoken(streaming: MakeScenario) -> None:
    simulated = simulate(streaming(), 0)
    account = simulated.ledger.account()

    assert simulated.outcome.failure is None
    assert simulated.outcome.recording.header.path == simulated.journals[0].header.path == "/v2/listen"
    assert turns(simulated)[:2] == ["w0 w1 w2 w3 w4.", "w5 w6 w7 w8 w9."]
    assert (account.delivered_audio_s, account.resent_audio_s, account.lost_audio_s) == (20.0, 0.0, 0.0)


def test_a_turn_that_was_cut_begins_anew_on_the_next_connection(streaming: MakeScenario) -> None:
    """The third turn, from 3.36 s on, when two of its words were shown."""
    whole, cut = streaming(), with_faults(streaming(), "reset at_audio_s=4.2 leg=0")
    simulated = simulate(cut, 0)
    first, second = (leg.texts(Direction.DOWNSTREAM) for leg in simulated.outcome.recording.legs)

    assert '"transcript":"w10 w11"' in list(first)[-1].text
    assert '"turn_index":0,"audio_window_start":0.0' in list(second)[1].text
    assert turns(simulated) == turns(simulate(whole, 0))
    assert simulated.ledger.account().resent_audio_s == pytest.approx(4.2 - 3.36 + 0.5, abs=0.08)


def test_seeded_schedules_lose_no_word_and_double_none(streaming: MakeScenario) -> None:
    explored = explore(streaming(), range(100))

    assert explored.endpoint == "/v2/listen"
    assert (explored.schedules, explored.failed) == (100, 0), explored
    assert (explored.words_lost, explored.words_doubled) == (0, 0)
    assert explored.connections > 125  # the schedules do cut connections


def test_the_same_seed_gives_the_same_event_log(streaming: MakeScenario) -> None:
    faulty = with_faults(streaming(), "reset at_audio_s=7.3 times=1")

    assert len({simulate(faulty, 42).event_log_sha256 for _ in range(5)}) == 1
    assert simulate(faulty, 43).event_log_sha256 != simulate(faulty, 42).event_log_sha256


def test_a_client_that_does_not_come_back_loses_words(streaming: MakeScenario) -> None:
    brittle = streaming(reconnect=NEVER)
    found = try_faults(brittle, (parse_fault_text("reset at_audio_s=7.3"),), 1, undisturbed(brittle))

    assert found.words_lost > 30


def test_what_was_heard_last_is_said_though_its_turn_goes_on(streaming: MakeScenario) -> None:
    """The 54th word ends with the audio. After two cuts it is heard 0.16 s after the Update before it."""
    cuts = ("reset at_audio_s=12.5 leg=0", "close code=1012 at_audio_s=6.3 leg=1")

    assert simulate(streaming(), 0).outcome.transcript.words()[-1].word == "w53"
    assert simulate(with_faults(streaming(), *cuts), 0).outcome.transcript.words()[-1].word == "w53"


@pytest.mark.parametrize("buffer_audio_s", [0.5, 3.0, 30.0])
@pytest.mark.parametrize("faults", [(), ("reset at_audio_s=30 leg=0",)])
def test_a_pause_longer_than_the_buffer_holds_nothing_up(
    streaming: MakeScenario, buffer_audio_s: float, faults: tuple[str, ...]
) -> None:
    """No turn ends in it, so nothing becomes final, and ForceEndTurn finds none to end."""
    simulated = simulate(with_faults(streaming(PAUSE, 45, buffer_audio_s=buffer_audio_s), *faults), 0)

    assert simulated.finished
    assert turns(simulated) == ["hello there world.", "and good bye now."]
    assert simulated.wall_s < 60
    assert simulated.ledger.account().delivered_audio_s == 45.0
    # All that a connection needs again of a pause is its end, in which a word may have begun.
    assert simulated.ledger.account().resent_audio_s < 7.0


@pytest.mark.parametrize(("kinds", "drawn"), [(LISTEN_KINDS, True), (FLUX_KINDS, False)])
def test_what_makes_no_sense_on_flux_is_not_drawn(kinds: object, drawn: bool) -> None:
    schedules = [draw(Random(seed), 20.0, kinds) for seed in range(300)]  # type: ignore[arg-type]
    harm = {fault.kind for schedule in schedules for fault in schedule}

    assert {"drop", "no-metadata"} <= harm if drawn else not {"drop", "no-metadata"} & harm
    assert {"reset", "fin", "close", "stall", "black-hole", "duplicate", "delay", "split", "refuse"} <= harm

"""Explores fault schedules, one for each seed; says which lost or doubled a word, and shrinks the first that did.

A word is lost when the transcript without faults has it and this one lacks it, doubled when this one has more of it.
Both come from one alignment, so nothing is counted twice.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from random import Random

from harness.results import Exploration, Spread
from harness.simulation.recovery import final_delays, reconnections
from harness.simulation.scenario import Scenario
from harness.simulation.schedules import FLUX_KINDS, LISTEN_KINDS, draw
from harness.simulation.session import Simulated, simulate
from harness.streamer.dialect import LISTEN_PATH
from mock_server.faults.base import Fault
from mock_server.faults.notation import fault_text


@dataclass(frozen=True)
class Explored:
    """One schedule and what became of it.

    Attributes:
        seed: of the schedule and of all chance in the run.
        faults: what went wrong.
        words_lost: words of the uncut transcript that are missing.
        words_doubled: words beyond it.
        problems: broken invariants of the ledger, and why the session failed, if it did.
        connections: how many were asked for.
        event_log_sha256: hash of every event.
        reconnections: kind of fault, and seconds from it to the next open connection.
        first_delays_s: from the end of its audio to each final with words, on the first connection.
        later_delays_s: the same on all later ones.
    """

    seed: int
    faults: tuple[Fault, ...]
    words_lost: int
    words_doubled: int
    problems: tuple[str, ...]
    connections: int
    event_log_sha256: str
    reconnections: tuple[tuple[str, float], ...] = ()
    first_delays_s: tuple[float, ...] = ()
    later_delays_s: tuple[float, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether anything is not as it would have been without faults."""
        return bool(self.words_lost or self.words_doubled or self.problems)


def undisturbed(scenario: Scenario) -> list[str]:
    """The words of the scenario without faults: what every schedule is held against."""
    return _heard(simulate(replace(scenario, faults=()), 0))


def try_seeds(scenario: Scenario, seeds: Iterable[int]) -> Iterator[Explored]:
    """Run the scenario's faults under each seed; one drawn schedule for each where it has none."""
    expected, kinds = undisturbed(scenario), LISTEN_KINDS if scenario.path == LISTEN_PATH else FLUX_KINDS
    for seed in seeds:
        drawn = draw(Random(f"schedule/{seed}"), scenario.duration_audio_s, kinds)
        yield try_faults(scenario, tuple(scenario.faults) or drawn, seed, expected)


def try_faults(scenario: Scenario, faults: tuple[Fault, ...], seed: int, expected: list[str]) -> Explored:
    """Run one schedule, and hold its words against those of the scenario without faults."""
    simulated = simulate(replace(scenario, faults=faults), seed)
    lost, doubled = _differences(expected, _heard(simulated))
    delays = list(final_delays(simulated, 1.0 if scenario.settings.speed.is_max else scenario.settings.speed.factor))
    return Explored(
        seed=seed,
        faults=faults,
        words_lost=lost,
        words_doubled=doubled,
        problems=tuple(_problems(simulated)),
        connections=len(simulated.journals),
        event_log_sha256=simulated.event_log_sha256,
        reconnections=tuple(reconnections(simulated)),
        first_delays_s=tuple(delay_s for leg, delay_s in delays if leg == 0),
        later_delays_s=tuple(delay_s for leg, delay_s in delays if leg > 0),
    )


def shrink(scenario: Scenario, found: Explored) -> Explored:
    """The same failure with as few faults as still bring it about."""
    smallest, at, expected = found, 0, undisturbed(scenario)
    while at < len(smallest.faults):
        fewer = (*smallest.faults[:at], *smallest.faults[at + 1 :])
        tried = try_faults(scenario, fewer, found.seed, expected)
        if tried.failed:
            smallest = tried
        else:
            at += 1
    return smallest


class Explorer:
    """Adds up one outcome after the other, so that what was explored stays when it is interrupted.

    Args:
        scenario: its replies are what an uncut session says; its faults are tried, or drawn ones where it has none.
        seeds: one schedule each.

    Attributes:
        first_failure: the first schedule that failed, as it was; None so far.
    """

    def __init__(self, scenario: Scenario, seeds: range) -> None:
        self._scenario, self._seeds = scenario, seeds
        self._log = hashlib.sha256()
        self._tried = self._failed = self._lost = self._doubled = self._connections = 0
        self._reconnections: defaultdict[str, list[float]] = defaultdict(list)
        self._first_delays_s, self._later_delays_s = array("d"), array("d")
        self.first_failure: Explored | None = None

    def run(self) -> Iterator[Explored]:
        """Try every seed that is asked for, and give each outcome as it comes."""
        for outcome in try_seeds(self._scenario, self._seeds):
            self._add(outcome)
            yield outcome

    def result(self, *, partial: bool = False) -> Exploration:
        """What was found so far; the first failure is shrunk."""
        smallest = shrink(self._scenario, self.first_failure) if self.first_failure is not None else None
        reconnections = {kind: Spread.of(found) for kind, found in sorted(self._reconnections.items())}
        return Exploration(
            endpoint=self._scenario.path,
            schedules=self._tried,
            failed=self._failed,
            words_lost=self._lost,
            words_doubled=self._doubled,
            connections=self._connections,
            event_log_sha256=self._log.hexdigest(),
            first_seed=self._seeds.start,
            first_failure=tuple(map(fault_text, smallest.faults)) if smallest else (),
            first_failure_seed=smallest.seed if smallest else None,
            first_failure_problems=smallest.problems if smallest else (),
            partial=partial,
            reconnect_wall_s={kind: spread for kind, spread in reconnections.items() if spread is not None},
            final_delay_wall_s=Spread.of(self._first_delays_s),
            final_delay_after_reconnect_wall_s=Spread.of(self._later_delays_s),
        )

    def _add(self, outcome: Explored) -> None:
        self._log.update(outcome.event_log_sha256.encode())
        self._tried += 1
        self._failed += outcome.failed
        self._lost += outcome.words_lost
        self._doubled += outcome.words_doubled
        self._connections += outcome.connections
        for kind, seconds in outcome.reconnections:
            self._reconnections[kind].append(seconds)
        self._first_delays_s.extend(outcome.first_delays_s)
        self._later_delays_s.extend(outcome.later_delays_s)
        if self.first_failure is None and outcome.failed:
            self.first_failure = outcome


def explore(scenario: Scenario, seeds: range) -> Exploration:
    """Try every seed and add up; the first failure is shrunk."""
    explorer = Explorer(scenario, seeds)
    for _ in explorer.run():
        pass
    return explorer.result()


def _heard(simulated: Simulated) -> list[str]:
    return [word.word for word in simulated.outcome.transcript.words()]


def _differences(expected: list[str], heard: list[str]) -> tuple[int, int]:
    lost = doubled = 0
    for kind, begin, end, begin_heard, end_heard in SequenceMatcher(
        None, expected, heard, autojunk=False
    ).get_opcodes():
        if kind != "equal":
            lost += end - begin
            doubled += end_heard - begin_heard
    return lost, doubled


def _problems(simulated: Simulated) -> Iterator[str]:
    if simulated.outcome.failure is not None:
        yield simulated.outcome.failure
    if not simulated.finished:
        yield "the client never came to an end"
    yield from simulated.ledger.problems(simulated.outcome.transcript.words())

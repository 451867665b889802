"""Explores fault schedules, one for each seed; says which lost or doubled a word, and shrinks the first that did.

A word is lost when the transcript without faults has it and this one lacks it, doubled when this one has more of it.
Both come from one alignment, so nothing is counted twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from random import Random

import msgspec

from harness.simulation.scenario import Scenario, Simulated, simulate
from harness.simulation.schedules import draw
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
    """

    seed: int
    faults: tuple[Fault, ...]
    words_lost: int
    words_doubled: int
    problems: tuple[str, ...]
    connections: int
    event_log_sha256: str

    @property
    def failed(self) -> bool:
        """Whether anything is not as it would have been without faults."""
        return bool(self.words_lost or self.words_doubled or self.problems)


class Exploration(msgspec.Struct, frozen=True, kw_only=True):
    """Many schedules together; layout of `dgharness simulate --json`.

    Attributes:
        schedules: how many were tried.
        failed: how many of them failed.
        words_lost, words_doubled: summed over all.
        connections: how many were asked for in all.
        event_log_sha256: hash over every run's event log, in order of the seeds.
        first_seed: the first seed.
        first_failure: the first failing schedule, shrunk, one line a fault; empty when none failed.
        first_failure_seed: its seed; None when none failed.
        first_failure_problems: what was wrong with it.
    """

    schedules: int
    failed: int
    words_lost: int
    words_doubled: int
    connections: int
    event_log_sha256: str
    first_seed: int
    first_failure: tuple[str, ...] = ()
    first_failure_seed: int | None = None
    first_failure_problems: tuple[str, ...] = ()


def undisturbed(scenario: Scenario) -> list[str]:
    """The words of the scenario without faults: what every schedule is held against."""
    return _heard(simulate(replace(scenario, faults=()), 0))


def try_seeds(scenario: Scenario, seeds: Iterable[int]) -> Iterator[Explored]:
    """Run one drawn schedule for each seed."""
    duration_audio_s = scenario.fmt.seconds(len(scenario.audio))
    expected = undisturbed(scenario)
    for seed in seeds:
        yield try_faults(scenario, draw(Random(f"schedule/{seed}"), duration_audio_s), seed, expected)


def try_faults(scenario: Scenario, faults: tuple[Fault, ...], seed: int, expected: list[str]) -> Explored:
    """Run one schedule, and hold its words against those of the scenario without faults."""
    simulated = simulate(replace(scenario, faults=faults), seed)
    lost, doubled = _differences(expected, _heard(simulated))
    return Explored(
        seed=seed,
        faults=faults,
        words_lost=lost,
        words_doubled=doubled,
        problems=tuple(_problems(simulated)),
        connections=len(simulated.journals),
        event_log_sha256=simulated.event_log_sha256,
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


def explore(scenario: Scenario, seeds: range, tell: Callable[[Explored], None] = lambda _: None) -> Exploration:
    """Try every seed and add up; the first failure is shrunk.

    Args:
        scenario: without faults; its replies are what an uncut session says.
        seeds: one schedule each.
        tell: told each outcome as it comes, for progress.
    """
    log, first = hashlib.sha256(), None
    tried = failed = lost = doubled = connections = 0
    for outcome in try_seeds(scenario, seeds):
        tell(outcome)
        log.update(outcome.event_log_sha256.encode())
        tried, failed = tried + 1, failed + outcome.failed
        lost, doubled = lost + outcome.words_lost, doubled + outcome.words_doubled
        connections += outcome.connections
        first = outcome if first is None and outcome.failed else first
    smallest = shrink(scenario, first) if first is not None else None
    return Exploration(
        schedules=tried,
        failed=failed,
        words_lost=lost,
        words_doubled=doubled,
        connections=connections,
        event_log_sha256=log.hexdigest(),
        first_seed=seeds.start,
        first_failure=tuple(map(fault_text, smallest.faults)) if smallest else (),
        first_failure_seed=smallest.seed if smallest else None,
        first_failure_problems=smallest.problems if smallest else (),
    )


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

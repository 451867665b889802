from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

from mock_server.faults.base import Fault, FaultState
from mock_server.faults.chain import FaultChain, FaultPlan
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.steps import (
    ClientAudio,
    Due,
    Handshake,
    Moment,
    Passing,
    Reset,
    SendClose,
    SendText,
    Step,
)
from mock_server.faults.when import Firing, Watch

A, B, C = SendText("a"), SendText("b"), SendText("c")
AUDIO = ClientAudio(b"ab")


class _Recorder(Fault, frozen=True, kw_only=True, tag="recorder"):
    """Lets everything pass and remembers when it did."""

    summary = "remember"
    seen: list[tuple[float, float, float, Passing]] = msgspec.field(default_factory=list)

    def open(self, rng: Random, watch: Watch) -> FaultState:
        return _Recording(self.seen)


class _Recording(FaultState):
    def __init__(self, seen: list[tuple[float, float, float, Passing]]) -> None:
        self._seen = seen

    def passes(self, passing: Passing, moment: Moment) -> list[Due]:
        self._seen.append((moment.now_s, moment.wall_s, moment.audio_s, passing))
        return super().passes(passing, moment)


def chained(*lines: str, leg: int = 0) -> FaultChain:
    return FaultChain([parse_fault_text(line) for line in lines], Random(1), leg)


# --- the empty chain --------------------------------------------------------------------------------------------------


def test_without_faults_everything_comes_back_at_once(drive: Callable[..., Any]) -> None:
    driven = drive()
    assert driven.chain.empty
    assert driven.up(AUDIO) == [AUDIO]
    assert driven.down(A) == [A]
    assert driven.wake(1.0) == []
    assert driven.next_wakeup_wall_s is None
    assert driven.chain.handshake(Moment(0.0)) == Handshake()


def test_faults_of_other_legs_are_not_in_the_chain() -> None:
    assert chained("reset leg=1", leg=0).empty
    assert not chained("reset leg=1", leg=1).empty


# --- one after the other ----------------------------------------------------------------------------------------------


def test_faults_act_in_their_listed_order(drive: Callable[..., Any]) -> None:
    assert drive("duplicate", "drop times=1").down(A) == [A]
    assert drive("drop times=1", "duplicate").down(A) == []
    assert drive("duplicate", "duplicate").down(A) == [A] * 4


def test_what_one_fault_says_passes_only_those_listed_after_it(drive: Callable[..., Any]) -> None:
    assert drive("duplicate", "inject text=x").at_opening == [SendText("x")]
    assert drive("inject text=x", "duplicate").at_opening == [SendText("x")] * 2


def test_a_reset_is_held_up_and_swallowed_like_anything_else(drive: Callable[..., Any]) -> None:
    driven = drive("reset at_wall_s=1", "latency by_s=0.5")
    assert driven.wake(1.0) == []
    assert driven.wake(1.5) == [Reset()]
    driven = drive("reset at_wall_s=1", "black-hole")
    assert driven.wake(1.0) == []


def test_the_next_fault_sees_something_when_it_arrives_there() -> None:
    recorder = _Recorder()
    chain = FaultChain([parse_fault_text("latency by_s=0.5"), recorder], Random(1))
    chain.wake(Moment(10.0))
    chain.downstream(A, Moment(11.0, 1.0, 0.25))
    assert recorder.seen == []
    chain.wake(Moment(11.5, 1.5, 0.75))
    assert recorder.seen == [(11.5, 1.5, 0.75, A)]


def test_delays_of_two_faults_add_up(drive: Callable[..., Any]) -> None:
    driven = drive("latency by_s=0.5", "bandwidth bytes_per_s=4 direction=downstream")
    driven.down(A)
    driven.down(B)
    assert driven.next_wakeup_wall_s == 0.5
    assert driven.wake(0.5) == []
    assert driven.wake(0.75) == [A]
    assert driven.wake(1.0) == [B]


# --- order and time ---------------------------------------------------------------------------------------------------


def test_nothing_overtakes_a_delayed_message(drive: Callable[..., Any], final: Callable[..., SendText]) -> None:
    driven = drive("delay message=final by_s=2")
    driven.down(final())
    assert driven.down(A, 1.0) == []
    assert driven.down(B, 2.0) == [final(), A, B]


def test_a_late_wake_gives_what_timely_wakes_would_have_given(drive: Callable[..., Any]) -> None:
    lines = ("latency by_s=0.5", "fin at_wall_s=0.75", "bandwidth bytes_per_s=8")
    timely, late = drive(*lines), drive(*lines)
    for driven in (timely, late):
        driven.down(SendText("abcd"), 0.0)
        driven.down(SendText("efgh"), 0.5)
    out: list[Step] = []
    while (wall_s := timely.next_wakeup_wall_s) is not None:
        out += timely.wake(wall_s)
    assert late.wake(60.0) == out
    assert late.fired == timely.fired
    assert ("fin", 0.75, 0.0, "connection") in late.fired


def test_what_was_due_while_nobody_woke_it_is_as_of_its_time() -> None:
    recorder = _Recorder()
    chain = FaultChain([parse_fault_text("latency by_s=0.5"), recorder], Random(1))
    chain.wake(Moment(10.0))
    chain.downstream(A, Moment(11.0, 1.0, 0.25))
    chain.upstream(AUDIO, Moment(20.0, 10.0, 5.0))
    assert recorder.seen == [(11.5, 1.5, 0.25, A)]


# --- the end ----------------------------------------------------------------------------------------------------------


def test_what_waits_behind_a_reset_is_lost(drive: Callable[..., Any]) -> None:
    driven = drive("delay message=Metadata by_s=5", "reset at_wall_s=1")
    driven.down(SendText('{"type":"Metadata"}'))
    assert driven.wake(1.0) == [Reset()]
    assert driven.next_wakeup_wall_s is None
    assert driven.wake(10.0) == []
    assert driven.chain.ended


def test_only_one_close_comes_out(drive: Callable[..., Any]) -> None:
    driven = drive("close code=1011 at_wall_s=1", "close code=1001 at_wall_s=2")
    assert driven.wake(1.0) == [SendClose(1011, "")]
    assert driven.wake(2.0) == []
    assert driven.down(SendClose(1000, ""), 2.0) == []


def test_of_two_faults_at_one_instant_the_one_nearer_to_the_client_comes_first(drive: Callable[..., Any]) -> None:
    assert drive("inject text=a", "inject text=b").at_opening == [B, A]


# --- the log and the seed ---------------------------------------------------------------------------------------------


def test_each_firing_is_noted_with_its_place_leg_and_moment() -> None:
    chain = chained("drop message=final leg=2", "inject text=x at_audio_s=1.5", leg=2)
    chain.wake(Moment(12.0, 2.0, 1.5))
    assert chain.fired == [Firing("inject", 1, 2, 2.0, 1.5, "connection")]


def test_a_fault_of_another_leg_changes_no_draw() -> None:
    def damaged(other: str) -> list[Step]:
        return chained(other, "corrupt").downstream(SendText("abcdefgh" * 8), Moment(0.0))

    assert damaged("reset leg=7") == damaged("drop leg=3") == damaged("no-metadata")


def test_the_same_seed_and_leg_draw_the_same_whatever_other_legs_do() -> None:
    faults = [parse_fault_text("corrupt probability=0.5"), parse_fault_text("latency jitter_s=1")]

    def outcome(seed: int, others: int) -> str:
        plan = FaultPlan(faults, seed)
        for leg in range(others):
            busy = plan.open(leg)
            for second in range(10):
                busy.downstream(A, Moment(float(second), float(second)))
        chain = plan.open(9)
        steps = [chain.downstream(SendText("abcdefgh"), Moment(float(n), float(n))) for n in range(50)]
        return repr((steps, chain.fired))

    assert outcome(1, others=0) == outcome(1, others=5)
    assert outcome(1, others=0) != outcome(2, others=0)


def test_the_draws_of_a_seed_are_fixed() -> None:
    plan = FaultPlan([parse_fault_text("corrupt")], seed=7)
    assert plan.open(0).downstream(SendText("abcdefgh"), Moment(0.0)) == [SendText("abcdef=h")]
    assert plan.open(1).downstream(SendText("abcdefgh"), Moment(0.0)) == [SendText("abcdefg^")]


def test_a_plan_lists_what_fired_on_all_its_connections() -> None:
    plan = FaultPlan([parse_fault_text("drop times=3")], seed=1)
    for leg in range(2):
        chain = plan.open(leg)
        chain.downstream(A, Moment(float(leg)))
        chain.downstream(B, Moment(float(leg)))
    assert [(firing.leg, firing.what) for firing in plan.fired] == [(0, "message"), (0, "message"), (1, "message")]
    assert plan.seed == 1
    assert [fault.kind for fault in plan.faults] == ["drop"]


@pytest.mark.parametrize("line", ["latency by_s=1", "stall duration_s=1", "bandwidth bytes_per_s=1"])
def test_what_is_on_its_way_when_the_connection_is_cut_never_arrives(line: str) -> None:
    chain = chained(line, "reset at_wall_s=0.5")
    chain.wake(Moment(0.0))
    chain.downstream(SendText("a" * 100), Moment(0.25, 0.25))
    assert chain.wake(Moment(0.5, 0.5)) == [Reset()]
    assert chain.next_wakeup_s is None
    assert chain.wake(Moment(1000.0, 1000.0)) == []

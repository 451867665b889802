"""Laws of any list of faults under any traffic, and of their notations."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.protocol.refusal import BodyShape
from mock_server.faults.base import Fault, Way
from mock_server.faults.chain import FaultChain, FaultPlan
from mock_server.faults.inject import What
from mock_server.faults.notation import fault_table, fault_text, parse_fault, parse_fault_text
from mock_server.faults.refuse import Refuse, Requests
from mock_server.faults.stall import Held
from mock_server.faults.steps import (
    ClientAudio,
    ClientClose,
    ClientPing,
    ClientText,
    Downstream,
    Fin,
    Moment,
    Passing,
    PauseReading,
    Reset,
    SendClose,
    SendPong,
    SendText,
    Step,
    Upstream,
)
from mock_server.faults.table import FAULTS
from mock_server.faults.when import MESSAGE_NAMES, When

# --- any fault --------------------------------------------------------------------------------------------------------

SECONDS = st.integers(0, 64).map(lambda sixteenths: sixteenths / 16)
COUNTS = st.integers(1, 4)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WAYS = st.sampled_from(Way)

OWN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "close": {"code": st.sampled_from([1000, 1001, 1008, 1011, 4000]), "reason": TEXTS},
    "stall": {"direction": WAYS, "held": st.sampled_from(Held)},
    "slow-reader": {"bytes_per_s": st.sampled_from([1.0, 8.0, 1024.0])},
    "latency": {"by_s": SECONDS.filter(bool), "jitter_s": SECONDS, "direction": WAYS},
    "bandwidth": {"bytes_per_s": st.sampled_from([1.0, 8.0, 1024.0]), "direction": WAYS},
    "refuse": {
        "status": st.integers(400, 599),
        "request": st.sampled_from(Requests),
        "err_code": TEXTS,
        "err_msg": TEXTS,
        "shape": st.none() | st.sampled_from(BodyShape),
        "retry_after_s": st.none() | st.integers(0, 100),
        "headers": st.dictionaries(
            st.from_regex(r"x-[a-z.'!]{1,8}", fullmatch=True), st.sampled_from(["", "a b", "'"])
        ),
    },
    "handshake-delay": {"by_s": SECONDS},
    "duplicate": {"copies": st.integers(1, 2)},
    "delay": {"by_s": SECONDS},
    "reorder": {"overtaken_by": COUNTS, "at_most_s": SECONDS},
    "truncate": {"keep_share": st.sampled_from([0.0, 0.5, 0.99])},
    "corrupt": {"characters": COUNTS},
    "inject": {"what": st.just(What.TEXT), "text": TEXTS.filter(bool)},
    "split": {"fragments": st.integers(2, 5)},
}
LASTING = ("stall", "slow-reader", "latency", "bandwidth", "no-pongs")
CONDITIONS: dict[str, st.SearchStrategy[Any]] = {
    "at_audio_s": SECONDS,
    "at_wall_s": SECONDS,
    "message": st.sampled_from(sorted(MESSAGE_NAMES)),
    "nth": COUNTS,
    "between_interim_and_final": COUNTS,
    "leg": st.integers(0, 2),
    "times": COUNTS,
    "times_per_leg": COUNTS,
    "probability": st.sampled_from([0.0, 0.5, 1.0]),
}


@st.composite
def _faults(draw: st.DrawFn, kinds: Sequence[str] = tuple(FAULTS)) -> Fault:
    kind = draw(st.sampled_from(kinds))
    own = {name: draw(strategy) for name, strategy in OWN.get(kind, {}).items()}
    if kind in LASTING:
        own["duration_s"] = draw(st.none() | SECONDS)
    chosen = draw(st.sets(st.sampled_from(sorted(CONDITIONS)), max_size=3))
    conditions = {name: draw(CONDITIONS[name]) for name in sorted(chosen)}
    try:
        return FAULTS[kind](**own, **conditions)
    except BadInput:  # these conditions do not go together, or not with this fault
        return FAULTS[kind](**own)


FAULT_LISTS = st.lists(_faults(), max_size=5)
ORDERLY_LISTS = st.lists(_faults(tuple(kind for kind in FAULTS if kind != "reorder")), max_size=5)

# --- any traffic ------------------------------------------------------------------------------------------------------


class Happening(NamedTuple):
    """So much later, this passes."""

    after_s: float
    passing: Passing


Traffic: TypeAlias = list[Happening]
AUDIO_S = 0.25
"""What each binary frame plays."""


def _passing(kind: str, number: int) -> Passing:
    """Something that carries its number, so that what comes out can be traced to what went in."""
    results = (
        f'{{"type":"Results","channel_index":[0,1],"duration":1.0,"start":{number}.0,"is_final":%s,'
        '"channel":{"alternatives":[]},"metadata":{"request_id":"r"},"from_finalize":%s}'
    )
    made: dict[str, Passing] = {
        "audio": ClientAudio(number.to_bytes(4, "big")),
        "ping": ClientPing(number.to_bytes(4, "big")),
        "keep-alive": ClientText(f'{{"type":"KeepAlive","n":{number}}}'),
        "finalize": ClientText(f'{{"type":"Finalize","n":{number}}}'),
        "client-rubbish": ClientText(f"rubbish {number}"),
        "client-close": ClientClose(1000, str(number)),
        "interim": SendText(results % ("false", "false")),
        "final": SendText(results % ("true", "false")),
        "flagged": SendText(results % ("true", "true")),
        "metadata": SendText(f'{{"type":"Metadata","n":{number}}}'),
        "server-rubbish": SendText(f"rubbish {number}"),
        "pong": SendPong(number.to_bytes(4, "big")),
        "close": SendClose(1000, str(number)),
        "fin": Fin(),
    }
    return made[kind]


KINDS = (
    *("audio", "ping", "keep-alive", "finalize", "client-rubbish", "client-close", "interim", "interim", "final"),
    *("flagged", "metadata", "server-rubbish", "pong", "close", "fin"),
)


@st.composite
def _traffic(draw: st.DrawFn) -> Traffic:
    drawn = draw(st.lists(st.tuples(SECONDS, st.sampled_from(KINDS)), max_size=20))
    return [Happening(after_s / 4, _passing(kind, number)) for number, (after_s, kind) in enumerate(drawn)]


TRAFFIC = _traffic()


def _run(chain: FaultChain, traffic: Traffic, *, timely: bool = True) -> list[tuple[float, Step]]:
    """Every step and when it came out; `timely` keeps every wake-up, otherwise only the last one is kept."""
    now_s = audio_s = 0.0
    out: list[tuple[float, Step]] = []

    def wake(at_s: float) -> None:
        out.extend((at_s, step) for step in chain.wake(Moment(at_s, at_s, audio_s)))

    def wake_until(limit_s: float) -> None:
        for _ in range(10_000):
            wakeup_s = chain.next_wakeup_s
            if wakeup_s is None or wakeup_s > limit_s:
                return
            wake(max(wakeup_s, now_s))
        raise AssertionError("the chain asks to be woken again and again")

    wake(0.0)
    for after_s, passing in traffic:
        if timely:
            wake_until(now_s + after_s)
        now_s += after_s
        moment = Moment(now_s, now_s, audio_s)
        steps = chain.upstream(passing, moment) if isinstance(passing, Upstream) else chain.downstream(passing, moment)
        out += [(now_s, step) for step in steps]
        audio_s += AUDIO_S * sum(isinstance(step, ClientAudio) for step in steps)
        wake(now_s)
    if timely:
        wake_until(1e9)
    wake(1e9)
    return out


def _steps(faults: Sequence[Fault], traffic: Traffic, seed: int = 0) -> list[Step]:
    return [step for _, step in _run(FaultPlan(faults, seed).open(0), traffic)]


# --- laws of the chain ------------------------------------------------------------------------------------------------


@given(TRAFFIC)
def test_a_chain_without_faults_is_the_identity(traffic: Traffic) -> None:
    assert _steps([], traffic) == [passing for _, passing in traffic]


@given(FAULT_LISTS, TRAFFIC)
def test_faults_that_never_fire_change_nothing_but_what_may_not_follow_an_end(
    faults: list[Fault], traffic: Traffic
) -> None:
    silent = [msgspec.structs.replace(fault, probability=0.0, leg=None) for fault in faults]
    ordinary = _steps([FAULTS["reset"](probability=0.0)], traffic)
    assert _steps([*silent, FAULTS["reset"](probability=0.0)], traffic) == ordinary


@given(FAULT_LISTS, TRAFFIC, st.integers())
def test_the_same_seed_and_traffic_give_the_same_outcome(faults: list[Fault], traffic: Traffic, seed: int) -> None:
    first, second = FaultPlan(faults, seed).open(0), FaultPlan(faults, seed).open(0)
    assert repr(_run(first, traffic)) == repr(_run(second, traffic))
    assert first.fired == second.fired


@given(FAULT_LISTS, TRAFFIC, TRAFFIC, st.integers())
def test_other_connections_change_no_outcome_unless_times_are_shared(
    faults: list[Fault], traffic: Traffic, other: Traffic, seed: int
) -> None:
    own = [msgspec.structs.replace(fault, times=None) for fault in faults]
    alone, busy = FaultPlan(own, seed), FaultPlan(own, seed)
    _run(busy.open(0), other)
    assert repr(_run(alone.open(1), traffic)) == repr(_run(busy.open(1), traffic))


@given(FAULT_LISTS, TRAFFIC)
def test_no_audio_is_invented_repeated_or_put_in_another_order(faults: list[Fault], traffic: Traffic) -> None:
    sent = [passing.data for _, passing in traffic if isinstance(passing, ClientAudio)]
    heard = [step.data for step in _steps(faults, traffic) if isinstance(step, ClientAudio)]
    assert heard == sorted(set(heard) & set(sent))


@given(FAULT_LISTS, TRAFFIC)
def test_nothing_arrives_before_it_was_sent(faults: list[Fault], traffic: Traffic) -> None:
    sent_s: dict[str, float] = {}
    now_s = 0.0
    for after_s, passing in traffic:
        now_s += after_s
        sent_s[repr(passing)] = now_s
    for at_s, step in _run(FaultPlan(faults, 0).open(0), traffic):
        if not isinstance(step, Fin | Reset):  # these two carry no number
            assert at_s >= sent_s.get(repr(step), 0.0)
        assert not isinstance(step, PauseReading) or step.until_s >= at_s


@given(ORDERLY_LISTS, TRAFFIC)
def test_nothing_overtakes_in_its_direction_without_reorder(faults: list[Fault], traffic: Traffic) -> None:
    place = {repr(happening.passing): index for index, happening in enumerate(traffic)}
    steps = _steps(faults, traffic)
    for direction in (Upstream, Downstream):
        traced = [place[repr(step)] for step in steps if isinstance(step, direction) and repr(step) in place]
        assert traced == sorted(traced) or any(happening.passing == Fin() for happening in traffic)


@given(st.lists(_faults(("reorder", "latency", "delay", "bandwidth")), max_size=4), TRAFFIC)
def test_what_is_only_late_or_overtaken_is_never_lost(faults: list[Fault], traffic: Traffic) -> None:
    lossless = [happening for happening in traffic if not isinstance(happening.passing, SendClose | Fin)]
    assert sorted(
        map(repr, (step for step in _steps(faults, lossless) if not isinstance(step, PauseReading)))
    ) == sorted(repr(happening.passing) for happening in lossless)


@given(FAULT_LISTS, TRAFFIC)
def test_nothing_follows_an_end_and_no_message_a_close(faults: list[Fault], traffic: Traffic) -> None:
    faults = [*faults, FAULTS["reset"](probability=0.0)]
    steps = _steps(faults, traffic)
    ends = [index for index, step in enumerate(steps) if isinstance(step, Reset | Fin)]
    assert ends in ([], [len(steps) - 1])
    closes = [index for index, step in enumerate(steps) if isinstance(step, SendClose)]
    assert len(closes) <= 1
    if closes:
        assert not any(isinstance(step, SendText | SendPong) for step in steps[closes[0] :])


@given(FAULT_LISTS, TRAFFIC)
def test_a_slow_timer_changes_no_outcome(faults: list[Fault], traffic: Traffic) -> None:
    # Without audio: what the server has heard by a certain time is what a slow timer cannot leave as it is.
    silent = [happening for happening in traffic if not isinstance(happening.passing, ClientAudio)]
    timely, late = FaultPlan(faults, 0).open(0), FaultPlan(faults, 0).open(0)
    assert [step for _, step in _run(timely, silent)] == [step for _, step in _run(late, silent, timely=False)]
    assert [(firing.kind, firing.what) for firing in timely.fired] == [
        (firing.kind, firing.what) for firing in late.fired
    ]
    assert [firing.wall_s for firing in timely.fired] == pytest.approx([firing.wall_s for firing in late.fired])


@given(FAULT_LISTS, TRAFFIC)
def test_firings_keep_within_their_conditions(faults: list[Fault], traffic: Traffic) -> None:
    plan = FaultPlan(faults, 0)
    for leg in range(3):
        chain = plan.open(leg)
        chain.handshake(Moment(0.0))
        _run(chain, traffic)
    for index, fault in enumerate(faults):
        fired = [firing for firing in plan.fired if firing.fault == index]
        assert all(firing.kind == fault.kind for firing in fired)
        assert fault.times is None or len(fired) <= fault.times
        for leg in range(3):
            here = [firing for firing in fired if firing.leg == leg]
            assert fault.times_per_leg is None or len(here) <= fault.times_per_leg
            assert not here or fault.leg in (None, leg)
        assert all(firing.wall_s >= (fault.at_wall_s or 0.0) - 1e-6 for firing in fired)
        assert all(firing.audio_s >= (fault.at_audio_s or 0.0) - 1e-6 for firing in fired)
        assert all(fault.message is None or fault.message in firing.what.split() for firing in fired)
        assert fault.probability > 0.0 or not fired


@given(st.lists(_faults(("refuse", "handshake-delay")), max_size=5), st.integers())
def test_an_upgrade_waits_for_the_sum_and_is_refused_by_the_first(faults: list[Fault], seed: int) -> None:
    chain = FaultPlan(faults, seed).open(0)
    handshake = chain.handshake(Moment(0.0))
    fired = [faults[firing.fault] for firing in chain.fired]
    assert handshake.wait_s == sum(getattr(fault, "by_s", 0.0) for fault in fired)
    refusals = [fault.status for fault in fired if isinstance(fault, Refuse)]
    assert refusals == ([] if handshake.refusal is None else [handshake.refusal.status])


# --- laws of the notations --------------------------------------------------------------------------------------------


@given(_faults())
def test_a_fault_survives_its_line_of_text(fault: Fault) -> None:
    assert parse_fault_text(fault_text(fault)) == fault


@given(_faults())
def test_a_fault_survives_its_table_and_json(fault: Fault) -> None:
    assert parse_fault(fault_table(fault)) == fault
    assert parse_fault(json.loads(json.dumps(fault_table(fault)))) == fault


@given(_faults())
def test_text_and_table_say_the_same(fault: Fault) -> None:
    assert fault_table(parse_fault_text(fault_text(fault))) == fault_table(fault)
    assert fault_text(parse_fault(fault_table(fault))) == fault_text(fault)


FIELD_NAMES = st.sampled_from([*When.__struct_fields__, "code", "status", "headers", "headers.a", "direction"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def _kind_or_sentence(parse: Callable[[Any], Fault], given_value: Any) -> str:
    try:
        return parse(given_value).kind
    except BadInput as error:
        return str(error)


SENTENCES = ("fault ", "a fault ")


@given(st.one_of(TEXTS, st.tuples(st.sampled_from(sorted(FAULTS)), TEXTS).map(" ".join)))
def test_any_line_is_a_fault_or_one_sentence(line: str) -> None:
    outcome = _kind_or_sentence(parse_fault_text, line)
    assert outcome in FAULTS or outcome.startswith(SENTENCES)


@given(st.sampled_from(sorted(FAULTS)), st.lists(st.tuples(FIELD_NAMES, TEXTS), max_size=3))
def test_any_values_are_a_fault_or_one_sentence(kind: str, values: list[tuple[str, str]]) -> None:
    outcome = _kind_or_sentence(parse_fault_text, " ".join([kind, *(f"{name}='{value}'" for name, value in values)]))
    assert outcome == kind or outcome.startswith(SENTENCES)


@given(JSON | st.dictionaries(FIELD_NAMES | TEXTS, JSON, max_size=3), st.none() | st.sampled_from(sorted(FAULTS)))
def test_any_json_is_a_fault_or_one_sentence(given_value: Any, kind: str | None) -> None:
    table = {**given_value, "kind": kind} if kind is not None and isinstance(given_value, dict) else given_value
    outcome = _kind_or_sentence(parse_fault, table)
    assert outcome == kind or outcome.startswith(SENTENCES)


def test_the_strategies_know_every_field() -> None:
    for kind, fault in FAULTS.items():
        own = set(fault.__struct_fields__) - set(When.__struct_fields__) - {"duration_s"}
        assert own == set(OWN.get(kind, {}))
    assert set(CONDITIONS) == set(When.__struct_fields__)

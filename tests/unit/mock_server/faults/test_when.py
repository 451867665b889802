from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from harness.protocol import messages
from mock_server.faults.chain import FaultPlan
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.steps import ClientText, Moment, Reset, SendText
from mock_server.faults.tcp_reset import TcpReset
from mock_server.faults.when import DOWNSTREAM_TYPES, MESSAGE_NAMES, UPSTREAM_TYPES

MARK = SendText("!")
INJECT = "inject text=!"
KEEP_ALIVE = ClientText('{"type":"KeepAlive"}')

# --- instants ---------------------------------------------------------------------------------------------------------


def test_without_conditions_it_fires_when_the_connection_opens(drive: Callable[..., Any]) -> None:
    driven = drive(INJECT)
    assert driven.at_opening == [MARK]
    assert driven.wake(1.0) == []


def test_wall_time_asks_to_be_woken_and_fires_once(drive: Callable[..., Any]) -> None:
    driven = drive(f"{INJECT} at_wall_s=2.5")
    assert driven.next_wakeup_wall_s == 2.5
    assert driven.wake(2.0) == []
    assert driven.wake(2.5) == [MARK]
    assert driven.next_wakeup_wall_s is None
    assert driven.wake(3.0) == []


def test_audio_is_noticed_at_a_wake_or_with_the_next_that_passes(drive: Callable[..., Any]) -> None:
    assert drive(f"{INJECT} at_audio_s=1").wake(5.0, audio_s=1.0) == [MARK]
    assert drive(f"{INJECT} at_audio_s=1").up(KEEP_ALIVE, 5.0, audio_s=1.0) == [MARK, KEEP_ALIVE]
    assert drive(f"{INJECT} at_audio_s=1").up(KEEP_ALIVE, 5.0, audio_s=0.99) == [KEEP_ALIVE]


def test_audio_and_wall_time_must_both_have_come(drive: Callable[..., Any]) -> None:
    driven = drive(f"{INJECT} at_audio_s=1 at_wall_s=2")
    assert driven.wake(2.0, audio_s=0.5) == []
    assert driven.next_wakeup_wall_s is None
    assert driven.wake(3.0, audio_s=1.0) == [MARK]
    driven = drive(f"{INJECT} at_audio_s=1 at_wall_s=2")
    assert driven.wake(1.5, audio_s=1.0) == []
    assert driven.next_wakeup_wall_s == 2.0
    assert driven.wake(2.0, audio_s=1.0) == [MARK]


def test_a_timer_that_reads_the_clock_a_hair_early_still_counts(drive: Callable[..., Any]) -> None:
    assert drive(f"{INJECT} at_wall_s=2").wake(2.0 - 1e-7) == [MARK]
    assert drive(f"{INJECT} at_wall_s=2").wake(2.0 - 1e-3) == []
    assert drive(f"{INJECT} at_audio_s=2").wake(0.0, audio_s=2.0 - 1e-7) == [MARK]
    assert drive(f"{INJECT} at_audio_s=2").wake(0.0, audio_s=2.0 - 1e-3) == []


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_message_is_followed_by_the_fault_each_time(drive: Callable[..., Any]) -> None:
    driven = drive(f"{INJECT} message=KeepAlive")
    assert driven.at_opening == []
    assert driven.up(KEEP_ALIVE) == [KEEP_ALIVE, MARK]
    assert driven.up(KEEP_ALIVE) == [KEEP_ALIVE, MARK]


@pytest.mark.parametrize("kind", ["KeepAlive", "Finalize", "CloseStream"])
def test_the_nth_control_message_can_be_named(drive: Callable[..., Any], kind: str) -> None:
    driven = drive(f"{INJECT} message={kind} nth=2")
    others = [ClientText(f'{{"type":"{other}"}}') for other in ("KeepAlive", "Finalize", "CloseStream")]
    named = ClientText(f'{{"type":"{kind}"}}')
    outs = [driven.up(text) for _ in range(3) for text in others]
    assert [MARK in out for out in outs] == [text == named and index // 3 == 1 for index, text in enumerate(others * 3)]


def test_interim_and_final_are_names_of_results(
    drive: Callable[..., Any], interim: Callable[..., SendText], final: Callable[..., SendText]
) -> None:
    said = [interim(), final(), interim(), final()]
    for name, marked in (("interim", [1, 0, 1, 0]), ("final", [0, 1, 0, 1]), ("Results", [1, 1, 1, 1])):
        driven = drive(f"{INJECT} message={name}")
        assert [MARK in driven.down(text) for text in said] == [bool(one) for one in marked]


def test_nth_counts_from_when_the_audio_has_come(drive: Callable[..., Any], final: Callable[..., SendText]) -> None:
    driven = drive(f"{INJECT} message=final nth=2 at_audio_s=3")
    heard = [driven.down(final(), 0.0, audio_s=float(second)) for second in range(6)]
    assert [MARK in out for out in heard] == [False, False, False, False, True, False]


def test_between_an_interim_and_its_final_counts_only_finals_that_had_one(
    drive: Callable[..., Any], interim: Callable[..., SendText], final: Callable[..., SendText]
) -> None:
    driven = drive(f"{INJECT} between_interim_and_final=2")
    said = [final(), interim(), interim(), final(), final(), interim(), final(), interim(), final()]
    outs = [driven.down(text) for text in said]
    assert [out == [MARK, text] for out, text in zip(outs, said, strict=True)] == [n == 6 for n in range(9)]


def test_an_interim_belongs_to_its_channel(
    drive: Callable[..., Any], interim: Callable[..., SendText], final: Callable[..., SendText]
) -> None:
    driven = drive(f"{INJECT} between_interim_and_final=1")
    assert driven.down(interim(channel=1)) == [interim(channel=1)]
    assert driven.down(final(channel=0)) == [final(channel=0)]
    assert driven.down(final(channel=1)) == [MARK, final(channel=1)]


def test_between_an_update_and_the_end_of_its_turn(drive: Callable[..., Any]) -> None:
    driven = drive(f"{INJECT} between_interim_and_final=2")
    update, end = (SendText(f'{{"type":"TurnInfo","event":"{event}"}}') for event in ("Update", "EndOfTurn"))
    outs = [driven.down(said) for said in (update, end, end, update, end)]
    assert outs == [[update], [end], [end], [update], [MARK, end]]


def test_every_message_of_the_protocol_can_be_named() -> None:
    client = {kind.__name__ for kind in messages.ClientMessage.__args__}
    server = {kind.__name__ for kind in messages.ServerMessage.__args__}
    assert client <= UPSTREAM_TYPES
    assert server | {"interim", "final"} <= DOWNSTREAM_TYPES


# --- how often --------------------------------------------------------------------------------------------------------


def test_times_counts_over_the_run_and_times_per_leg_over_each_connection() -> None:
    def marks(line: str) -> list[int]:
        plan = FaultPlan([parse_fault_text(line)], seed=1)
        counts = []
        for leg in range(3):
            chain = plan.open(leg)
            steps = [step for _ in range(3) for step in chain.upstream(KEEP_ALIVE, Moment(0.0))]
            counts.append(steps.count(MARK))
        return counts

    assert marks(f"{INJECT} message=KeepAlive") == [3, 3, 3]
    assert marks(f"{INJECT} message=KeepAlive times=4") == [3, 1, 0]
    assert marks(f"{INJECT} message=KeepAlive times_per_leg=2") == [2, 2, 2]
    assert marks(f"{INJECT} message=KeepAlive times=3 times_per_leg=2") == [2, 1, 0]
    assert marks(f"{INJECT} message=KeepAlive leg=1") == [0, 3, 0]


def test_probability_is_drawn_on_each_occasion_and_an_instant_is_one(drive: Callable[..., Any]) -> None:
    driven = drive(f"{INJECT} message=KeepAlive probability=0.25", seed=5)
    fired = sum(MARK in driven.up(KEEP_ALIVE) for _ in range(400))
    assert 70 <= fired <= 130
    instants = [drive(f"{INJECT} probability=0.25", seed=seed) for seed in range(400)]
    assert 70 <= sum(driven.at_opening == [MARK] for driven in instants) <= 130
    silent = next(driven for driven in instants if driven.at_opening == [])
    assert all(silent.wake(float(second)) == [] for second in range(100))


def test_probability_0_never_fires_and_1_always_does(drive: Callable[..., Any]) -> None:
    assert drive(f"{INJECT} probability=0").at_opening == []
    assert drive(f"{INJECT} probability=1").at_opening == [MARK]


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"at_audio_s": -1.0}, "at_audio_s is -1.0; wanted seconds, 0 or more"),
        ({"at_wall_s": float("inf")}, "at_wall_s is inf; wanted seconds, 0 or more"),
        ({"at_wall_s": float("nan")}, "at_wall_s is nan; wanted seconds, 0 or more"),
        ({"message": "final", "nth": 0}, "nth is 0; wanted a whole number from 1"),
        ({"nth": 1}, "nth is 1; wanted none, or `message` beside it to count"),
        ({"between_interim_and_final": 0}, "between_interim_and_final is 0; wanted a whole number from 1"),
        ({"between_interim_and_final": 1, "message": "final"}, "message is 'final'; wanted none: between_interim_and"),
        ({"leg": -1}, "leg is -1; wanted a whole number from 0"),
        ({"times": 0}, "times is 0; wanted a whole number from 1"),
        ({"times_per_leg": 0}, "times_per_leg is 0; wanted a whole number from 1"),
        ({"probability": 1.1}, "probability is 1.1; wanted a number from 0 to 1"),
        ({"message": "Result"}, "message 'Result' is not known; did you mean 'Results'? known: CloseStream, "),
    ],
)
def test_each_mistake_has_its_sentence(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput) as error:
        TcpReset(**fields)
    assert str(error.value).startswith(f"fault reset: {sentence}")


def test_every_name_is_accepted() -> None:
    assert {TcpReset(message=name).message for name in MESSAGE_NAMES} == MESSAGE_NAMES


def test_an_instant_that_has_passed_leaves_the_rest_alone(drive: Callable[..., Any]) -> None:
    driven = drive("reset at_wall_s=1")
    assert driven.wake(1.0) == [Reset()]

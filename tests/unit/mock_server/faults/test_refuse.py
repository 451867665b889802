from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.chain import FaultPlan
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.refuse import Refuse
from mock_server.faults.steps import Handshake, Moment

ASKED = Moment(100.0)


def test_the_upgrade_is_refused_with_status_and_headers(drive: Callable[..., Any]) -> None:
    driven = drive("refuse status=429 retry_after_s=2 headers.X-Why=busy")
    refusal = driven.chain.handshake(ASKED).refusal
    assert refusal.status == 429
    assert refusal.message == "Too many requests. Please try again later"
    assert refusal.headers == (("retry-after", "2"), ("x-why", "busy"))
    assert driven.fired == [("refuse", 0.0, 0.0, "handshake")]


def test_a_client_that_comes_back_gets_in_after_so_many_times() -> None:
    plan = FaultPlan([parse_fault_text("refuse status=503 times=2")], seed=1)
    refused = [plan.open(leg=0).handshake(ASKED).refusal for _ in range(4)]
    assert [refusal.status if refusal else None for refusal in refused] == [503, 503, None, None]
    assert len(plan.fired) == 2


def test_the_first_refusal_stands_and_the_second_is_kept_for_later() -> None:
    plan = FaultPlan([parse_fault_text("refuse status=503 times=1"), parse_fault_text("refuse status=401 times=1")], 1)
    statuses = [getattr(plan.open(leg=0).handshake(ASKED).refusal, "status", None) for _ in range(3)]
    assert statuses == [503, 401, None]


def test_another_leg_is_admitted(drive: Callable[..., Any]) -> None:
    driven = drive("refuse leg=1")
    assert driven.chain.empty
    assert driven.chain.handshake(ASKED) == Handshake()


def test_each_attempt_draws_anew() -> None:
    fault = parse_fault_text("refuse probability=0.5")
    plan = FaultPlan([fault], seed=3)
    outcomes = [plan.open(leg=0).handshake(ASKED).refusal is None for _ in range(32)]
    assert {True, False} == set(outcomes)
    again = FaultPlan([fault], seed=3)
    assert outcomes == [again.open(leg=0).handshake(ASKED).refusal is None for _ in range(32)]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": 200}, "status is 200; wanted a whole number from 400 to 599"),
        ({"retry_after_s": -1}, "retry_after_s is -1; wanted whole seconds, 0 or more"),
        ({"headers": {"a b": "x"}}, "not 'a b'"),
        ({"headers": {"Content-Length": "3"}}, "not 'Content-Length'"),
        ({"headers": {"x": "a\r\nb: c"}}, "printable ASCII of at most 1000 in x"),
        ({"headers": {"x": "é"}}, "printable ASCII of at most 1000 in x"),
        ({"at_audio_s": 1.0}, "at_audio_s is 1.0; wanted none: an upgrade comes before all audio and messages"),
        ({"message": "final"}, "message is 'final'; wanted none"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_itself(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=r"^fault refuse: ") as error:
        Refuse(**fields)
    assert sentence in str(error.value)


def test_headers_of_one_fault_are_not_shared_with_another() -> None:
    Refuse().headers["x"] = "y"
    assert Refuse().headers == {}

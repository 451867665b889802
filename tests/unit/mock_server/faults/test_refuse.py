from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadInput
from harness.protocol.refusal import CATALOGUE, BodyShape, reason_phrase
from mock_server.faults.chain import FaultPlan
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.refuse import Refuse
from mock_server.faults.steps import Asked, Handshake, Moment

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


def test_the_page_lists_every_body_that_can_be_chosen() -> None:
    """docs/reference/faults.md, and the words of each: all of it is what `for_status` gives out."""
    page = (Path(__file__).parents[4] / "docs" / "reference" / "faults.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d{3}) \| (?:`(\w+)`|–) \| (\w+) \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) == len(CATALOGUE)
    seen = set[str]()
    for status, err_code, shape, message in rows:
        code: str = err_code or reason_phrase(int(status))
        chosen = Refuse(status=int(status), err_code=code if status in seen else "").refusal
        assert (chosen.err_code, str(chosen.shape)) == (code, shape)
        assert chosen.message == message
        seen.add(status)


def test_the_internal_name_chooses_too_and_is_sent() -> None:
    chosen = Refuse(status=429, err_code="RATE_LIMITED", retry_after_s=3).refusal
    assert json.loads(chosen.response("id").body) == {
        "err_code": "RATE_LIMITED",
        "err_msg": "Too many requests. Please try again later",
        "request_id": "id",
    }
    assert ("retry-after", "3") in chosen.headers


def test_the_documentations_name_goes_before_an_internal_one() -> None:
    assert Refuse(status=400, err_code="INVALID_QUERY_PARAMETER").refusal.message.startswith("Failed to deserialize")
    assert Refuse(status=401, err_code="FORBIDDEN").refusal.message == "User does not have sufficient permissions."


def test_code_sentence_and_shape_may_be_ones_own() -> None:
    fault = parse_fault_text("refuse status=503 err_code=BUSY err_msg='Come back.' shape=category")
    assert isinstance(fault, Refuse)
    answer = fault.refusal.response("id")
    assert json.loads(answer.body) == {"category": "BUSY", "message": "Come back.", "details": "", "request_id": "id"}
    assert ("dg-error", "Come back.") in answer.headers
    assert Refuse(status=401, shape=BodyShape.TEXT).refusal.response("id").body == b"Invalid credentials."


@pytest.mark.parametrize(
    ("request_", "refused"), [("both", (True, True)), ("stream", (True, False)), ("file", (False, True))]
)
def test_either_kind_of_request_may_be_meant(request_: str, refused: tuple[bool, bool]) -> None:
    chain = FaultPlan([parse_fault_text(f"refuse request={request_}")], 1).open(leg=0)
    found = [chain.handshake(ASKED, asked).refusal is not None for asked in (Asked.STREAM, Asked.FILE)]
    assert tuple(found) == refused
    assert len(chain.fired) == sum(refused)


def test_a_posted_file_waits_for_no_handshake() -> None:
    chain = FaultPlan([parse_fault_text("handshake-delay by_s=2")], 1).open(leg=0)
    assert chain.handshake(ASKED, Asked.FILE).wait_s == 0.0
    assert chain.fired == []


def test_headers_of_one_fault_are_not_shared_with_another() -> None:
    Refuse().headers["x"] = "y"
    assert Refuse().headers == {}

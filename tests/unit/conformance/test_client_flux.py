"""What a client of Flux does right, and where exactly the rules on it begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.conformance.findings import Verdict
from harness.conformance.settings import ClientClaim
from harness.recording.entries import Side

Make = Callable[..., Any]
Ids = Callable[[Verdict], list[str]]

QUERY = "model=flux-general-en&encoding=linear16&sample_rate=16000"


def flux(talk: Make, query: str = QUERY, **how: Any) -> Any:
    """A session that was greeted, with two seconds of audio."""
    session = talk(path="/v2/listen", query=query, **how).opened()
    return session.says("Connected", request_id="x", sequence_id=0).audio(2, 2_560)


def over(session: Any) -> Verdict:
    verdict: Verdict = session.tells("CloseStream").close(code=1005).judged()
    return verdict


def answered(session: Any, number: int) -> Any:
    return session.says("ConfigureSuccess", request_id="x", thresholds={}, keyterms=[], sequence_id=number)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (f"{QUERY}&eager_eot_threshold=0.4&keyterm=a&keyterm=b&tag=x&mip_opt_out=true", []),
        (QUERY.replace("-en", "-multi") + "&language_hint=de", []),
        (QUERY.replace("flux-general-en", "nova-3"), ["C-FLUX-QUERY"]),
        (f"{QUERY}&language_hint=de", ["C-FLUX-QUERY"]),
        (f"{QUERY}&numerals=True", ["C-QUERY-BOOLEAN"]),
        (f"{QUERY}&diarize=true&search=a&search=b", ["C-FLUX-PARAMETER"] * 2),
        (f"{QUERY}&keyterms=a", []),
    ],
)
def test_what_may_be_asked_for(talk: Make, rules_of: Ids, query: str, wanted: list[str]) -> None:
    assert rules_of(over(flux(talk, query))) == wanted


def test_configures_one_after_the_other_are_no_storm(talk: Make, rules_of: Ids) -> None:
    session = flux(talk)
    for number in range(20):
        answered(session.tells("Configure", keyterms=["a"]), number + 1)

    assert rules_of(over(session)) == []


def test_a_refusal_is_an_answer_too(talk: Make, rules_of: Ids) -> None:
    session = flux(talk).tells("Configure", keyterms=["a"])
    session.says("ConfigureFailure", request_id="x", sequence_id=1).tells("Configure", keyterms=["b"])

    assert rules_of(over(answered(session, 2))) == []


def test_a_storm_is_told_once_with_its_height(talk: Make) -> None:
    session = flux(talk)
    for _ in range(7):
        session.tells("Configure", keyterms=["a"])
    (finding,) = over(session).findings

    assert finding.message.startswith("6 Configures went out before the last one was answered, up to 7 at a time;")


@pytest.mark.parametrize("side", list(Side))
def test_a_client_that_stops_in_mid_turn_and_only_waits_is_told(talk: Make, rules_of: Ids, side: Side) -> None:
    session = flux(talk, side=side).turn(1, "StartOfTurn", (0, 1), "one").wait(20).close(code=1011)

    assert "C-FLUX-SILENCE" in rules_of(session.judged())


def test_a_pause_within_a_turn_is_told_though_audio_goes_on(talk: Make, rules_of: Ids) -> None:
    session = flux(talk).turn(1, "StartOfTurn", (0, 1), "one").wait(3).audio(1, 2_560)
    session.turn(2, "EndOfTurn", (0, 2.9), "one", trigger="model")

    assert rules_of(over(session)) == ["C-FLUX-SILENCE"]


@pytest.mark.parametrize("waited_s", [0.5, 0.9])
def test_a_short_wait_before_close_stream_is_none(talk: Make, rules_of: Ids, waited_s: float) -> None:
    assert rules_of(over(flux(talk).turn(1, "StartOfTurn", (0, 1), "one").wait(waited_s))) == []


def test_between_turns_nothing_need_be_sent(talk: Make, rules_of: Ids) -> None:
    session = flux(talk).turn(1, "StartOfTurn", (0, 1), "one").turn(2, "EndOfTurn", (0, 1.5), "one", trigger="model")

    assert rules_of(over(session.turn(3, "Update", (1.5, 2), index=1).wait(20))) == []


def test_what_a_burst_still_owes_is_waited_for(talk: Make, rules_of: Ids) -> None:
    """The audio came at once; its turns come as it is transcribed, and the client listens."""
    session = flux(talk).turn(1, "StartOfTurn", (0, 0.5), "one")
    for number in range(2, 6):
        session.wait(0.8).turn(number, "Update", (0, number / 4), "one")

    assert rules_of(over(session.wait(0.5))) == []


# --- what it made of the turns ----------------------------------------------------------------------------------------


def two_turns(talk: Make, **last: Any) -> Any:
    """A turn that was resumed after its eager end, then a second one."""
    session = flux(talk).turn(1, "StartOfTurn", (0, 0.4), "book").turn(2, "EagerEndOfTurn", (0, 0.8), "book a table")
    session.turn(3, "TurnResumed", (0, 1), "book a table for").turn(4, "Update", (0, 1.1), "book a table for two")
    session.turn(5, "EagerEndOfTurn", (0, 1.2), "book a table for two")
    session.turn(6, "EndOfTurn", (0, 1.3), "book a table for two", trigger="model")
    return session.turn(7, last.get("event", "EndOfTurn"), (1.3, 1.9), "thank you very much", index=1)


@pytest.mark.parametrize(
    ("claimed", "wanted"),
    [
        ("Book a table for two. Thank you very much.", []),
        ("book a table book a table for two book a table for two thank you very much", ["P-INTERIMS"]),
        ("book a table for two", ["P-LOST"]),
        ("book a table for two thank you very much thank you", ["P-DOUBLED"]),
        ("", ["P-EMPTY"]),
    ],
)
def test_its_text_is_that_of_the_ends(talk: Make, rules_of: Ids, claimed: str, wanted: list[str]) -> None:
    session = two_turns(talk).tells("CloseStream").close(code=1005)

    assert rules_of(session.judged(claim=ClientClaim(transcript=claimed))) == wanted


@pytest.mark.parametrize("claimed", ["book a table for two", "book a table for two thank you very much"])
def test_the_turn_that_was_open_at_the_end_may_count(talk: Make, rules_of: Ids, claimed: str) -> None:
    session = two_turns(talk, event="StartOfTurn").tells("CloseStream").close(code=1005)

    assert rules_of(session.judged(claim=ClientClaim(transcript=claimed))) == []

"""What a client made of the messages, from its text or its error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.conformance.findings import Status
from harness.conformance.settings import ClientClaim

Make = Callable[..., Any]


def _messages(verdict: Any) -> list[str]:
    return [f"{finding.rule}: {finding.message}" for finding in verdict.findings]


def _judged(spoken: Make, **claim: Any) -> list[str]:
    return _messages(spoken().finish().judged(claim=ClientClaim(**claim)))


@pytest.mark.parametrize(
    "text",
    [
        "please book a table for two",
        "Please book a table, for two!",
        "please  book\na table for\ttwo",
        "please book a table\nfor two",
    ],
)
def test_case_punctuation_and_space_do_not_matter(text: str, spoken: Make) -> None:
    assert _judged(spoken, transcript=text) == []
    assert _judged(spoken, final_words=tuple(text.split())) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "P-EMPTY: The client's text is empty though the server sent 2 finals with 6 words."),
        (
            "please book please book a table for two",
            "P-INTERIMS: The client took interims as final: its text has 2 words that the finals with their 6 words do "
            "not have there.",
        ),
        ("please book a table for", "P-LOST: The client lost 1 of 6 words."),
        ("please book a desk for two", "P-LOST: The client lost 1 of 6 words."),
        ("for two", "P-LOST: The client lost 4 of 6 words; it seems that only the last final was used."),
        (
            "please book a table",
            "P-LOST: The client lost 2 of 6 words; it seems that only the first final was used.",
        ),
        (
            "please book a table for two please book a table for two",
            "P-DOUBLED: The client's text has 6 words too many beside the 6 of the finals.",
        ),
    ],
)
def test_a_text_is_told_how_it_went_wrong(text: str, sentence: str, spoken: Make) -> None:
    assert _judged(spoken, transcript=text) == [sentence]


def test_a_client_that_kept_only_interims_is_told_so(opened: Make) -> None:
    session = opened().audio(1).results(0, 1, "please look", final=False).audio(1)
    session.results(0, 2, "please book a table").finish()
    assert _messages(session.judged(claim=ClientClaim(transcript="please look")))[0].startswith("P-INTERIMS")


@pytest.mark.parametrize("text", ["", "...", "\u2026"])
def test_finals_of_punctuation_have_no_words_to_lose(text: str, opened: Make) -> None:
    session = opened().audio(1).results(0, 1, "...").finish()
    assert session.judged(claim=ClientClaim(transcript=text)).findings == ()


def test_channels_may_be_joined_one_by_one_or_as_they_came(talk: Make) -> None:
    query = "model=nova-3&encoding=linear16&sample_rate=16000&channels=2&multichannel=true"
    session = talk(query=query, bytes_per_second=64_000).opened().audio(1, 1_280)
    session.results(0, 1, "one two", channel=(0, 2)).results(0, 1, "uno dos", channel=(1, 2)).audio(1, 1_280)
    session.results(1, 1, "three", channel=(0, 2)).results(1, 1, "tres", channel=(1, 2)).finish()
    for text in ("one two three uno dos tres", "one two uno dos three tres"):
        assert session.judged(claim=ClientClaim(transcript=text)).findings == ()


@pytest.mark.parametrize("text", ["one two three", "one two one two three"])
def test_a_final_that_the_server_sent_again_may_be_taken_once_or_twice(text: str, opened: Make) -> None:
    session = opened().audio(2).results(0, 1, "one two").results(0, 1, "one two").results(1, 1, "three").finish()
    rules = {finding.rule for finding in session.judged(claim=ClientClaim(transcript=text)).findings}
    assert not {rule for rule in rules if rule.startswith("P-")}


def test_what_was_really_said_twice_is_to_be_taken_twice(opened: Make) -> None:
    session = opened().audio(2).results(0, 1, "one two").results(1, 1, "one two").finish()
    assert _messages(session.judged(claim=ClientClaim(transcript="one two")))[0].startswith("P-LOST")


def test_over_several_connections_losses_are_left_to_the_ledger(opened: Make) -> None:
    session = opened().audio(1).results(0, 1, "one two").close(code=1011).wait(1).reconnect().opened().audio(1)
    session.results(0, 1, "two three").finish()
    assert session.judged(claim=ClientClaim(transcript="one two three")).findings == ()
    assert _messages(session.judged(claim=ClientClaim(transcript="")))[0].startswith("P-EMPTY")


def test_a_text_too_long_to_compare_is_left_alone(spoken: Make) -> None:
    assert _judged(spoken, transcript="word " * 50_000) == []


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        ("KeyError: 'results'", "P-SHAPE"),
        ("'channels'", "P-SHAPE"),
        ("TypeError: Cannot read properties of undefined (reading 'channels')", "P-SHAPE"),
        ("AttributeError: 'ListenV1Results' object has no attribute 'results'", "P-SHAPE"),
        ("KeyError: 'metadata'", "P-SHAPE"),
        ('"is_final"', "P-SHAPE"),
        ("the results were bad", "P-ERROR"),
        ("ConnectionClosedError: no close frame", "P-ERROR"),
    ],
)
def test_an_error_text_is_read_for_what_it_says(error: str, rule: str, spoken: Make) -> None:
    verdict = spoken().finish().judged(claim=ClientClaim(error=error))
    assert [(finding.rule, finding.evidence) for finding in verdict.findings] == [(rule, error)]
    assert verdict.families["parsing"] is Status.FAIL


def test_the_field_that_was_missing_is_named(spoken: Make) -> None:
    found = _judged(spoken, error="KeyError: 'metadata'")[0]
    assert found.startswith("P-SHAPE: The client read metadata from a message that has none")

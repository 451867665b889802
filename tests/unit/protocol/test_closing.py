from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.protocol.closing import CloseReason, Outcome, ReasonStyle, classify_close, classify_status, parse_reason


@pytest.mark.parametrize(
    ("reason", "close_code", "sentence"),
    [
        (
            CloseReason.NET_0000,
            1011,
            "Deepgram did not provide a response message within the timeout window. See https://dpgr.am/net0000",
        ),
        (
            CloseReason.NET_0001,
            1011,
            "Deepgram did not receive audio data or a text message within the timeout window. "
            "See https://dpgr.am/net0001",
        ),
    ],
)
def test_observed_sentences_are_exact(reason: CloseReason, close_code: int, sentence: str) -> None:
    assert reason.text() == sentence
    assert reason.close_code == close_code
    assert reason.observed


@pytest.mark.parametrize(
    ("reason", "close_code", "link"),
    [
        (CloseReason.NET_0002, 1011, "https://dpgr.am/net0002"),
        (CloseReason.DATA_0000, 1008, "https://dpgr.am/data0000"),
    ],
)
def test_our_own_sentences_keep_the_grammar_and_say_that_they_are_ours(
    reason: CloseReason, close_code: int, link: str
) -> None:
    assert reason.text().endswith(f". See {link}")
    assert reason.close_code == close_code
    assert not reason.observed


@pytest.mark.parametrize("reason", CloseReason)
@pytest.mark.parametrize("style", ReasonStyle)
def test_a_reason_is_read_back_in_either_style_and_fits_a_close_frame(reason: CloseReason, style: ReasonStyle) -> None:
    text = reason.text(style)
    assert parse_reason(text) == reason
    assert len(text.encode()) <= 123


def test_the_code_style_is_the_bare_code() -> None:
    assert CloseReason.DATA_0000.text(ReasonStyle.CODE) == "DATA-0000"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", None),
        ("keepalive ping timeout", None),
        ("net-0001", "NET-0001"),
        (" DATA-0000 ", "DATA-0000"),
        ("NET-0009", "NET-0009"),
        ("Something new. See https://dpgr.am/net0042", "NET-0042"),
        ("https://dpgr.am/NET-0001", "NET-0001"),
        ("not a NET-0001 at all", None),
        ("https://dpgr.am/net00010", None),
        ("https://dpgr.am/pricing", None),
        ("net\u0660\u0660\u0660\u0661", None),
    ],
)
def test_reasons_of_strangers(text: str, code: str | None) -> None:
    assert parse_reason(text) == code


@given(st.text())
def test_no_reason_makes_the_parser_raise(text: str) -> None:
    code = parse_reason(text)
    assert code is None or code.split("-")[0] in ("NET", "DATA")


@pytest.mark.parametrize(
    ("code", "owed", "complete"),
    [
        (1000, Outcome.RETRY, Outcome.SUCCESS),
        (1001, Outcome.RETRY, Outcome.SUCCESS),
        (1005, Outcome.RETRY, Outcome.SUCCESS),
        (1006, Outcome.RETRY, Outcome.SUCCESS),
        (1002, Outcome.FATAL, Outcome.FATAL),
        (1003, Outcome.FATAL, Outcome.FATAL),
        (1007, Outcome.FATAL, Outcome.FATAL),
        (1008, Outcome.FATAL, Outcome.FATAL),
        (1009, Outcome.FATAL, Outcome.FATAL),
        (1011, Outcome.RETRY, Outcome.RETRY),
        (1012, Outcome.RETRY, Outcome.RETRY),
        (1013, Outcome.RETRY, Outcome.RETRY),
        (4000, Outcome.RETRY, Outcome.RETRY),
        (4999, Outcome.RETRY, Outcome.RETRY),
        (3123, Outcome.RETRY, Outcome.RETRY),
    ],
)
def test_what_a_close_code_means(code: int, owed: Outcome, complete: Outcome) -> None:
    assert classify_close(code, complete=False) is owed
    assert classify_close(code, complete=True) is complete


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        (Outcome.SUCCESS, [101, 200, 202]),
        (Outcome.FATAL, [301, 400, 401, 402, 403, 404, 405, 411, 413, 415]),
        (Outcome.RETRY, [408, 425, 429, 500, 502, 503, 504, 599]),
    ],
)
def test_what_an_http_status_means(outcome: Outcome, statuses: list[int]) -> None:
    assert {status: classify_status(status) for status in statuses} == dict.fromkeys(statuses, outcome)

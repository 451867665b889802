"""No secret gets past the cleaning, and nothing else is touched by it."""

import pytest

from harness.protocol.auth import MASK
from harness.recording.scrub import clean_headers, clean_query, mask, secrets_in

KEY = "5f0e9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "model=nova-3",
        "model=nova-3&keyterm=Mara%20Quill&keyterm=fog+signal&interim_results=true",
        "tag=token&extra=key:value&keywords=secret:2&search=password",
        "tokens=1&monkey=2",
        "callback=https%3A%2F%2Fhost.example%2Fpath%3Fa%3Db%40c",
        "model=&&=x",
    ],
)
def test_a_query_without_secrets_stays_as_it_was_written(query: str) -> None:
    assert clean_query(query) == query


@pytest.mark.parametrize(
    "name",
    ["token", "TOKEN", "key", "api_key", "access_token", "Authorization", "%74oken", "jwt", "secret", "password"],
)
def test_a_parameter_that_carries_a_secret_is_taken_out(name: str) -> None:
    assert clean_query(f"model=nova-3&{name}={KEY}&language=en") == "model=nova-3&language=en"
    assert clean_query(f"{name}={KEY}") == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://user:pass@host.example/x", "https%3A%2F%2Fhost.example%2Fx"),
        ("https%3A%2F%2Fuser%3Apass%40host.example%2Fx", "https%3A%2F%2Fhost.example%2Fx"),
        ("wss://user@host.example", "wss%3A%2F%2Fhost.example"),
        ("https://a:b@c@host.example", "https%3A%2F%2Fhost.example"),
    ],
)
def test_the_user_part_of_a_url_is_taken_out(value: str, expected: str) -> None:
    assert clean_query(f"model=nova-3&callback={value}") == f"model=nova-3&callback={expected}"


def test_headers_get_lower_case_names_and_lose_cookies() -> None:
    headers = [("DG-Request-Id", "a"), ("Set-Cookie", "sid=1"), ("Cookie", "x"), ("Authorization", KEY), ("Vary", "b")]
    assert clean_headers(headers) == {"dg-request-id": "a", "vary": "b"}


def test_a_repeated_header_becomes_one_value() -> None:
    assert clean_headers([("vary", "origin"), ("Vary", "accept")]) == {"vary": "origin, accept"}


@pytest.mark.parametrize(
    ("echoed", "kept"), [("token", "token"), (f"token, {KEY}", "token"), ("Bearer", "Bearer"), (KEY, MASK)]
)
def test_of_the_subprotocol_only_the_scheme_is_kept(echoed: str, kept: str) -> None:
    assert clean_headers([("Sec-WebSocket-Protocol", echoed)]) == {"sec-websocket-protocol": kept}


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", [("Authorization", f"Token {KEY}")]),
        ("", [("authorization", f"bearer {KEY}")]),
        ("", [("authorization", KEY)]),
        ("", [("Sec-WebSocket-Protocol", f"token, {KEY}")]),
        ("", [("Sec-WebSocket-Protocol", f"bearer,{KEY},x-none")]),
        (f"model=x&token={KEY}", []),
        (f"token=%35f0e{KEY[4:]}", []),
    ],
)
def test_the_secrets_of_a_request_are_found_wherever_deepgram_takes_them(
    query: str, headers: list[tuple[str, str]]
) -> None:
    assert secrets_in(query, headers) == {KEY}


def test_a_stand_in_for_a_key_is_too_short_to_be_masked() -> None:
    assert secrets_in("token=test", [("Authorization", "Token secret")]) == frozenset()


def test_masking_replaces_every_occurrence_and_the_longest_secret_first() -> None:
    assert mask(f"a {KEY} b {KEY}.", {KEY}) == f"a {MASK} b {MASK}."
    assert mask(f"{KEY}-long", {KEY, f"{KEY}-long"}) == MASK
    assert mask("nothing here", {KEY}) == "nothing here"
    assert mask("nothing here", ()) == "nothing here"


def test_a_percent_encoded_secret_is_masked_too() -> None:
    assert mask("callback?k=eyJ%2Babc%3D%3D", {"eyJ+abc=="}) == f"callback?k={MASK}"

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.protocol.auth import MASK, Credentials, Scheme, accepts, credentials, scrub

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl_-x"


@pytest.mark.parametrize(
    ("authorization", "scheme", "secret"),
    [
        (f"Token {KEY}", Scheme.TOKEN, KEY),
        (f"token {KEY}", Scheme.TOKEN, KEY),
        (f"Bearer {JWT}", Scheme.BEARER, JWT),
        (f"bearer {JWT}", Scheme.BEARER, JWT),
        (f"  BEARER   {JWT}  ", Scheme.BEARER, JWT),
    ],
)
def test_a_header_is_read_whatever_the_case_of_its_scheme(authorization: str, scheme: Scheme, secret: str) -> None:
    assert credentials(authorization) == Credentials(scheme, secret, None)


@pytest.mark.parametrize("authorization", [None, "", "Token", "Token ", KEY, f"Basic {KEY}", f"Token{KEY}"])
def test_a_header_that_is_no_credential_is_none(authorization: str | None) -> None:
    assert credentials(authorization) is None


@pytest.mark.parametrize(
    ("subprotocols", "scheme", "secret"),
    [
        (["token", KEY], Scheme.TOKEN, KEY),
        (["bearer", JWT], Scheme.BEARER, JWT),
        ([f"token, {KEY}"], Scheme.TOKEN, KEY),
        (["token", KEY, "x-deepgram-session-id", "5b9e"], Scheme.TOKEN, KEY),
        (["x-deepgram-session-id", "5b9e", "bearer", JWT], Scheme.BEARER, JWT),
    ],
)
def test_a_subprotocol_is_read_and_echoed_without_the_secret(
    subprotocols: list[str], scheme: Scheme, secret: str
) -> None:
    shown = credentials(None, subprotocols)
    assert shown == Credentials(scheme, secret, str(scheme))


@pytest.mark.parametrize("subprotocols", [[], ["token"], ["token", ""], ["Token", KEY], [KEY, "token"], ["graphql-ws"]])
def test_subprotocols_without_a_credential_are_none(subprotocols: list[str]) -> None:
    assert credentials(None, subprotocols) is None


def test_the_header_wins_and_the_offered_subprotocol_is_echoed_all_the_same() -> None:
    assert credentials(f"Bearer {JWT}", ["token", KEY]) == Credentials(Scheme.BEARER, JWT, "token")
    assert credentials(f"Basic {JWT}", ["token", KEY]) == Credentials(Scheme.TOKEN, KEY, "token")


def test_a_secret_never_shows_in_a_repr() -> None:
    shown = credentials(f"Token {KEY}")
    assert KEY not in f"{shown!r} {shown}"
    assert "TOKEN" in repr(shown)


def test_only_known_keys_are_accepted() -> None:
    keys = frozenset({"another-key", KEY})
    assert accepts(credentials(f"Token {KEY}"), keys)
    assert accepts(credentials(None, ["bearer", KEY]), keys)
    assert not accepts(credentials(f"Token {KEY}x"), keys)
    assert not accepts(credentials(f"Token {KEY[:-1]}"), keys)
    assert not accepts(credentials("Token k\xe9y"), keys)
    assert not accepts(credentials(f"Token {KEY}"), frozenset())
    assert not accepts(None, keys)


def test_without_a_list_of_keys_any_secret_is_accepted_but_none_is_not() -> None:
    assert accepts(credentials("Token anything"), None)
    assert not accepts(None, None)
    assert not accepts(Credentials(Scheme.TOKEN, ""), None)


def test_an_empty_key_in_the_list_opens_nothing() -> None:
    assert not accepts(Credentials(Scheme.TOKEN, ""), frozenset({""}))


@pytest.mark.parametrize(
    ("text", "secrets", "clean"),
    [
        (f"401 for Token {KEY} and {KEY}", [KEY], f"401 for Token {MASK} and {MASK}"),
        ("nothing here", [KEY, ""], "nothing here"),
        ("nothing here", [], "nothing here"),
        ("abcdef abc", ["abc", "abcdef"], f"{MASK} {MASK}"),
        ("key=p%2Fw%26%20d&x=p%2Fw%26+d", ["p/w& d"], f"key={MASK}&x={MASK}"),
        ("a.c abc", ["a.c"], f"{MASK} abc"),
    ],
)
def test_secrets_are_scrubbed(text: str, secrets: list[str], clean: str) -> None:
    assert scrub(text, secrets) == clean


_SECRET = st.text(st.characters(exclude_characters="*"), min_size=1, max_size=8)


@given(st.lists(_SECRET, max_size=4), st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_no_secret_survives_scrubbing(secrets: list[str], pieces: list[str]) -> None:
    text = "".join(piece + secret for piece, secret in zip(pieces * 2, [*secrets, *secrets], strict=False))
    clean = scrub(text, secrets)
    assert not [secret for secret in secrets if secret in clean]


@given(st.none() | st.text(), st.lists(st.text(), max_size=5))
def test_no_request_head_makes_the_reader_raise(authorization: str | None, subprotocols: list[str]) -> None:
    shown = credentials(authorization, subprotocols)
    assert shown is None or shown.secret
    assert accepts(shown, None) == (shown is not None)

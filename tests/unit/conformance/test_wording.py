from __future__ import annotations

import pytest

from harness.conformance.wording import EXCERPT_CHARACTERS, excerpt, has_secret, milliseconds, number, plural, seconds

KEY = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.0001, "0"), (2.0000002, "2"), (1.25, "1.25"), (1e12, "1e+12")]
)
def test_a_number_has_three_decimals_at_most(value: float, text: str) -> None:
    assert number(value) == text


def test_units_and_plurals() -> None:
    assert (seconds(3.2), milliseconds(0.02)) == ("3.2 s", "20 ms")
    assert (plural(1, "frame"), plural(3_200, "byte"), plural(0, "time")) == ("1 frame", "3,200 bytes", "0 times")


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Token {KEY}",
        "{'authorization': 'bearer eyJhbGciOi.eyJzdWIi.abc'}",
        f"['token', '{KEY}']",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
def test_a_key_never_comes_through(text: str) -> None:
    assert has_secret(text)
    assert "***" in excerpt(text)
    assert KEY not in excerpt(text)
    assert "eyJ" not in excerpt(text)


def test_plain_text_is_no_secret() -> None:
    assert not has_secret("token bucket is empty; KeyError: 'results'")


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt("one\n  two") == "one two"
    cut = excerpt("x" * 1000)
    assert len(cut) == EXCERPT_CHARACTERS
    assert cut.endswith("…")

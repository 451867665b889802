"""Two texts as one, with what went and what came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.word_diff import CONTEXT_WORDS, marked, word_diff


def shown(before: str, now: str) -> str:
    return marked(word_diff(before, now), ("[-", "-]"), ("{+", "+}"))


@pytest.mark.parametrize(
    ("before", "now", "diff"),
    [
        ("one two three", "one too three", "one [-two-] {+too+} three"),
        ("one two three", "one three", "one [-two-] three"),
        ("one three", "one two three", "one {+two+} three"),
        ("one two", "", "[-one two-]"),
        ("", "one two", "{+one two+}"),
        ("", "", ""),
        ("one two", "one two", ""),
        ("Well, now then", "well now them", "well now [-then-] {+them+}"),
        ("Well, now", "well now", "[-Well,-] {+well+} now"),
        ("I am here", "I'm here", "[-I am-] {+I'm+} here"),
        ("well-known man", "well-known men", "well-known [-man-] {+men+}"),
        ("a … b c", "a b d", "a [-…-] b [-c-] {+d+}"),
        ("a … b", "a ... b", "a [-…-] {+...+} b"),
        ("a\x1b[31m b", "a c", "[-a\\x1b[31m b-] {+a c+}"),
    ],
)
def test_words_that_went_and_words_that_came(before: str, now: str, diff: str) -> None:
    assert shown(before, now) == diff


def test_what_is_far_from_a_change_is_left_out() -> None:
    words = [f"w{number}" for number in range(50)]
    other = [*words[:25], "here", *words[26:]]
    around = [*words[25 - CONTEXT_WORDS : 25], "[-w25-] {+here+}", *words[26 : 26 + CONTEXT_WORDS]]
    assert shown(" ".join(words), " ".join(other)) == f"… {' '.join(around)} …"


def test_a_long_diff_is_cut_and_says_so() -> None:
    before, now = (" ".join(f"{letter}{number} same same" for number in range(500)) for letter in "ab")
    diff = shown(before, now)
    assert diff.endswith("… and more")
    assert len(diff) < 1000
    assert len(shown("x" * 10_000, "y" * 10_000)) < 200


WORDS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=CONTEXT_WORDS)


@given(before=WORDS, now=WORDS)
def test_short_texts_can_be_told_from_their_diff(before: list[str], now: list[str]) -> None:
    pieces = word_diff(" ".join(before), " ".join(now))
    assert (pieces == []) == (before == now)
    if not pieces:
        return
    assert " ".join(text for kind, text in pieces if kind != "new").split() == before
    assert " ".join(text for kind, text in pieces if kind != "old").split() == now

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import figures


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, "0.0 ms"),
        (0.0004, "0.4 ms"),
        (-0.00001, "0.0 ms"),
        (0.412, "412.0 ms"),
        (-0.25, "-250.0 ms"),
        (1.0, "1.00 s"),
        (61.256, "61.26 s"),
    ],
)
def test_a_duration_is_in_milliseconds_below_a_second_and_never_minus_zero(seconds: float, written: str) -> None:
    assert figures.duration(seconds) == written


def test_a_signed_duration_says_which_way() -> None:
    assert figures.duration(0.4, signed=True) == "+400.0 ms"
    assert figures.duration(-2.0, signed=True) == "-2.00 s"


def test_shares_are_percentages_and_their_differences_points() -> None:
    assert figures.percent(0.0342) == "3.42 %"
    assert figures.percent(1.5) == "150.00 %"
    assert figures.points(0.031) == "+3.10 pp"
    assert figures.points(-0.031) == "-3.10 pp"


def test_a_figure_without_value_says_why() -> None:
    assert figures.duration_or(None, "none came") == "– (none came)"
    assert figures.duration_or(0.5, "none came") == "500.0 ms"


def test_nouns_agree_with_their_number() -> None:
    assert [figures.count(n, "byte") for n in (0, 1, 2)] == ["0 bytes", "1 byte", "2 bytes"]
    assert figures.count(2, "query", "queries") == "2 queries"


def test_milliseconds_lose_needless_zeros() -> None:
    assert [figures.milliseconds(value) for value in (20.0, 62.5)] == ["20 ms", "62.5 ms"]


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("good\rbad", "good bad"),
        ("a\u202etxt.exe", r"a\u202etxt.exe"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("\x9b31m", r"\x9b31m"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("two\nlines\u2028three\x85four", "two lines three four"),
        ("bell\x07 null\x00", r"bell\x07 null\x00"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_a_terminal_obeys_or_hides_becomes_visible(hostile: str, shown: str) -> None:
    assert figures.one_line(hostile) == shown


@pytest.mark.parametrize("text", ["Straße, déjà vu", "नमस्ते", "می\u200cخواهم", "日本語", "שלום", "👩\u200d🚀"])
def test_every_script_is_left_as_it_is(text: str) -> None:
    assert figures.one_line(text) == text


@given(st.text(alphabet=st.characters()))
def test_one_line_holds_nothing_but_printable_characters_and_joiners(text: str) -> None:
    flat = figures.one_line(text)
    assert figures.one_line(flat) == flat
    assert not {unicodedata.category(char) for char in flat if char not in "\u200c\u200d"} & {
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    }


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(min_value=1, max_value=20))
def test_shortened_text_keeps_the_limit(text: str, limit: int) -> None:
    short = figures.shorten(text, limit)
    assert len(short) <= limit
    assert short == figures.one_line(text) or short.endswith("…")


def test_a_cut_is_marked_and_a_text_that_fits_is_whole() -> None:
    assert figures.shorten("one two three", 8) == "one two…"
    assert figures.shorten("one two", 7) == "one two"
    assert figures.shorten("x" + " " * 1000 + "y", 10) == "x…"

"""References with alternatives."""

from __future__ import annotations

import pytest

from harness.errors import BadInput
from harness.scoring.alternates import best_reference
from harness.scoring.normalize import normalizer
from harness.scoring.paired import score_pairs

BASIC = normalizer("basic")


@pytest.mark.parametrize(
    ("reference", "hypothesis", "best"),
    [
        ("the {colour / color} red", "the color red", "the color red"),
        ("the {Colour / color} red", "The colour, red.", "the colour red"),
        ("{uh / @} yes", "yes", "yes"),
        ("{uh / @} yes", "uh yes", "uh yes"),
        ("{going to / gonna} {go / leave}", "gonna leave", "gonna leave"),
        ("{a / b}", "c", "a"),
        ("no braces", "at all", "no braces"),
        ("open {24/7 / all day}", "open 24 7", "open 24 7"),
        ("open {24/7 / all day}", "open 24", "open 24 7"),
        ("the {colour/color} red", "the color red", "the color red"),
        ("{ um / uh / @ } yes", "yes", "yes"),
    ],
)
def test_the_alternatives_that_fit_best_are_taken(reference: str, hypothesis: str, best: str) -> None:
    assert best_reference(reference, hypothesis, BASIC, "r").text == best


def test_a_reference_without_alternatives_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search takes a step for every pair of words: minutes for an hour of speech."""
    monkeypatch.delattr("harness.scoring.alternates._through")
    assert best_reference("No braces, no choice.", "none", BASIC, "r").text == "no braces no choice"


@pytest.mark.parametrize("reference", ["{a / b", "a }", "{a / {b / c}}"])
def test_braces_that_do_not_pair_are_bad_input(reference: str) -> None:
    with pytest.raises(BadInput, match="r: a brace without its partner"):
        best_reference(reference, "a", BASIC, "r")


@pytest.mark.parametrize(
    ("reference", "hypothesis", "first"),
    [("{a / b} {c / d}", "x", "a c"), ("{a / b} {c / a}", "a", "a c"), ("{a b / a} {@ / b}", "a b", "a b")],
)
def test_of_equals_the_earlier_alternative_of_the_first_group_is_taken(
    reference: str, hypothesis: str, first: str
) -> None:
    """The last choices of these are equal in errors, and so are others that start with a later one."""
    assert best_reference(reference, hypothesis, BASIC, "r").text == first


def test_a_choice_is_known_as_written_and_by_its_pieces() -> None:
    chosen = best_reference("The {Colour / Color} of {uh / @} money.", "the color of money", BASIC, "r")
    assert chosen.written.split() == ["The", "Color", "of", "money."]
    assert [piece.words for piece in chosen.pieces] == [("the",), ("color",), ("of",), (), ("money",)]


def test_each_side_has_the_alternatives_that_fit_it() -> None:
    paired = score_pairs({"a": "{colour / color} two"}, {"a": "color two"}, {"a": "colour too"}, BASIC, alternates=True)
    assert (paired.streaming.words.errors, paired.prerecorded.words.errors) == (0, 1)
    assert paired.streaming.normalizer == "basic@1"


def test_without_being_asked_braces_are_text() -> None:
    paired = score_pairs({"a": "{x / y}"}, {"a": "x"}, {"a": "x y"}, BASIC)
    assert (paired.streaming.words.errors, paired.prerecorded.words.errors) == (1, 0)

"""References with alternatives."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.scoring.alignment import align_words
from harness.scoring.alternates import best_reference
from harness.scoring.normalize import normalizer
from harness.scoring.paired import score_pairs

BASIC = normalizer("basic")


def errors(reference: str, hypothesis: str) -> int:
    [(_, counts)] = align_words([reference], [hypothesis])
    return counts.errors


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
    assert best_reference(reference, hypothesis, BASIC, "r") == best


def test_a_reference_without_alternatives_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search takes a step for every pair of words: minutes for an hour of speech."""
    monkeypatch.delattr("harness.scoring.alternates._through")
    assert best_reference("No braces, no choice.", "none", BASIC, "r") == "no braces no choice"


@pytest.mark.parametrize("reference", ["{a / b", "a }", "{a / {b / c}}"])
def test_braces_that_do_not_pair_are_bad_input(reference: str) -> None:
    with pytest.raises(BadInput, match="r: a brace without its partner"):
        best_reference(reference, "a", BASIC, "r")


WORD = st.sampled_from("abc")
SLOTS = st.lists(st.lists(st.lists(WORD, max_size=2), min_size=1, max_size=3), max_size=4)


@given(slots=SLOTS, heard=st.lists(WORD, max_size=7))
def test_no_other_choice_has_fewer_errors(slots: list[list[list[str]]], heard: list[str]) -> None:
    reference = " ".join("{" + " / ".join(" ".join(words) or "@" for words in slot) + "}" for slot in slots)
    hypothesis = " ".join(heard)
    best = best_reference(reference, hypothesis, BASIC, "r")
    choices = [" ".join(word for words in chosen for word in words) for chosen in product(*slots)]
    assert best in choices
    assert errors(best, hypothesis) == min(errors(choice, hypothesis) for choice in choices)


def test_each_side_has_the_alternatives_that_fit_it() -> None:
    paired = score_pairs({"a": "{colour / color} two"}, {"a": "color two"}, {"a": "colour too"}, BASIC, alternates=True)
    assert (paired.streaming.words.errors, paired.prerecorded.words.errors) == (0, 1)
    assert paired.streaming.normalizer == "basic@1"


def test_without_being_asked_braces_are_text() -> None:
    paired = score_pairs({"a": "{x / y}"}, {"a": "x"}, {"a": "x y"}, BASIC)
    assert (paired.streaming.words.errors, paired.prerecorded.words.errors) == (1, 0)

from __future__ import annotations

import pytest

from harness.scoring.alignment import Alignment, Run, align_words
from harness.scoring.alternates import best_reference
from harness.scoring.extra_errors import extra_errors, hits, word_errors
from harness.scoring.normalize import normalizer
from harness.scoring.places import places_of


def aligned(reference: str, hypothesis: str) -> Alignment:
    [(alignment, _)] = align_words([reference], [hypothesis])
    return alignment


def extra(reference: str, streaming: str, prerecorded: str) -> list[tuple[str, str, str]]:
    found = extra_errors(aligned(reference, streaming), aligned(reference, prerecorded))
    return [(error.kind, error.reference, error.hypothesis) for error in found]


def test_every_error_has_its_place_in_both_texts() -> None:
    path: tuple[Run, ...] = (("equal", 1), ("substitute", 1), ("delete", 1), ("equal", 1), ("insert", 1))
    errors = list(word_errors(Alignment("a b c d", "a x d e", path)))
    assert [(e.kind, e.reference, e.hypothesis, e.reference_at, e.hypothesis_at) for e in errors] == [
        ("substitute", "b", "x", 1, 1),
        ("delete", "c", "", 2, 2),
        ("insert", "", "e", 4, 3),
    ]


def test_hits_say_where_each_word_was_heard() -> None:
    assert hits(aligned("a b c d", "x a c d")) == {0: 1, 2: 2, 3: 3}


def test_the_same_text_has_no_extra_error() -> None:
    assert extra("the cat sat", "a cat sit", "a cat sit") == []


def test_a_word_that_only_streaming_has_wrong() -> None:
    assert extra("the cat sat", "the bat sat", "the cat sat") == [("substitute", "cat", "bat")]
    assert extra("the cat sat", "the sat", "the cat sat") == [("delete", "cat", "")]
    assert extra("the cat sat", "the cat sat down", "the cat sat") == [("insert", "", "down")]


def test_a_word_that_both_have_wrong_is_no_extra_error_whatever_each_heard() -> None:
    assert extra("the cat sat", "the bat sat", "the rat sat") == []
    assert extra("the cat sat", "the sat", "the rat sat") == []


def test_a_word_that_only_prerecorded_has_wrong_is_no_extra_error() -> None:
    assert extra("the cat sat", "the cat sat", "the bat sat") == []


def test_of_insertions_at_one_place_those_that_both_have_are_none() -> None:
    assert extra("go home", "go uh well home", "go well home") == [("insert", "", "uh")]
    assert extra("go home", "go uh well home", "go so home") == [("insert", "", "well")]
    assert extra("go home", "go uh home", "go so home") == []


def test_where_both_heard_the_same_another_tie_makes_no_extra_error() -> None:
    """Which of two equal words is missing is the aligner's choice, and words further on may decide it."""
    ours = Alignment("a b b d", "a b d", (("equal", 1), ("delete", 1), ("equal", 2)))
    theirs = Alignment("a b b d", "a b d e", (("equal", 2), ("delete", 1), ("equal", 1), ("insert", 1)))
    assert extra_errors(ours, theirs) == ()


@pytest.mark.parametrize(
    ("streaming", "prerecorded", "found"),
    [
        ("i am gonna go", "i am going to go", []),
        ("i am gonna go", "i am goin to go", []),
        ("i am gone go", "i am going to go", [("substitute", "gonna", "gone")]),
        ("i am uh gonna go", "i am going to go", [("insert", "", "uh")]),
        ("i am gonna uh go", "i am uh going to go", []),
        ("i am uh gonna well now go", "i am going too well go", [("insert", "", "now")]),
        ("i were gonna go", "i was going to go", []),
    ],
)
def test_a_group_of_which_each_has_another_alternative_is_one_place_with_what_is_beside_it(
    streaming: str, prerecorded: str, found: list[tuple[str, str, str]]
) -> None:
    said = "i am {gonna / going to} go"
    ours, theirs = (best_reference(said, heard, normalizer("basic"), "r") for heard in (streaming, prerecorded))
    sides = aligned(ours.text, streaming), aligned(theirs.text, prerecorded)
    errors = extra_errors(*sides, places_of(ours, theirs))
    assert [(error.kind, error.reference, error.hypothesis) for error in errors] == found

from __future__ import annotations

from harness.scoring.alternates import best_reference
from harness.scoring.normalize import normalizer
from harness.scoring.places import Places, places_of, same_words

SAID = "so {going to / gonna} {@ / uh} go"


def places(streaming: str, prerecorded: str) -> tuple[Places, Places]:
    ours, theirs = (best_reference(SAID, heard, normalizer("basic"), "r") for heard in (streaming, prerecorded))
    return places_of(ours, theirs)


def numbers(side: Places, words: int) -> tuple[list[int], list[int]]:
    return [side.of_word(at) for at in range(words)], [side.of_gap(at) for at in range(words + 1)]


def test_words_and_gaps_of_one_reference_alternate() -> None:
    assert numbers(same_words(2), 2) == ([1, 3], [0, 2, 4])
    ours, theirs = places("so gonna go", "so gonna go")
    assert numbers(ours, 3) == numbers(theirs, 3) == numbers(same_words(3), 3)


def test_words_of_other_alternatives_lie_in_the_gap_between_those_of_both() -> None:
    ours, theirs = places("so gonna uh go", "so going to go")
    assert numbers(ours, 4) == ([1, 2, 2, 3], [0, 2, 2, 2, 4])
    assert numbers(theirs, 4) == ([1, 2, 2, 3], [0, 2, 2, 2, 4])
    assert [ours.is_shared(at) for at in range(4)] == [True, False, False, True]


def test_an_alternative_of_no_words_has_the_gap_all_the_same() -> None:
    ours, theirs = places("so gonna go", "so gonna uh go")
    assert numbers(ours, 3) == ([1, 3, 5], [0, 2, 4, 6])
    assert numbers(theirs, 4) == ([1, 3, 4, 5], [0, 2, 4, 4, 6])

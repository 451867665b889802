from __future__ import annotations

from harness.scoring.alternates import best_reference
from harness.scoring.extra_errors import extra_errors
from harness.scoring.normalize import normalizer
from harness.scoring.places import places_of
from harness.scoring.text_hints import TextHints
from harness.scoring.wer import score

BASIC = normalizer("basic")
CUT = "streaming alone ends a sentence beside it, as where a segment was cut"


def hints(reference: str, streaming: str, prerecorded: str) -> list[str | None]:
    ours, theirs = (score(reference, text, BASIC).alignment for text in (streaming, prerecorded))
    found = TextHints(streaming, ours, prerecorded, theirs, BASIC)
    return [found.about(error) for error in extra_errors(ours, theirs)]


def test_a_sentence_that_ends_in_streaming_alone() -> None:
    whole = "Under the bridge, but he saw"
    assert hints("under the bridge but he saw", "Under the bridge. He saw", whole) == [CUT]
    assert hints("under the bridge but he saw", "Under the bridge. Bat he saw", whole) == [CUT]
    assert hints("under the bridge but he saw", "Under the bridge bat. He saw", whole) == [CUT]


def test_a_sentence_that_ends_in_both_or_elsewhere_hints_at_nothing() -> None:
    assert hints("under the bridge but he saw", "Under the bridge. He saw", "Under the bridge. But he saw") == [None]
    assert hints("under the bridge but he saw", "Under. The bridge he saw", "Under the bridge, but he saw") == [None]


def test_a_sentence_ends_after_a_word_and_not_between_its_parts() -> None:
    assert hints("uh so huh then", "Uh-huh. Then", "Uh, so, huh. Then") == [None]


def test_the_end_of_the_text_is_no_sentence_that_streaming_alone_ends() -> None:
    assert hints("he saw it", "He saw hit.", "He saw it") == [None]


def test_what_is_missing_with_all_that_follows() -> None:
    assert (
        hints("he saw it then", "he saw", "he saw it then")
        == ["it is missing with all that follows it, as when a tail is lost"] * 2
    )


def test_a_word_that_is_there_twice() -> None:
    [hint] = hints("the american institute", "the American American institute", "the American institute")
    assert hint == "it is there twice, as where two segments or connections both heard it"
    assert hints("the american institute", "the old American institute", "the American institute") == [None]


def test_a_sentence_that_ends_in_both_beside_other_alternatives() -> None:
    """The end lies after the third word of the one reference, and after the fourth of the other."""
    said, streaming = "{gonna / going to} go home but he saw", "Gonna go home. Bat he saw"
    for prerecorded, hint in (("Going to go home. But he saw", None), ("Going to go home, but he saw", CUT)):
        chosen = [best_reference(said, heard, BASIC, "r") for heard in (streaming, prerecorded)]
        sides = zip(chosen, (streaming, prerecorded), strict=True)
        ours, theirs = (score(one.text, heard, BASIC).alignment for one, heard in sides)
        places = places_of(chosen[0], chosen[1])
        [error] = extra_errors(ours, theirs, places)
        assert TextHints(streaming, ours, prerecorded, theirs, BASIC, places).about(error) == hint

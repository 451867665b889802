from __future__ import annotations

from harness.scoring.alignment import Alignment
from harness.scoring.normalize import normalizer
from harness.scoring.respelling import Spelling, Stretch, stretches
from harness.scoring.wer import score

BASIC = normalizer("basic")


def respelled(reference: str, hypothesis: str, under: str = "basic") -> list[tuple[str, str, str]]:
    """The parts of both sides that are found equal, with the first words of what shows it."""
    normalise = normalizer(under)
    alignment = score(reference, hypothesis, normalise).alignment
    spelling = Spelling(reference, hypothesis, alignment, normalise)
    said, heard = alignment.reference, alignment.hypothesis
    return [
        (
            " ".join(said[part.reference_from : part.reference_to]),
            " ".join(heard[part.hypothesis_from : part.hypothesis_to]),
            how.split("+")[0],
        )
        for stretch in stretches(alignment)
        for part, how in spelling.respelled(stretch)
    ]


def test_stretches_are_the_errors_between_hits() -> None:
    alignment = Alignment("a b c d", "a x c d e", (("equal", 1), ("substitute", 1), ("equal", 2), ("insert", 1)))
    assert stretches(alignment) == [Stretch(1, 2, 1, 2), Stretch(4, 4, 4, 5)]


def test_numbers_compounds_contractions_and_fillers() -> None:
    joined = "the same letters, joined or split otherwise"
    assert respelled("we saw twenty one ships", "we saw 21 ships") == [
        ("twenty one", "21", "equal under whisper-english@1")
    ]
    assert respelled("the mainhall door", "the main hall door") == [("mainhall", "main hall", joined)]
    assert respelled("i am here", "i'm here") == [("i am", "i'm", "equal under whisper-english@1")]
    assert respelled("well yes", "well um yes") == [("", "um", "equal under whisper-english@1")]


def test_case_and_punctuation_where_texts_are_scored_as_they_are() -> None:
    assert respelled("Yes, indeed", "yes indeed", "none") == [("Yes,", "yes", "equal under basic@1")]


def test_a_sign_that_scoring_leaves_out_is_seen_as_it_was_written() -> None:
    [(said, heard, how)] = respelled("about ninety percent", "about 90%")
    assert (said, heard) == ("ninety percent", "90")
    assert how.startswith("equal under whisper-english@1")


def test_a_part_of_a_longer_stretch() -> None:
    found = respelled("we counted twenty one items", "we counted 21 times")
    assert [(said, heard) for said, heard, _ in found] == [("twenty one", "21")]


def test_other_words_are_no_matter_of_writing() -> None:
    assert respelled("the mooring rope", "the morning rope") == []


def test_the_same_word_on_both_sides_is_where_the_alignment_put_it() -> None:
    alignment = Alignment("a b", "b c", (("substitute", 2),))
    assert Spelling("a b", "b c", alignment, BASIC).respelled(Stretch(0, 2, 0, 2)) == []


def test_a_long_stretch_is_looked_at_as_a_whole_only() -> None:
    words = [f"w{number}" for number in range(60)]
    said = " ".join(["mister", *words])
    assert respelled(said, "mr") == []
    # Not even for words that a normaliser leaves out: every place between two words would be one for them.
    assert respelled(" ".join(words[:20]), " ".join(["um"] * 30)) == []

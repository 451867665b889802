from __future__ import annotations

import random

import jiwer
import pytest

from harness.scoring.alignment import Operation, align_words, count_characters
from harness.scoring.error_rate import ErrorRate


def test_runs_of_words_keep_replace_lose_and_add() -> None:
    [(alignment, counts)] = align_words(["the cat sat down on mats"], ["the dog sat on mats and rugs"])
    assert alignment.operations == (
        Operation("equal", ("the",), ("the",)),
        Operation("substitute", ("cat",), ("dog",)),
        Operation("equal", ("sat",), ("sat",)),
        Operation("delete", ("down",), ()),
        Operation("equal", ("on", "mats"), ("on", "mats")),
        Operation("insert", (), ("and", "rugs")),
    )
    assert counts == ErrorRate(hits=4, substitutions=1, deletions=1, insertions=2)


def test_the_operations_spell_both_texts_again() -> None:
    [(alignment, _)] = align_words(["a b c"], ["b d c e"])
    assert alignment.reference == ("a", "b", "c")
    assert alignment.hypothesis == ("b", "d", "c", "e")


def test_any_white_space_separates_words() -> None:
    [(alignment, counts)] = align_words(["one\ttwo\u00a0three\n"], [" one  two three"])
    assert alignment.operations == (Operation("equal", ("one", "two", "three"), ("one", "two", "three")),)
    assert counts.errors == 0


@pytest.mark.parametrize(
    ("reference", "hypothesis", "operations", "counts"),
    [
        ("", "", (), ErrorRate(0, 0, 0, 0)),
        ("", "a b", (Operation("insert", (), ("a", "b")),), ErrorRate(0, 0, 0, 2)),
        ("a b", "", (Operation("delete", ("a", "b"), ()),), ErrorRate(0, 0, 2, 0)),
        (" \n", "a", (Operation("insert", (), ("a",)),), ErrorRate(0, 0, 0, 1)),
    ],
)
def test_an_empty_side_is_all_insertions_or_all_deletions(
    reference: str, hypothesis: str, operations: tuple[Operation, ...], counts: ErrorRate
) -> None:
    [(alignment, found)] = align_words([reference], [hypothesis])
    assert (alignment.operations, found) == (operations, counts)


def test_items_are_aligned_one_by_one_even_beside_empty_ones() -> None:
    counts = [counts for _, counts in align_words(["a", "", "b c"], ["a", "x", "b"])]
    assert counts == [ErrorRate(1, 0, 0, 0), ErrorRate(0, 0, 0, 1), ErrorRate(1, 0, 1, 0)]


def test_characters_count_the_space_between_words_and_no_other() -> None:
    assert count_characters(["to day", " a  b ", ""], ["today", "a b", "xy"]) == [
        ErrorRate(hits=5, substitutions=0, deletions=1, insertions=0),
        ErrorRate(hits=3, substitutions=0, deletions=0, insertions=0),
        ErrorRate(hits=0, substitutions=0, deletions=0, insertions=2),
    ]


def test_characters_of_a_long_text_are_split_as_jiwer_splits_them() -> None:
    """Several paths are equally short here; which one is found depends on how a text is divided."""
    chance = random.Random(11)
    said = [chance.choice(("ba", "bana")) for _ in range(800)]
    heard = [
        chance.choice(("ba", "bana")) if chance.random() < 0.1 else word for word in said if chance.random() > 0.05
    ]
    texts = [" ".join(said)] * 2, [" ".join(heard), " ".join(said[:200] + heard * 3)]
    theirs = jiwer.process_characters(*texts)
    total = sum(count_characters(*texts), ErrorRate.zero())
    assert total == ErrorRate(theirs.hits, theirs.substitutions, theirs.deletions, theirs.insertions)


def test_what_jiwer_itself_says_of_empty_references() -> None:
    """The reason for our own rule: jiwer's rate is then a count of insertions, 2 here, which no rate should be."""
    invented, silent = jiwer.process_words([""], ["a b"]), jiwer.process_words([""], [""])
    assert (invented.wer, invented.mer, invented.wil) == (2, 1, 1)
    assert (silent.wer, silent.mer, silent.wil) == (0, 0, 0)

"""Phrases that matter, counted apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.scoring.alignment import align_words
from harness.scoring.entities import EntityCount, count_entities, read_entities
from harness.scoring.normalize import normalizer

BASIC = normalizer("basic")


def counted(phrase: str, *texts: tuple[str, str]) -> EntityCount:
    alignments = [alignment for alignment, _ in align_words([said for said, _ in texts], [heard for _, heard in texts])]
    (one,) = count_entities([phrase], alignments, BASIC)
    return one


def test_a_phrase_is_hit_when_all_of_it_is_right_and_together() -> None:
    assert counted("New York", ("in new york now", "in new york now")) == EntityCount("New York", 1, 1, 0)
    assert counted("New York", ("in new york now", "in new yolk now")) == EntityCount("New York", 1, 0, 0)
    assert counted("New York", ("in new york now", "in new old york now")) == EntityCount("New York", 1, 0, 0)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("call new york", "call new new york"),
        ("call new york", "call new york york"),
        ("call new new york", "call new york"),
        ("new york or new new york", "new new york or new york"),
    ],
)
def test_it_is_enough_that_one_of_the_shortest_alignments_has_a_phrase_whole(said: str, heard: str) -> None:
    found = counted("new york", (said, heard))
    assert (found.missed, found.false_alarms) == (0, 0)


@pytest.mark.parametrize(
    ("phrase", "said", "heard", "hits", "false_alarms"),
    [
        ("a a", "a a a", "a a", 1, 0),
        ("a b", "a b x", "y z a b", 1, 0),
        ("b", "b x y z", "x y z b", 0, 1),
        # All shortest alignments of these were gone through: no one has a hit more.
        ("a a", "a a a", "a a b a a b", 1, 1),
        ("a", "b b a a b b a", "a b b a a", 2, 1),
        ("b b", "b a a b b b", "b b b", 2, 0),
        ("a", "a b a", "a a b", 2, 0),
        ("a", "b b a a", "a b a", 1, 1),
    ],
)
def test_hits_are_those_that_one_alignment_can_have(
    phrase: str, said: str, heard: str, hits: int, false_alarms: int
) -> None:
    found = counted(phrase, (said, heard))
    assert (found.hits, found.false_alarms) == (hits, false_alarms)


def test_phrases_that_the_normaliser_makes_the_same_count_once() -> None:
    alignments = [alignment for alignment, _ in align_words(["in new york"], ["in new york"])]
    assert count_entities(["New York", "new york!", "York"], alignments, BASIC) == (
        EntityCount("New York", 1, 1, 0),
        EntityCount("York", 1, 1, 0),
    )


def test_a_phrase_heard_where_nobody_said_it_is_a_false_alarm() -> None:
    found = counted("York", ("new york", "new york york"), ("pork", "york"))
    assert (found.occurrences, found.hits, found.missed, found.false_alarms, found.rate) == (1, 1, 0, 2, 2.0)


def test_a_phrase_that_never_occurs_has_no_rate() -> None:
    assert counted("Rome", ("a", "a")).rate is None
    assert counted("!?", ("a", "a")) == EntityCount("!?")


def test_a_list_has_a_phrase_a_line() -> None:
    assert read_entities("# names\nNew York\n\n Rome \nRome\n", "list") == ("New York", "Rome")
    with pytest.raises(BadInput, match="list: there is no phrase"):
        read_entities("# none\n", "list")


TEXT = st.lists(st.sampled_from("abc"), max_size=8).map(" ".join)


@given(phrase=st.lists(st.sampled_from("abc"), min_size=1, max_size=2).map(" ".join), said=TEXT, heard=TEXT)
def test_hits_and_misses_are_the_occurrences_and_false_alarms_the_rest(phrase: str, said: str, heard: str) -> None:
    found = counted(phrase, (said, heard))
    length = len(phrase.split())

    def occurrences(text: str) -> int:
        words = text.split()
        return sum(words[place : place + length] == phrase.split() for place in range(len(words)))

    assert found.occurrences == occurrences(said)
    assert found.hits + found.false_alarms == occurrences(heard)
    assert counted(phrase, (said, said)).missed == 0

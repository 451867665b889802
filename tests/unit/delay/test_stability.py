"""How much was taken back, counted by hand."""

from __future__ import annotations

import pytest

from harness.scoring.delay import Stream
from harness.scoring.stability import Stability, stability
from tests.timed_session import Said, TimedSession


def words(text: str, start: float = 0.0) -> list[Said]:
    """The words of a text, each 0.2 s long."""
    return [(word, start + 0.2 * n, start + 0.2 * (n + 1)) for n, word in enumerate(text.split())]


def shown(*texts: str) -> Stability:
    """The counts of one segment: interims that reach ever further, and at last its final."""
    session = TimedSession().audio(9.0)
    for number, text in enumerate(texts):
        end = 3.0 + number / 10
        session.results(end + 1.2, 0.0, end, words(text), is_final=number == len(texts) - 1)
    return counted(session)


def counted(session: TimedSession) -> Stability:
    return stability([reading.display for reading in Stream.of(session.finish()).readings])


def test_interims_that_only_grow_are_stable() -> None:
    assert shown("please", "please book", "please book a table") == Stability(interims=2, segments=1, words=4)


def test_a_changed_word_is_unstable_and_what_follows_it_is_erased() -> None:
    assert shown("please cook a table", "please book a table for two") == Stability(
        interims=1, revisions=1, segments=1, unstable_segments=1, words=6, unstable_words=1, erased_words=3
    )


def test_a_word_changed_twice_counts_twice() -> None:
    found = shown("sea", "see", "sea")
    assert (found.unstable_words, found.revisions, found.unstable_word_ratio) == (2, 2, 2.0)


def test_a_word_that_vanishes_is_unstable() -> None:
    found = shown("please book", "please")
    assert (found.unstable_words, found.erased_words) == (1, 1)


def test_a_word_put_in_moves_what_stood_behind_it() -> None:
    found = shown("please a table", "please book a table")
    assert (found.unstable_words, found.erased_words, found.revisions) == (0, 2, 1)


def test_case_and_punctuation_are_counted_by_themselves() -> None:
    found = shown("please book", "Please book.")
    assert found == Stability(interims=1, segments=1, words=2, reformatted_words=2)


def test_a_final_that_ends_before_its_interim_takes_nothing_back() -> None:
    session = TimedSession().audio(5.0).interim(4.0, 2.4, words("one two three four"))
    session.final(4.2, 0.4, words("one two")).interim(4.6, 3.0, words("three four five", 0.4), start=0.4)
    session.final(5.0, 3.2, words("three four five", 0.4), start=0.4)
    assert counted(session) == Stability(interims=2, segments=2, words=5)


def test_what_a_short_final_leaves_standing_can_still_be_taken_back() -> None:
    session = TimedSession().audio(5.0).interim(4.0, 2.4, words("one two three")).final(4.2, 0.4, words("one two"))
    found = counted(session.final(4.6, 3.0, words("tree", 0.4), start=0.4))
    assert (found.unstable_words, found.unstable_segments, found.segments) == (1, 1, 2)


def test_channels_do_not_revise_each_other() -> None:
    session = TimedSession().audio(5.0).interim(3.0, 1.0, words("left")).interim(3.1, 1.0, words("right"), channel=1)
    session.final(3.5, 1.2, words("left")).final(3.6, 1.2, words("right"), channel=1)
    assert counted(session) == Stability(interims=2, segments=2, words=2)


def test_an_interim_that_was_withdrawn_altogether_makes_a_segment() -> None:
    assert shown("uh", "") == Stability(
        interims=1, revisions=1, segments=1, unstable_segments=1, unstable_words=1, erased_words=1
    )


def test_silence_is_no_segment() -> None:
    assert shown("", "") == Stability()


def test_an_empty_interim_between_takes_back_and_gives_again() -> None:
    found = shown("please", "", "please")
    assert (found.unstable_words, found.interims) == (1, 1)


def test_ratios_follow_from_counts_that_add() -> None:
    total = shown("please cook", "please book") + shown("one", "one two")
    assert (total.unstable_word_ratio, total.unstable_segment_ratio) == (0.25, 0.5)
    assert total.normalized_erasure == pytest.approx(0.25)


def test_without_words_there_is_no_ratio() -> None:
    nothing = Stability()
    assert (nothing.unstable_word_ratio, nothing.unstable_segment_ratio, nothing.normalized_erasure) == (None,) * 3


def test_a_new_connection_takes_back_only_what_it_says_otherwise() -> None:
    session = TimedSession().audio(2.0).interim(2.6, 1.6, words("one two three four"))
    session.reconnect().audio(3.0, at_s=5.0).interim(5.5, 0.4, words("one too")).interim(
        6.0, 0.65, words("one two tree")
    )
    session.final(7.0, 1.0, words("one two three four"))
    stream = Stream.of(session.finish(), {0: [(0.0, 0.0)], 1: [(0.0, 0.0)]})
    found = stability([reading.display for reading in stream.readings])
    # «two» to «too» and back, «three» to «tree» and back; «four» was never touched.
    assert (found.unstable_words, found.words) == (4, 4)


def test_counts_do_not_add_to_other_things() -> None:
    with pytest.raises(TypeError):
        Stability() + 1  # type: ignore[operator]

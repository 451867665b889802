"""What a viewer had read some time after each word was spoken, counted by hand."""

from __future__ import annotations

from harness.scoring.delay import Stream
from harness.scoring.delayed_wer import DELAYS_WALL_S, delayed_reads
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import normalizer
from harness.scoring.reading import read_over_time
from tests.timed_session import Said, TimedSession

PLEASE, BOOK, TABLE = ("please", 0.2, 0.6), ("book", 0.6, 1.0), ("table", 1.2, 1.8)
FINAL: list[Said] = [PLEASE, BOOK, TABLE]


def errors(session: TimedSession, *references: str) -> dict[float | None, tuple[ErrorRate, ErrorRate | None]]:
    stream = Stream.of(session.finish())
    rows = delayed_reads(stream.readings, stream.sending, normalizer("basic"), references)
    return {row.delay_wall_s: (row.final, row.reference) for row in rows}


def booking() -> TimedSession:
    """The words' ends are sent at 1.5, 1.9 and 2.7 s; they are shown at 2.3 (one wrong), 3.2 and 3.2 s."""
    session = TimedSession().audio(3.0).interim(2.3, 1.0, [PLEASE, ("cook", 0.6, 1.0)])
    return session.interim(3.2, 2.0, FINAL).final(3.5, 2.2, FINAL)


def test_each_word_is_looked_at_when_its_time_has_come() -> None:
    found = {delay: final for delay, (final, _) in errors(booking()).items()}
    assert found == {
        0.0: ErrorRate(0, 0, 3, 0),
        0.25: ErrorRate(0, 0, 3, 0),
        0.5: ErrorRate(1, 1, 1, 0),  # «book» at 2.4 s reads «cook», «table» at 3.2 s is just there
        1.0: ErrorRate(2, 1, 0, 0),
        2.0: ErrorRate(3, 0, 0, 0),
        3.0: ErrorRate(3, 0, 0, 0),
        5.0: ErrorRate(3, 0, 0, 0),
        None: ErrorRate(3, 0, 0, 0),
    }


def test_the_reference_says_what_waiting_gains() -> None:
    found = errors(booking(), "Please book that table.")
    assert found[1.0][1] == ErrorRate(2, 1, 1, 0)
    assert found[None][1] == ErrorRate(3, 0, 1, 0)


def test_the_end_is_the_final_transcript_whatever_stood_there_last() -> None:
    session = booking().interim(3.9, 2.9, [("and", 2.3, 2.6)], start=2.2)
    assert errors(session)[None] == (ErrorRate(3, 0, 0, 0), None)


def test_words_that_were_taken_back_later_are_read_beside_the_word_before_them() -> None:
    session = TimedSession().audio(3.0).interim(2.3, 1.0, [PLEASE, ("uh", 0.6, 0.8)]).final(9.0, 2.2, [PLEASE])
    found = errors(session)
    assert found[1.0][0] == ErrorRate(1, 0, 0, 1)
    assert found[None][0] == ErrorRate(1, 0, 0, 0)


def test_words_behind_the_last_final_one_are_read_with_it_until_they_are_taken_back() -> None:
    session = TimedSession().audio(3.0).final(2.4, 1.0, [PLEASE])
    session.interim(2.9, 2.0, [("uh", 1.6, 1.8)], start=1.0).final(6.0, 3.0, [], start=1.0)
    found = errors(session)
    assert [found[delay][0].insertions for delay in (1.0, 2.0, 3.0, 5.0, None)] == [0, 1, 1, 0, 0]


def test_channels_are_read_each_and_scored_each_where_the_references_are() -> None:
    session = TimedSession().audio(3.0).final(2.4, 1.2, [PLEASE]).final(2.6, 1.2, [BOOK], channel=1)
    assert errors(session, "please", "book")[None][1] == ErrorRate(2, 0, 0, 0)
    assert errors(session, "book", "please")[None][1] == ErrorRate(0, 2, 0, 0)
    assert errors(session, "please book")[None][1] == ErrorRate(2, 0, 0, 0)


def test_a_word_without_times_is_read_with_the_one_before_it() -> None:
    session = TimedSession(flux=True).audio(3.0).turn_info(2.0, "StartOfTurn", 0.9, [("Call", 0.4, 0.8)])
    session.turn_info(2.9, "EndOfTurn", 1.6, [("Call", 0.4, 0.8), ("me", 0, 0)], timed=False)
    # Neither has a time in the end, so both are read from the first audio on: at 1.0 s.
    found = errors(session)
    assert found[1.0][0] == ErrorRate(1, 0, 1, 0)
    assert found[2.0][0] == ErrorRate(2, 0, 0, 0)


def test_not_in_real_time_there_is_nothing_to_read() -> None:
    session = TimedSession(speed=4.0).audio(3.0).final(3.5, 2.2, FINAL)
    assert errors(session) == {}


def test_without_words_or_audio_there_is_nothing_to_read() -> None:
    assert errors(TimedSession().audio(3.0)) == {}
    assert errors(TimedSession().final(3.5, 2.2, FINAL)) == {}


def test_every_delay_and_the_end_have_a_row() -> None:
    assert list(errors(booking())) == [*DELAYS_WALL_S, None]


def test_a_words_place_is_empty_again_when_the_word_vanishes() -> None:
    session = TimedSession().audio(3.0).interim(2.3, 1.0, [PLEASE, BOOK]).interim(2.8, 1.4, [PLEASE])
    stream = Stream.of(session.final(3.5, 2.2, FINAL).finish())
    reading = read_over_time(stream.readings[0].display)
    assert [reading.text_at(1, at_s) for at_s in (2.2, 2.3, 2.8, 3.5)] == ["", "book", "", "book"]
    assert reading.shown_s(1) == 2.3


def test_an_interim_reads_against_as_far_as_it_reaches() -> None:
    # What is heard as «three» is the first word misheard: nothing that was said of the third yet.
    said: list[Said] = [(word, 0.2 * n, 0.2 * n + 0.2) for n, word in enumerate(["one", "two", "three"])]
    session = TimedSession().audio(3.0).interim(1.9, 0.2, [("three", 0.0, 0.2)]).final(3.0, 1.0, said)
    first, second, third = Stream.of(session.finish()).readings[0].sights
    assert [(sight.at_s, sight.text, sight.right) for sight in first] == [(1.9, "three", False), (3.0, "one", True)]
    assert (second[0].at_s, third[0].at_s) == (3.0, 3.0)


def test_what_a_short_final_leaves_standing_is_read() -> None:
    session = TimedSession().audio(3.0).interim(2.9, 2.0, FINAL).final(3.2, 1.0, [PLEASE, BOOK])
    reading = Stream.of(session.final(4.0, 2.2, [TABLE], start=1.0).finish()).readings[0]
    assert [reading.text_at(2, at_s) for at_s in (2.8, 2.9, 3.2, 4.0)] == ["", "table", "table", "table"]

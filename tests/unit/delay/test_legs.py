"""Sessions of several connections: times on the source's timeline."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from harness.ledger import LegSpan
from harness.recording.entries import Binary, Direction
from harness.scoring.delay import Delays, Stream, delays
from harness.scoring.delay_measure import DelayMeasure
from harness.scoring.sending import Pieces, Sending, pieces_of
from tests.timed_session import TimedSession

PLEASE, BOOK = ("please", 0.2, 0.6), ("book", 0.6, 1.0)


@pytest.fixture
def lost() -> TimedSession:
    """Two seconds sent from 1.0 s on, of which 1.0 s was final; a new leg at 5.0 s sends all from 0.5 s on again."""
    session = TimedSession().audio(2.0).final(2.4, 1.0, [PLEASE, BOOK])
    session.interim(2.9, 1.8, [("a", 1.0, 1.2), ("cable", 1.2, 1.7)], start=1.0)
    return session.reconnect().audio(2.5, at_s=5.0)


PIECES: Pieces = {0: [(0.0, 0.0)], 1: [(0.0, 0.5)]}


def measured(session: TimedSession, pieces: Pieces | None = PIECES) -> Delays:
    return delays(Stream.of(session.finish(), pieces))


def test_a_word_sent_twice_was_spoken_when_it_went_out_first(lost: TimedSession) -> None:
    # On leg 1 «a table» lies from 0.5 to 1.2 s; 1.2 and 1.7 s of the source first went out at 2.1 and 2.6 s.
    lost.final(7.0, 1.4, [("a", 0.5, 0.7), ("table", 0.7, 1.2)], start=0.0)
    found = measured(lost)
    assert found.values[DelayMeasure.WORD_FINAL] == pytest.approx([0.9, 0.5, 4.9, 4.4])
    assert found.values[DelayMeasure.WORD_SHOWN] == pytest.approx([0.9, 0.5, 0.8, 4.4])
    assert found.word_end_audio_s == pytest.approx([0.6, 1.0, 1.2, 1.7])


def test_an_outage_is_no_pause(lost: TimedSession) -> None:
    assert measured(lost).paused_wall_s == 0


def test_what_was_final_before_is_not_said_twice(lost: TimedSession) -> None:
    said = [("uh", 0.0, 0.1), ("book", 0.1, 0.5), ("a", 0.5, 0.7), ("table", 0.7, 1.2)]
    lost.final(7.0, 1.4, said, start=0.0)
    stream = Stream.of(lost.finish(), PIECES)
    assert stream.readings[0].display.text == "please book a table"


def test_the_last_word_said_again_a_little_later_is_taken_out_once(lost: TimedSession) -> None:
    # It lay from 0.6 to 1.0 s, and comes again from 0.9 to 1.3 s; the third one is a word of its own.
    lost.final(7.0, 1.4, [("Book", 0.4, 0.8), ("book", 0.9, 1.2)], start=0.0)
    stream = Stream.of(lost.finish(), PIECES)
    assert stream.readings[0].display.text == "please book book"


def test_the_cursor_counts_on_each_connection(lost: TimedSession) -> None:
    # At 6.05 s leg 1 has sent 1.1 s.
    lost.interim(6.05, 0.8, [("a", 0.5, 0.7)], start=0.0)
    assert measured(lost).values[DelayMeasure.CURSOR_LAG][-1] == pytest.approx(0.3)


def test_a_leg_that_cannot_be_placed_goes_on_where_the_one_before_it_ended_and_that_is_said() -> None:
    session = TimedSession(due=False).audio(2.0).reconnect().audio(1.0, at_s=5.0).final(5.9, 0.6, [PLEASE])
    found = measured(session, None)
    assert found.note == (
        "where connection 1 began in the source is not known; taken to go on where the one before it ended"
    )
    assert found.word_end_audio_s == pytest.approx([2.6])
    assert found.values[DelayMeasure.WORD_FINAL] == pytest.approx([0.4])


def test_one_connection_needs_no_note() -> None:
    assert measured(TimedSession().audio(2.0), None).note is None


def test_a_recording_that_says_where_each_leg_begins_is_placed_by_it() -> None:
    session = TimedSession().audio(2.0).reconnect().begins(0.5).audio(1.0, at_s=5.0).begins(2.5).audio(1.0)
    sending = Sending(session.finish())
    assert sending.unplaced == ()
    assert [sending.to_source(1, at) for at in (0.0, 0.9, 1.0, 1.5)] == pytest.approx([0.5, 1.4, 2.5, 3.0])
    assert sending.end_audio_s == pytest.approx(3.5)


def test_a_backlog_does_not_make_a_stream_faster_than_real_time() -> None:
    session = TimedSession().audio(2.0).reconnect()
    session.speed = 1.25
    assert Sending(session.audio(20.0, at_s=5.0).finish()).speed == pytest.approx(1.0)


def test_a_first_leg_too_short_to_tell_leaves_the_speed_to_the_next() -> None:
    session = TimedSession(due=False, speed=4.0).audio(0.3).reconnect()
    session.speed = 1.0
    assert Sending(session.audio(5.0, at_s=5.0).finish()).speed == pytest.approx(1.0)


def test_pieces_come_from_the_ledger() -> None:
    sent = [LegSpan(0, 0, 32_000), LegSpan(1, 16_000, 24_000), LegSpan(1, 40_000, 48_000)]
    assert pieces_of(sent, 16_000) == {0: [(0.0, 0.0)], 1: [(0.0, 1.0), (0.5, 2.5)]}


def test_a_leg_of_two_pieces_has_a_gap_where_audio_was_given_up() -> None:
    session = TimedSession().audio(2.0)
    sending = Sending(session.finish(), {0: [(0.0, 0.0), (1.0, 3.0)]})
    assert [sending.to_source(0, at) for at in (0.5, 1.0, 1.5)] == pytest.approx([0.5, 3.0, 3.5])
    assert sending.to_source(0, 1.0, end=True) == pytest.approx(1.0)
    # 3.1 s of the source are sent with the eleventh frame; what lies in the gap never was, and is passed with it.
    assert sending.sent_s(3.1) == pytest.approx(2.0)
    assert sending.sent_s(2.0) == pytest.approx(2.0)


def test_the_audio_clock_of_a_leg_is_that_of_its_frames() -> None:
    session = TimedSession().audio(0.3)
    assert [entry.audio_s for entry in session.finish().of(Binary)] == [0.1, 0.2, 0.3]


def test_words_without_times_cannot_be_told_from_those_before_and_stay() -> None:
    session = TimedSession(flux=True).audio(2.0).turn_info(2.4, "EndOfTurn", 1.0, [PLEASE, BOOK])
    session.reconnect().audio(1.0, at_s=5.0).turn_info(5.9, "EndOfTurn", 0.9, [("it", 0, 0)], timed=False)
    stream = Stream.of(session.finish(), PIECES)
    assert stream.readings[0].display.text == "please book it"


def test_frames_without_audio_and_frames_of_the_server_do_not_count() -> None:
    session = TimedSession().audio(1.0)
    recording = session.finish()
    frame = next(recording.of(Binary))
    header = replace(frame, audio_s=0.0, size=44)
    answer = replace(frame, direction=Direction.DOWNSTREAM, audio_s=9.0)
    entries = (*recording.entries[:1], header, answer, *recording.entries[1:])
    sending = Sending(dataclasses.replace(recording, entries=entries))
    assert (sending.end_audio_s, sending.first_s) == (1.0, 1.0)

"""Every delay of sessions whose times are known."""

from __future__ import annotations

from math import inf

import pytest

from harness.recording.document import Recording
from harness.recording.entries import Side
from harness.scoring.delay import Delays, Stream, delays
from harness.scoring.delay_measure import DelayMeasure
from tests.timed_session import TimedSession

PLEASE, BOOK, TABLE = ("please", 0.2, 0.6), ("book", 0.6, 1.0), ("table.", 1.2, 1.8)


def measured(recording: Recording) -> Delays:
    return delays(Stream.of(recording))


def seconds(found: Delays, measure: DelayMeasure) -> list[float]:
    return [round(value, 6) for value in found.values.get(measure, ())]


@pytest.fixture
def booking() -> TimedSession:
    """Three seconds of audio from 1.0 s on; 1.0 s of it have been sent at 1.9 s, the end of «table» at 2.7 s."""
    session = TimedSession().audio(3.0)
    session.interim(2.3, 1.0, [PLEASE, BOOK]).interim(3.2, 2.0, [PLEASE, ("cook", 0.6, 1.0), TABLE])
    return session.final(3.5, 2.2, [PLEASE, BOOK, TABLE])


def test_the_cursor_is_ahead_of_each_interim_and_finals_do_not_count(booking: TimedSession) -> None:
    # Sent by 2.3 s: 1.4 s of audio; by 3.2 s: 2.3 s.
    found = measured(booking.finish())
    assert seconds(found, DelayMeasure.CURSOR_LAG) == [0.4, 0.3]
    assert found.interim_end_audio_s == [1.0, 2.0]


def test_silent_interims_count_in_the_cursor_lag_and_are_counted(booking: TimedSession) -> None:
    found = measured(booking.interim(3.9, 2.6, [], start=2.2).finish())
    assert seconds(found, DelayMeasure.CURSOR_LAG) == [0.4, 0.3, 0.4]
    assert (found.interims, found.silent_interims, found.finals) == (3, 1, 1)


def test_first_messages_count_from_the_first_audio(booking: TimedSession) -> None:
    booking.interim(2.2, 0.2, [])
    found = measured(booking.finish())
    assert seconds(found, DelayMeasure.FIRST_INTERIM) == [1.3]
    assert seconds(found, DelayMeasure.FIRST_FINAL) == [2.5]


def test_each_word_counts_from_when_its_end_was_sent(booking: TimedSession) -> None:
    # The frames that hold 0.6, 1.0 and 1.8 s went out at 1.5, 1.9 and 2.7 s.
    found = measured(booking.finish())
    assert seconds(found, DelayMeasure.WORD_SHOWN) == [0.8, 0.4, 0.5]
    assert seconds(found, DelayMeasure.WORD_FINAL) == [2.0, 1.6, 0.8]
    assert found.word_end_audio_s == [0.6, 1.0, 1.8]


def test_a_word_that_reads_otherwise_at_first_is_shown_when_it_reads_right() -> None:
    session = TimedSession().audio(2.0).interim(2.0, 0.8, [("cook", 0.2, 0.6)]).interim(2.4, 1.2, [("book", 0.2, 0.6)])
    found = measured(session.final(2.9, 1.5, [("Book.", 0.2, 0.6)]).finish())
    assert seconds(found, DelayMeasure.WORD_SHOWN) == [0.9]


def test_a_half_heard_word_behind_it_does_not_hide_a_word() -> None:
    session = TimedSession().audio(3.0).interim(2.0, 0.7, [PLEASE, ("boo", 0.6, 0.7)])
    found = measured(session.final(3.5, 2.2, [PLEASE, BOOK, TABLE]).finish())
    assert seconds(found, DelayMeasure.WORD_SHOWN) == [0.5, 1.6, 0.8]


def test_the_end_of_speech_is_that_of_the_last_word(booking: TimedSession) -> None:
    found = measured(booking.finish())
    assert seconds(found, DelayMeasure.END_OF_SPEECH) == [0.8]
    assert seconds(found, DelayMeasure.ENDPOINT_WAIT) == [0.4]


def test_a_silent_speech_final_ends_the_speech_of_the_final_before_it() -> None:
    session = TimedSession().audio(3.0).final(2.8, 1.2, [PLEASE, BOOK], speech_final=False)
    found = measured(session.final(3.0, 1.8, [], start=1.2).final(3.6, 2.4, [], start=1.8).finish())
    assert seconds(found, DelayMeasure.END_OF_SPEECH) == [1.1]
    assert seconds(found, DelayMeasure.ENDPOINT_WAIT) == [0.8]


def test_channels_end_their_speech_apart() -> None:
    session = TimedSession().audio(3.0).final(2.4, 0.8, [PLEASE], speech_final=False)
    found = measured(session.final(2.6, 1.2, [BOOK], channel=1).final(3.0, 1.4, [], start=0.8).finish())
    assert seconds(found, DelayMeasure.END_OF_SPEECH) == [0.7, 1.5]


def test_a_final_by_length_is_no_end_of_speech() -> None:
    session = TimedSession().audio(3.0).final(2.8, 1.2, [PLEASE, BOOK], speech_final=False)
    assert DelayMeasure.END_OF_SPEECH not in measured(session.finish()).values


def test_utterance_ends_count_from_the_word_they_name_and_minus_one_names_none(booking: TimedSession) -> None:
    booking.down(3.8, "UtteranceEnd", channel=[0, 1], last_word_end=1.8)
    booking.down(3.9, "UtteranceEnd", channel=[0, 1], last_word_end=-1)
    assert seconds(measured(booking.finish()), DelayMeasure.UTTERANCE_END) == [1.1]


def test_finalize_counts_to_its_flagged_final_and_is_no_end_of_speech() -> None:
    session = TimedSession().audio(3.0).up(2.5, "Finalize").final(2.9, 1.5, [PLEASE, BOOK], from_finalize=True)
    found = measured(session.finish())
    assert seconds(found, DelayMeasure.FINALIZE) == [0.4]
    assert DelayMeasure.END_OF_SPEECH not in found.values


def test_a_finalize_without_an_answer_does_not_take_the_next_ones() -> None:
    session = TimedSession().audio(3.0).up(2.0, "Finalize").up(3.0, "Finalize")
    found = measured(session.final(3.2, 2.0, [PLEASE], from_finalize=True).finish())
    assert seconds(found, DelayMeasure.FINALIZE) == [0.2]


def test_closing_counts_to_the_last_final_and_to_metadata(booking: TimedSession) -> None:
    booking.up(4.0, "CloseStream").final(4.3, 3.0, [("thanks", 2.4, 2.8)], start=2.2)
    booking.down(
        4.4,
        "Metadata",
        transaction_key="deprecated",
        request_id="r",
        sha256="00",
        created="2026-11-20T09:14:33.207Z",
        duration=3.0,
        channels=1,
    )
    found = measured(booking.finish())
    assert seconds(found, DelayMeasure.CLOSE_FINAL) == [0.3]
    assert seconds(found, DelayMeasure.CLOSE_METADATA) == [0.4]
    # CloseStream made that final, no endpoint did.
    assert seconds(found, DelayMeasure.END_OF_SPEECH) == [0.8]
    assert seconds(found, DelayMeasure.ENDPOINT_WAIT) == [0.4]


def test_a_pause_of_the_sender_is_in_no_delay() -> None:
    session = TimedSession().audio(1.2).up(4.0, "KeepAlive").audio(1.0, at_s=12.2)
    found = measured(session.final(12.6, 1.4, [PLEASE, BOOK]).finish())
    # The last frame before the pause went out at 2.1 s and lasts to 2.2 s: ten seconds later there is a next one.
    assert found.paused_wall_s == pytest.approx(10.0)
    assert seconds(found, DelayMeasure.WORD_FINAL) == [1.1, 0.7]
    assert found.why_not is None


def test_what_comes_during_a_pause_is_late_by_its_own_time_only() -> None:
    session = TimedSession().audio(1.2).final(3.0, 1.2, [PLEASE, BOOK]).audio(1.0, at_s=12.2)
    found = measured(session.final(12.8, 1.6, [("now", 1.2, 1.4)], start=1.2).finish())
    assert found.paused_wall_s == pytest.approx(9.2)
    assert seconds(found, DelayMeasure.WORD_FINAL) == [1.5, 1.1, 0.5]


@pytest.mark.parametrize(
    ("speed", "why_not"),
    [
        (4.0, "audio was sent at 4 times real time"),
        (0.5, "audio was sent at 0.5 times real time"),
        (1e9, "audio was sent at full speed, not in real time"),
    ],
)
def test_other_than_in_real_time_there_are_waits_of_audio_and_no_other_delay(speed: float, why_not: str) -> None:
    session = TimedSession(speed=speed).audio(3.0).interim(9.0, 1.0, [PLEASE, BOOK])
    found = measured(session.final(9.5, 2.2, [PLEASE, BOOK, TABLE]).finish())
    assert (found.why_not, list(found.values)) == (why_not, [DelayMeasure.ENDPOINT_WAIT])
    assert seconds(found, DelayMeasure.ENDPOINT_WAIT) == [0.4]
    assert (found.words, found.interims, found.word_end_audio_s, found.interim_end_audio_s) == (3, 1, [], [])


@pytest.mark.parametrize("side", list(Side))
def test_without_a_schedule_the_arrivals_tell_the_speed(side: Side) -> None:
    session = TimedSession(due=False, side=side).audio(3.0).final(3.5, 2.2, [PLEASE, BOOK, TABLE])
    found = measured(session.finish())
    assert (found.clock, found.why_not) == (side.value, None)
    assert found.speed == pytest.approx(1.0)


def test_bursts_at_a_steady_rate_are_real_time() -> None:
    session = TimedSession(speed=1e9)
    for burst in range(12):
        session.audio(0.5, at_s=1.0 + burst * 0.5)
    assert measured(session.final(7.5, 5.9, [PLEASE]).finish()).speed == pytest.approx(1.0)


def test_without_audio_frames_nothing_tells_when_a_word_was_spoken() -> None:
    found = measured(TimedSession().final(3.5, 2.2, [PLEASE, BOOK, TABLE]).finish())
    assert found.why_not == "the recording does not tell when audio was sent"
    assert (found.words, found.timed_words, found.speed) == (3, 0, None)


def test_a_word_beyond_the_audio_is_not_timed_unless_by_a_hair() -> None:
    session = TimedSession().audio(1.0).final(2.5, 1.0, [("near", 0.6, 1.05), ("far", 1.1, 1.5)])
    found = measured(session.finish())
    assert (found.words, found.timed_words) == (2, 1)
    assert seconds(found, DelayMeasure.WORD_FINAL) == [0.6]


def test_times_of_32_bits_do_not_reach_into_the_next_frame() -> None:
    found = measured(TimedSession().audio(2.0).final(2.5, 1.5, [("book", 0.6, 1.0000002)]).finish())
    assert seconds(found, DelayMeasure.WORD_FINAL) == [0.6]


def test_an_endpoint_that_is_told_of_after_close_stream_has_its_wait_and_no_delay() -> None:
    session = TimedSession().audio(3.0).up(4.0, "CloseStream").final(4.5, 2.2, [PLEASE, BOOK, TABLE])
    found = measured(session.finish())
    assert seconds(found, DelayMeasure.ENDPOINT_WAIT) == [0.4]
    assert DelayMeasure.END_OF_SPEECH not in found.values


def test_a_session_in_which_nothing_was_said_has_no_delays() -> None:
    found = measured(TimedSession().audio(3.0).finish())
    assert (dict(found.values), found.words, found.why_not) == ({}, 0, None)


def test_a_recording_of_nothing_is_measured_too() -> None:
    found = measured(TimedSession().finish())
    assert (dict(found.values), found.speed, found.words) == ({}, None, 0)


def test_full_speed_is_infinite() -> None:
    session = TimedSession(speed=inf).audio(3.0)
    assert measured(session.finish()).speed == inf


def test_a_message_that_cannot_be_read_is_passed_over(booking: TimedSession) -> None:
    booking.down(3.6, "Results", start="never").down(3.6, "Something")
    assert measured(booking.finish()).finals == 1


def test_a_text_without_words_is_shown_and_has_no_times() -> None:
    session = TimedSession().audio(3.0)
    alternative = {"transcript": "please book", "confidence": 0.9, "words": []}
    session.down(
        3.0,
        "Results",
        channel_index=[0, 1],
        start=0.0,
        duration=1.5,
        is_final=True,
        speech_final=True,
        channel={"alternatives": [alternative]},
        metadata={"request_id": "r"},
    )
    found = measured(session.finish())
    assert (found.words, found.timed_words) == (2, 0)
    assert seconds(found, DelayMeasure.FIRST_FINAL) == [2.0]


def test_a_single_frame_tells_no_speed() -> None:
    assert measured(TimedSession().audio(0.1).final(1.5, 0.1, [("no", 0.0, 0.1)]).finish()).speed is None

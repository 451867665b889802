"""Delays of Flux turns, hand-made and real."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.recording.document import Recording
from harness.recording.flux_frames import from_flux_frames
from harness.scoring.delay import Delays, Stream, delays
from harness.scoring.delay_measure import DelayMeasure
from harness.scoring.stability import stability
from tests.timed_session import Said, TimedSession

CALL: list[Said] = [("Call", 0.4, 0.8), ("me", 0.8, 1.0)]
BACK: list[Said] = [*CALL, ("back.", 1.0, 1.5)]


@pytest.fixture
def turn() -> TimedSession:
    """A turn that seems over after «me», goes on, and is over after «back»."""
    session = TimedSession(flux=True).audio(4.0)
    session.turn_info(1.5, "Update", 0.24, [])
    session.turn_info(2.1, "StartOfTurn", 0.9, CALL[:1]).turn_info(2.5, "EagerEndOfTurn", 1.28, CALL)
    session.turn_info(2.9, "TurnResumed", 1.6, BACK).turn_info(3.4, "EagerEndOfTurn", 2.08, BACK)
    return session.turn_info(3.6, "EndOfTurn", 2.32, BACK, trigger="model")


def measured(recording: Recording) -> Delays:
    return delays(Stream.of(recording))


def seconds(found: Delays, measure: DelayMeasure) -> list[float]:
    return [round(value, 6) for value in found.values.get(measure, ())]


def test_turns_count_from_the_end_of_their_last_word(turn: TimedSession) -> None:
    # The frames that hold 1.0 and 1.5 s went out at 1.9 and 2.4 s.
    found = measured(turn.finish())
    assert seconds(found, DelayMeasure.EAGER_END_OF_TURN) == [0.6, 1.0]
    assert seconds(found, DelayMeasure.EAGER_END_OF_TURN_WAIT) == [0.28, 0.58]
    assert seconds(found, DelayMeasure.END_OF_TURN) == [1.2]
    assert seconds(found, DelayMeasure.END_OF_TURN_WAIT) == [0.82]
    assert (found.turns, found.eager_ends_of_turn, found.turns_resumed) == (1, 2, 1)


def test_the_end_of_a_turn_is_no_end_of_speech_of_the_other_endpoint(turn: TimedSession) -> None:
    assert DelayMeasure.END_OF_SPEECH not in measured(turn.finish()).values


def test_what_is_no_end_of_turn_is_an_interim(turn: TimedSession) -> None:
    found = measured(turn.finish())
    # Sent by then: 0.6, 1.2, 1.6, 2.0 and 2.5 s of audio.
    assert seconds(found, DelayMeasure.CURSOR_LAG) == [0.36, 0.3, 0.32, 0.4, 0.42]
    assert (found.interims, found.silent_interims, found.finals) == (5, 1, 1)
    assert seconds(found, DelayMeasure.WORD_SHOWN) == [0.4, 0.6, 0.5]


def test_a_turn_ended_by_hand_answers_the_client_and_is_no_decision() -> None:
    session = TimedSession(flux=True).audio(3.0).up(2.6, "ForceEndTurn")
    found = measured(session.turn_info(2.9, "EndOfTurn", 1.6, BACK, trigger="manual").finish())
    assert seconds(found, DelayMeasure.FINALIZE) == [0.3]
    assert DelayMeasure.END_OF_TURN not in found.values
    assert found.turns == 1


def test_a_turn_that_the_session_left_open_has_its_words_and_no_message_says_they_are_final() -> None:
    session = TimedSession(flux=True).audio(3.0).turn_info(2.9, "Update", 1.6, BACK).up(4.0, "CloseStream").close(4.5)
    found = measured(session.finish())
    assert (found.words, found.finals, found.turns) == (3, 0, 0)
    assert seconds(found, DelayMeasure.WORD_SHOWN) == [1.2, 1.0, 0.5]
    assert seconds(found, DelayMeasure.WORD_FINAL) == [2.8, 2.6, 2.1]
    assert {DelayMeasure.FIRST_FINAL, DelayMeasure.CLOSE_FINAL}.isdisjoint(found.values)


def test_words_without_times_have_no_delay_and_the_screen_still_tells_what_was_revised() -> None:
    session = TimedSession(flux=True).audio(3.0)
    session.turn_info(2.0, "StartOfTurn", 0.9, [("Hall", 0, 0)], timed=False)
    session.turn_info(2.9, "EndOfTurn", 1.6, BACK, timed=False)
    stream = Stream.of(session.finish())
    found = delays(stream)
    assert (found.words, found.timed_words) == (3, 0)
    assert DelayMeasure.WORD_SHOWN not in found.values
    assert stability([reading.display for reading in stream.readings]).unstable_words == 1


def test_the_real_session_has_waits_of_audio_and_no_arrival_times(shared: Path) -> None:
    frames = shared / "recordings" / "flux-preamble" / "frames.json"
    stream = Stream.of(from_flux_frames(frames.read_bytes(), frames.name))
    found = delays(stream)
    assert found.why_not == "the recording has no arrival times"
    assert (found.turns, found.eager_ends_of_turn, found.turns_resumed) == (1, 1, 0)
    # The last word ends at 18.4 s; EagerEndOfTurn came with a window to 19.84 s, EndOfTurn with one to 20.0 s.
    assert {measure: [round(value, 3) for value in values] for measure, values in found.values.items()} == {
        DelayMeasure.EAGER_END_OF_TURN_WAIT: [1.44],
        DelayMeasure.END_OF_TURN_WAIT: [1.6],
    }
    counted = stability([reading.display for reading in stream.readings])
    assert (counted.words, counted.interims, counted.unstable_words) == (52, 83, 18)

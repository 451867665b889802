"""Which event a look is, under which thresholds: the state machine of Flux."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.protocol.flux_messages import FluxWord, TurnInfo
from mock_server.flux.script import Look, Recorded
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import Turns

MakeLook = Callable[..., Look]


def events(turns: Turns, *looks: Look) -> list[str]:
    """The events of these looks, those that said nothing left out."""
    sayings = [turns.take(look) for look in looks]
    return [str(saying.message.event) for saying in sayings if saying is not None]


def said(turns: Turns, look: Look) -> TurnInfo:
    saying = turns.take(look)
    assert saying is not None
    return saying.message


def test_a_turn_starts_with_its_first_word_and_ends_at_the_threshold(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=0.7))
    looks = [look(0.24), look(0.48, "We"), look(0.72, "We the"), look(0.96, "We the", 0.7, words_end=0.72)]

    assert events(turns, *looks) == ["Update", "StartOfTurn", "Update", "EndOfTurn"]


def test_the_next_turn_begins_where_the_last_one_ended(look: MakeLook) -> None:
    turns = Turns(Thresholds())
    first = [look(0.24, "We"), look(0.48, "We", 0.9)]
    events(turns, *first)
    following = said(turns, look(0.72))

    assert (following.turn_index, following.audio_window_start, following.audio_window_end) == (1, 0.48, 0.72)
    assert (following.transcript, following.words) == ("", ())


def test_without_an_eager_threshold_nothing_is_ever_eager(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=0.9))
    looks = [look(0.24, "We"), look(0.48, "We", 0.8, words_end=0.24), look(0.72, "We the", 0.1)]

    assert events(turns, *looks) == ["StartOfTurn", "Update", "Update"]


def test_an_eager_end_is_taken_back_when_the_speaker_goes_on(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=0.9, eager=0.5))
    looks = [
        look(0.24, "We"),
        look(0.48, "We", 0.6, words_end=0.24),
        look(0.56, "We", 0.7, words_end=0.24),
        look(0.8, "We the", 0.1),
    ]

    assert events(turns, *looks) == ["StartOfTurn", "EagerEndOfTurn", "Update", "TurnResumed"]


def test_an_eager_end_is_taken_back_when_the_model_is_less_sure(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=0.9, eager=0.5))
    looks = [look(0.24, "We"), look(0.48, "We", 0.6), look(0.72, "We", 0.2)]

    assert events(turns, *looks) == ["StartOfTurn", "EagerEndOfTurn", "TurnResumed"]


def test_the_end_says_what_the_eager_end_said_even_if_the_text_has_changed(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=0.7, eager=0.5))
    looks = [look(0.24, "We"), look(0.48, "We", 0.6), look(0.72, "We.", 0.9), look(0.8, "We.", 0.9)]

    assert events(turns, *looks) == ["StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"]


def test_a_confidence_may_jump_past_both_thresholds(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=0.7, eager=0.5))

    assert events(turns, look(0.24, "We"), look(0.48, "We", 0.9)) == ["StartOfTurn", "EndOfTurn"]


def test_silence_ends_a_turn_whatever_the_confidence(look: MakeLook) -> None:
    turns = Turns(Thresholds(timeout_ms=1000))
    events(turns, look(0.24, "We"), look(1.2, "We", 0.1, words_end=0.24))
    ended = said(turns, look(1.28, "We", 0.1, words_end=0.24))

    assert (ended.event, ended.trigger) == ("EndOfTurn", "timeout")


def test_a_word_without_times_times_out_by_when_it_was_first_heard(look: MakeLook) -> None:
    turns = Turns(Thresholds(timeout_ms=1000))
    words = (FluxWord(word="We", confidence=0.9),)
    looks = [Look(at_audio_s, words, 0.1) for at_audio_s in (0.24, 1.2, 1.28)]

    assert events(turns, *looks) == ["StartOfTurn", "Update", "EndOfTurn"]


def test_at_a_threshold_of_one_the_model_never_ends_a_turn(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=1.0))

    assert events(turns, look(0.24, "We"), look(0.48, "We", 1.0)) == ["StartOfTurn", "Update"]


def test_an_end_says_what_triggered_it_and_nothing_else_does(look: MakeLook) -> None:
    turns = Turns(Thresholds(eager=0.5))
    messages = [said(turns, one) for one in (look(0.24, "We"), look(0.48, "We", 0.6), look(0.56, "We", 0.8))]

    assert [message.trigger for message in messages if isinstance(message.trigger, str)] == ["model"]


def test_an_update_comes_every_quarter_of_a_second_unless_an_end_is_near(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=0.9))
    turns.take(look(0.24, "We"))
    quiet = [turns.take(look(at, "We", 0.1)) is not None for at in (0.32, 0.4, 0.48, 0.56)]
    turns.take(look(0.72, "We", 0.6))
    near = [turns.take(look(at, "We", 0.6)) is not None for at in (0.8, 0.88)]

    assert quiet == [False, False, True, False]
    assert near == [True, True]


# --- ForceEndTurn -----------------------------------------------------------------------------------------------------


def test_a_turn_can_be_ended_by_force(look: MakeLook) -> None:
    turns = Turns(Thresholds())
    events(turns, look(0.24, "We"), look(0.48, "We the"))
    saying = turns.force_end(0.56)
    assert saying is not None

    assert (saying.message.event, saying.message.trigger) == ("EndOfTurn", "manual")
    assert (saying.message.transcript, saying.message.audio_window_end) == ("We the", 0.56)


def test_where_there_is_no_turn_there_is_nothing_to_end(look: MakeLook) -> None:
    turns = Turns(Thresholds())
    turns.take(look(0.24))

    assert turns.force_end(0.24) is None


def test_after_a_forced_end_only_new_words_are_said(look: MakeLook) -> None:
    turns = Turns(Thresholds())
    events(turns, look(0.24, "We"), look(0.5, "We the"))
    turns.force_end(0.5)
    following = said(turns, look(0.75, "We the people"))

    assert (following.event, following.transcript, following.turn_index) == ("StartOfTurn", "people", 1)


# --- where our turns are not the model's ------------------------------------------------------------------------------


def test_a_turn_that_goes_on_where_the_models_ended_keeps_its_words(look: MakeLook) -> None:
    turns = Turns(Thresholds(eot=0.95))
    ended = replace(look(0.48, "We", 0.9, words_end=0.24), ends_stretch=True)
    assert events(turns, look(0.24, "We"), ended) == ["StartOfTurn", "Update"]
    following = said(turns, look(0.75, "the"))

    assert (following.event, following.transcript, following.audio_window_start) == ("Update", "We the", 0.0)
    assert said(turns, look(0.8, "the", 0.96, words_end=0.75)).transcript == "We the"
    assert said(turns, look(1.04, "the people", words_end=1.0)).transcript == "people"


# --- recordings -------------------------------------------------------------------------------------------------------

ASKED = Thresholds(0.7, 0.5)


def recorded(look: Look, event: str, *, index: int = 0, start: float = 0.0, now: Thresholds = ASKED) -> Look:
    """The look as a recording of a client that asked for `ASKED` has it."""
    message = TurnInfo(
        request_id="recorded",
        event=event,
        turn_index=index,
        audio_window_start=start,
        audio_window_end=look.at_audio_s,
        transcript=" ".join(word.word for word in look.words),
        words=look.words,
        end_of_turn_confidence=look.confidence,
        languages=("en",),
        sequence_id=7,
    )
    return replace(look, recorded=Recorded(message, "LITERAL", now, ASKED), ends_stretch=event == "EndOfTurn")


@pytest.fixture
def session(look: MakeLook) -> list[Look]:
    """A turn in which 0.6 brought no EagerEndOfTurn and 0.78 no EndOfTurn, and one that ended at 0.75."""
    return [
        recorded(look(0.24, "We"), "Update"),
        recorded(look(0.48, "We the"), "StartOfTurn"),
        recorded(look(0.72, "We the", 0.6, words_end=0.48), "Update"),
        recorded(look(0.8, "We the", 0.78, words_end=0.48), "Update"),
        recorded(look(0.96, "We the", 0.75, words_end=0.48), "EndOfTurn"),
        recorded(look(1.2, confidence=0.4), "Update", index=1, start=0.96),
    ]


def test_a_recording_stands_for_a_client_that_asks_the_same(session: list[Look]) -> None:
    turns = Turns(ASKED)
    sayings = [turns.take(one) for one in session]

    assert [saying.text for saying in sayings if saying is not None] == ["LITERAL"] * 6


def test_it_stands_after_the_configure_that_the_recorded_client_had_sent(look: MakeLook) -> None:
    stricter = Thresholds(0.9, 0.5)
    turns = Turns(ASKED)
    turns.take(recorded(look(0.24, "We"), "StartOfTurn"))
    turns.configure(stricter)
    saying = turns.take(recorded(look(0.48, "We", 0.6), "Update", now=stricter))

    assert saying is not None
    assert saying.text == "LITERAL"


def test_other_thresholds_make_other_events_of_it(session: list[Look]) -> None:
    turns = Turns(Thresholds(0.7, 0.3))

    assert events(turns, *session) == ["Update", "StartOfTurn", "EagerEndOfTurn", "EndOfTurn", "Update", "Update"]


def test_a_client_without_eager_threshold_hears_no_eager_end_of_a_recording(look: MakeLook) -> None:
    session = [
        recorded(look(0.24, "We"), "StartOfTurn"),
        recorded(look(0.48, "We", 0.6, words_end=0.24), "EagerEndOfTurn"),
        recorded(look(0.72, "We the"), "TurnResumed"),
    ]

    assert events(Turns(Thresholds(0.7)), *session) == ["StartOfTurn", "Update", "Update"]


def test_what_is_made_of_a_recorded_look_keeps_what_else_it_says(session: list[Look]) -> None:
    turns = Turns(Thresholds(0.7, 0.3))
    messages = [saying for saying in map(turns.take, session) if saying is not None]

    assert [saying.text for saying in messages] == ["LITERAL", "LITERAL", None, None, None, None]
    assert {saying.message.languages for saying in messages} == {("en",)}


def test_a_reconfigured_client_is_not_the_recorded_one(session: list[Look]) -> None:
    turns = Turns(ASKED)
    turns.configure(Thresholds(0.7, 0.5, 9000))

    assert "EagerEndOfTurn" in events(turns, *session)


def test_one_that_configures_what_it_had_asked_for_is_not_either(look: MakeLook) -> None:
    session = [
        recorded(look(0.24, "We"), "StartOfTurn"),
        recorded(look(0.48, "We", 0.78, words_end=0.24), "Update", now=Thresholds(0.8, 0.5)),
    ]
    turns = Turns(ASKED)
    turns.configure(ASKED)

    assert events(turns, *session) == ["StartOfTurn", "EndOfTurn"]

"""Turns made of a text: words as they are spoken, confidence as the silence grows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from harness.protocol.flux_messages import TurnInfo
from mock_server.flux.synthesis import SynthesisedTurns
from mock_server.flux.thresholds import Thresholds
from mock_server.timeline import Timeline, spoken

Heard = Callable[..., list[TurnInfo]]
TEXT = "Hello there, how are you today? I am fine."


def ended(said: list[TurnInfo]) -> list[str]:
    return [message.transcript for message in said if message.event == "EndOfTurn"]


def test_a_sentence_is_a_turn(heard: Heard) -> None:
    assert ended(heard(SynthesisedTurns("x", spoken(TEXT)), 8.0)) == ["Hello there, how are you today?", "I am fine."]


def test_a_sentence_ends_some_tenths_of_a_second_after_its_last_word(heard: Heard) -> None:
    timeline = spoken("Hello there.")
    said = heard(SynthesisedTurns("x", timeline), 8.0)
    (end,) = [message for message in said if message.event == "EndOfTurn"]

    assert 0.2 <= end.audio_window_end - timeline.channels[0][-1].end <= 0.6


def test_a_text_without_punctuation_takes_longer(heard: Heard) -> None:
    timeline = spoken("hello there")
    (end,) = [message for message in heard(SynthesisedTurns("x", timeline), 8.0) if message.event == "EndOfTurn"]

    assert 0.7 <= end.audio_window_end - timeline.channels[0][-1].end <= 1.6


def test_a_comma_can_be_mistaken_for_an_end(heard: Heard) -> None:
    said = heard(SynthesisedTurns("x", spoken(TEXT)), 8.0, Thresholds(0.9, 0.3))
    events = [str(message.event) for message in said if message.event != "Update"]

    assert events[:3] == ["StartOfTurn", "EagerEndOfTurn", "TurnResumed"]


def test_a_word_in_the_making_ends_at_the_window_and_has_no_punctuation() -> None:
    looks = list(SynthesisedTurns("x", spoken("Hello there.")).looks())
    word = spoken("Hello there.").channels[0][1]
    making = [look for look in looks if len(look.words) == 2 and look.at_audio_s < word.end]

    assert making
    assert {(look.words[-1].word, look.words[-1].end) for look in making} == {
        ("there", look.at_audio_s) for look in making
    }
    assert looks[-1].words[-1].word == "there."


def test_the_confidence_rises_in_silence_and_is_low_in_speech() -> None:
    timeline = spoken("Hello there.")
    looks = list(SynthesisedTurns("x", timeline).looks())
    silent = [look.confidence for look in looks if look.at_audio_s > timeline.channels[0][-1].end]

    assert all(before <= after for before, after in pairwise(silent))
    assert silent[-1] == 0.99
    assert max(look.confidence for look in looks if look.at_audio_s < timeline.channels[0][-1].end) <= 0.1


def test_the_seed_decides_everything() -> None:
    first, again, other = (list(SynthesisedTurns("x", spoken(TEXT), seed).looks()) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_of_silence_nothing_is_heard(heard: Heard) -> None:
    said = heard(SynthesisedTurns("x", Timeline(((),))), 5.0)

    assert {(message.event, message.transcript) for message in said} == {("Update", "")}
    assert len(said) > 10


def test_two_channels_are_heard_as_one(heard: Heard) -> None:
    (words,) = spoken("Hello there.").channels
    timeline = Timeline((words[:1], words[1:]))

    assert ended(heard(SynthesisedTurns("x", timeline), 5.0)) == ["Hello there."]


def test_a_connection_that_begins_in_the_middle_hears_the_rest(heard: Heard) -> None:
    (words,) = spoken(TEXT).channels
    looks = list(SynthesisedTurns("x", spoken(TEXT)).looks(words[6].start))

    assert looks[-1].words[0].start == 0.0
    assert " ".join(word.word for word in looks[-1].words) == "I am fine."

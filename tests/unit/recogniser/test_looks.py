"""A live Flux stream: looks at every 80 ms, and the turns that come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.protocol.flux_messages import TurnEvent
from mock_server.engines.base import RATE, Mono
from mock_server.flux.script import Look
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import Turns
from mock_server.recogniser.looks import LooksListener

Say = Callable[..., Mono]


@pytest.fixture
def looks(engine: Any, new_vad: Any) -> Callable[..., list[Look]]:
    def run(audio: Mono, pieces: Iterator[int] | None = None) -> list[Look]:
        listener, found, at = LooksListener(engine, new_vad(), RATE), [], 0
        while at < len(audio):
            size = next(pieces) if pieces is not None else 1280
            found += listener.hear(audio[at : at + size, None])
            at += size
        return found + listener.close_stream(len(audio) / RATE)

    return run


def events(looks: list[Look], thresholds: Thresholds | None = None) -> list[tuple[TurnEvent | str, str]]:
    turns = Turns(thresholds or Thresholds())
    said = [saying.message for look in looks if (saying := turns.take(look)) is not None]
    return [(message.event, message.transcript) for message in said if message.event != TurnEvent.UPDATE]


def test_turns_begin_with_words_and_end_in_silence(say: Say, looks: Callable[..., list[Look]]) -> None:
    found = events(looks(say(0.5, 1, 2, 3, 4, 1.5, 5, 8, 2.0)))
    kinds = [event for event, _ in found]
    assert kinds == [TurnEvent.START_OF_TURN, TurnEvent.END_OF_TURN] * 2
    assert [text for event, text in found if event == TurnEvent.END_OF_TURN] == ["one two, three four.", "five eight?"]


def test_a_turn_that_goes_on_after_a_longer_pause_keeps_its_words(say: Say, looks: Callable[..., list[Look]]) -> None:
    # Without a full stop the confidence has not reached the threshold when the speaker goes on.
    found = events(looks(say(0.5, 1, 3, 0.5, 5, 4, 2.0)))
    assert [text for event, text in found if event == TurnEvent.END_OF_TURN] == ["one three five four."]


def test_eager_ends_come_before_ends_and_say_the_same(say: Say, looks: Callable[..., list[Look]]) -> None:
    found = events(looks(say(0.5, 1, 2, 4, 2.0)), Thresholds(eager=0.4))
    assert [event for event, _ in found] == [
        TurnEvent.START_OF_TURN,
        TurnEvent.EAGER_END_OF_TURN,
        TurnEvent.END_OF_TURN,
    ]
    assert found[1][1] == found[2][1] == "one two, four."


@given(
    st.lists(st.one_of(st.integers(0, 9), st.sampled_from([0.05, 0.3, 0.5, 1.2])), max_size=30),
    st.lists(st.integers(1, 20_000), min_size=1),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_only_the_audio_decides(
    say: Say, looks: Callable[..., list[Look]], layout: list[int | float], sizes: list[int]
) -> None:
    audio = say(*layout)

    found = looks(audio)

    assert looks(audio, iter(sizes * (len(audio) // sum(sizes) + 1))) == found
    assert [look.at_audio_s for look in found] == [round(0.08 * number, 4) for number in range(1, len(found) + 1)]
    assert all(0 <= look.confidence <= 1 for look in found)
    said = [word.word for look in [*found[:-1], *found[-1:]] if look.ends_stretch for word in look.words]
    assert len(said) <= sum(isinstance(part, int) for part in layout)

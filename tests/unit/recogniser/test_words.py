"""Words of an engine on the wire's clock, and the times of those that have none."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.engines.base import FRAME_AUDIO_S, Heard
from mock_server.recogniser.words import on_the_wire

SHARE = st.floats(0, 1)


def test_times_of_its_own_are_moved_onto_the_connections_clock() -> None:
    (word,) = on_the_wire([Heard("Hello,", 0.2, 0.5, 0.75)], 10.0, 11.0, [1.0] * 31)
    assert (word.word, word.punctuated_word, word.start, word.end, word.confidence) == (
        "hello",
        "Hello,",
        10.2,
        10.5,
        0.75,
    )


def test_words_without_times_are_shared_out_over_speech_by_their_length() -> None:
    silent, speech = [0.0] * 10, [0.9] * 20
    short, long = on_the_wire([Heard("a"), Heard("abracadabra")], 0.0, 50 * FRAME_AUDIO_S, silent + speech + silent)
    assert short.start == pytest.approx(10 * FRAME_AUDIO_S, abs=1e-3)
    assert long.end == pytest.approx(30 * FRAME_AUDIO_S, abs=1e-3)
    assert short.end - short.start < long.end - long.start
    assert short.confidence == long.confidence == 0.9


@given(
    st.lists(st.text("abc.,", min_size=1, max_size=12), min_size=1, max_size=20),
    st.lists(SHARE, max_size=80),
    st.floats(0, 100),
    st.floats(0.01, 10),
)
def test_whatever_an_engine_says_the_words_are_in_order_and_within_their_stretch(
    texts: list[str], probabilities: list[float], start: float, duration: float
) -> None:
    words = on_the_wire([Heard(text) for text in texts], start, start + duration, probabilities)
    assert [word.punctuated_word for word in words] == texts
    assert all(start - 1e-3 <= word.start <= word.end <= start + duration + 1e-3 for word in words)
    assert all(a.start <= b.start for a, b in itertools.pairwise(words))
    assert all(0 <= word.confidence <= 1 for word in words)


@given(st.lists(st.tuples(st.floats(-1, 12), st.floats(-1, 12), st.floats(-1, 2)), min_size=1, max_size=10))
def test_times_of_an_engine_that_make_no_sense_are_brought_into_order(spans: list[tuple[float, float, float]]) -> None:
    words = on_the_wire([Heard("x", begin, end, sure) for begin, end, sure in spans], 5.0, 15.0, [])
    assert all(5.0 <= word.start <= word.end <= 15.0 for word in words)
    assert all(a.start <= b.start for a, b in itertools.pairwise(words))
    assert all(0 <= word.confidence <= 1 for word in words)

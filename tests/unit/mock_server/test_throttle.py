"""How fast audio is transcribed: never faster than the limit, never slower than a microphone, whatever the frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.throttle import ALLOWANCE_AUDIO_S, Throttle

ARRIVALS = st.lists(st.tuples(st.floats(0, 20), st.floats(0, 30)), min_size=1, max_size=30)
"""Waits, and the seconds of audio that come after each."""


@given(ARRIVALS, st.sampled_from([0.5, 1.0, 1.25, 4.0]))
def test_no_more_is_transcribed_than_came_nor_faster_than_the_limit(
    arrivals: list[tuple[float, float]], speed: float
) -> None:
    throttle, now_s, received_audio_s, before_audio_s = Throttle(speed, 0.0), 0.0, 0.0, 0.0
    for wait_s, audio_s in arrivals:
        now_s, received_audio_s = now_s + wait_s, received_audio_s + audio_s
        processed_audio_s = throttle.advance(received_audio_s, now_s)
        assert before_audio_s <= processed_audio_s <= received_audio_s
        assert processed_audio_s <= ALLOWANCE_AUDIO_S + speed * now_s + 1e-6
        before_audio_s = processed_audio_s


@given(ARRIVALS, st.lists(st.floats(0, 1), max_size=20))
def test_looking_more_often_changes_nothing(arrivals: list[tuple[float, float]], looks: list[float]) -> None:
    seldom, often = Throttle(1.25, 0.0), Throttle(1.25, 0.0)
    now_s = received_audio_s = 0.0
    for wait_s, audio_s in arrivals:
        for share in sorted(looks):
            often.advance(received_audio_s, now_s + share * wait_s)
        now_s, received_audio_s = now_s + wait_s, received_audio_s + audio_s
        wanted = seldom.advance(received_audio_s, now_s)
        assert often.advance(received_audio_s, now_s) == pytest.approx(wanted, abs=1e-6)


@given(st.floats(0.01, 0.99), st.integers(1, 400))
def test_a_client_that_sends_as_it_records_never_waits(frame_audio_s: float, frames: int) -> None:
    throttle = Throttle(1.25, 0.0)
    for number in range(1, frames + 1):
        audio_s = number * frame_audio_s
        assert throttle.advance(audio_s, number * frame_audio_s) == pytest.approx(audio_s, abs=1e-6)
        assert (throttle.reaches_at_s(audio_s) or audio_s) <= audio_s + 1e-6


@given(st.floats(1.5, 600), st.floats(0, 1))
def test_a_position_is_reached_when_it_was_said_to_be(burst_audio_s: float, share: float) -> None:
    throttle = Throttle(1.25, 0.0)
    throttle.advance(burst_audio_s, 0.0)
    wanted_audio_s = share * burst_audio_s
    at_s = throttle.reaches_at_s(wanted_audio_s)
    if at_s is None:
        assert wanted_audio_s <= ALLOWANCE_AUDIO_S
    else:
        assert throttle.advance(burst_audio_s, at_s) == pytest.approx(wanted_audio_s, abs=1e-6)


def test_without_a_limit_all_is_there_at_once() -> None:
    throttle = Throttle(None, 0.0)
    assert throttle.advance(3600.0, 0.0) == 3600.0
    assert throttle.reaches_at_s(3600.0) is None


@given(
    received=st.lists(st.floats(0.001, 5), min_size=1, max_size=12), began_s=st.floats(0, 1e6), speed=st.floats(0.5, 8)
)
def test_whoever_waits_for_the_rest_is_woken_a_few_times_and_not_without_end(
    received: list[float], began_s: float, speed: float
) -> None:
    throttle = Throttle(speed, began_s)
    now_s, audio_s = began_s, 0.0
    for part in received:
        audio_s += part
        throttle.advance(audio_s, now_s)
        for _ in range(5):
            at_s = throttle.reaches_at_s(audio_s)
            if at_s is None:
                break
            now_s = max(now_s, at_s)
            throttle.advance(audio_s, now_s)
        assert not throttle.behind

"""A whole file: in which stretches it is heard, and what comes of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.audio.decode import Audio
from mock_server.engines.base import RATE, Mono
from mock_server.recogniser.files import heard_in, stretches
from mock_server.recogniser.speech import SPEECH_FROM


@given(st.lists(st.sampled_from([0.0, 0.1, 0.4, 0.6, 0.9, 1.0]), max_size=400), st.integers(20, 100))
def test_stretches_cover_all_speech_once_and_none_is_too_long(probabilities: list[float], longest: int) -> None:
    found = list(stretches(probabilities, longest))
    assert all(begin < end for begin, end in found)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))
    margin = 10
    assert all(end - begin <= longest + margin for begin, end in found)
    covered = {number for begin, end in found for number in range(begin, end)}
    assert all(n in covered for n, probability in enumerate(probabilities) if probability >= SPEECH_FROM)


def audio(samples: np.ndarray[Any, Any], rate: int = RATE) -> Audio:
    return Audio(samples.astype(np.float32), rate, "wav", ())


def test_every_word_of_each_channel(toy: Any, new_vad: Any, say: Callable[..., Mono]) -> None:
    left, right = say(1, 2, 4.0, 3, 1.0), say(2.0, 4, 5)
    stereo = np.zeros((max(len(left), len(right)), 2), np.float32)
    stereo[: len(left), 0], stereo[: len(right), 1] = left, right

    each = heard_in(audio(stereo), toy(), new_vad, each_channel=True)

    assert [[word.word for word in words] for words in each.channels] == [["one", "two", "three"], ["four", "five"]]
    assert each.channels[0][2].start == 4.6
    assert each.model is not None
    assert each.model.name == "toy"


def test_more_speech_than_an_engine_takes_is_cut_in_pauses(toy: Any, new_vad: Any, say: Callable[..., Mono]) -> None:
    spoken = [number % 10 for number in range(100)]  # 30 s
    heard = heard_in(audio(say(*spoken)[:, None]), toy(), new_vad, each_channel=True)
    assert len(heard.channels[0]) == 100

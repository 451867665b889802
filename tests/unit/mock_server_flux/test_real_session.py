"""The one complete real session, frame for frame, and what other thresholds make of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from harness.protocol.flux_messages import TurnInfo
from harness.recording.document import Recording
from mock_server.flux.recorded import turns_from
from mock_server.flux.replay import FluxReplay
from mock_server.flux.script import Look
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import Saying

REAL_AUDIO_S = 22.02
ASKED = Thresholds(0.7, 0.5)
"""What its query asks for."""

Heard = Callable[..., list[TurnInfo]]


@pytest.mark.parametrize("frame_audio_s", [0.08, 0.02, 0.2])
def test_its_own_client_hears_its_own_frames(real: Recording, frames: list[str], frame_audio_s: float) -> None:
    replay = FluxReplay(turns_from(real), ASKED)
    said = []
    for number in range(1, round(REAL_AUDIO_S / frame_audio_s) + 1):
        said += replay.receive_audio(number * frame_audio_s, 0.0)

    literal = [queued.text for queued in said if isinstance(queued, Saying)]
    assert literal == [text for text in frames if json.loads(text)["type"] == "TurnInfo"]


def test_its_looks_know_which_thresholds_were_in_force(real: Recording) -> None:
    looks = turns_from(real).recorded
    in_force = Counter(look.recorded.thresholds.eot for look in looks if look.recorded is not None)

    assert in_force == {0.7: 8, 0.8: 95}
    assert all(look.recorded is not None and look.recorded.asked == ASKED for look in looks)


def test_without_eager_threshold_its_turn_ends_all_the_same(real: Recording, heard: Heard) -> None:
    said = heard(turns_from(real), REAL_AUDIO_S, Thresholds(0.8))
    events = Counter(message.event for message in said)

    assert events == {"Update": 101, "StartOfTurn": 1, "EndOfTurn": 1}


def test_a_lower_threshold_ends_the_turn_in_the_first_pause(real: Recording, heard: Heard) -> None:
    said = heard(turns_from(real), REAL_AUDIO_S, Thresholds(0.6))
    turns = [message.transcript for message in said if message.event == "EndOfTurn"]

    assert turns[0] == "We the people of the United States."
    assert turns[1].startswith("in order to form a more perfect union")
    assert turns[1].endswith("for the United States of America.")


def test_a_higher_threshold_leaves_it_to_the_timeout(real: Recording, heard: Heard) -> None:
    said = heard(turns_from(real), 25.0, Thresholds(0.95, None, 5000))
    (ended,) = [message for message in said if message.event == "EndOfTurn"]

    assert ended.trigger == "timeout"
    assert ended.turn_index == 0
    assert 23.4 <= ended.audio_window_end <= 23.7
    assert len(ended.words) == 52


def test_its_words_answer_the_other_endpoints(real: Recording) -> None:
    timeline = turns_from(real).timeline
    (words,) = timeline.channels

    assert len(words) == 52
    assert (words[0].word, words[0].punctuated_word) == ("we", "We")
    assert timeline.model is not None
    assert timeline.model.name == "flux-general-en"
    assert timeline.duration_audio_s is None


def test_a_client_that_comes_back_in_the_middle_hears_the_rest(real: Recording, heard: Heard) -> None:
    class FromTenSeconds:
        name = "rest"

        @staticmethod
        def looks(from_audio_s: float = 0.0) -> Iterator[Look]:
            return turns_from(real).looks(10.0)

    said = heard(FromTenSeconds(), REAL_AUDIO_S - 10.0, ASKED)
    (ended,) = [message for message in said if message.event == "EndOfTurn"]
    following = said[said.index(ended) + 1]

    assert ended.audio_window_end == pytest.approx(9.84)
    assert ended.transcript.startswith("the general welfare")
    assert isinstance(ended.words[0].start, float)
    assert 0 <= ended.words[0].start < 0.5
    assert (following.turn_index, following.audio_window_start) == (1, ended.audio_window_end)

"""Looks at the pace of the audio: due by position, said after their lag, in one order with what answers a Configure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.protocol.flux_messages import FluxConfigureFailure, TurnInfo
from mock_server.flux.replay import FluxReplay
from mock_server.flux.script import Look
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import Saying

if TYPE_CHECKING:
    from tests.unit.mock_server_flux.conftest import Written

MakeLook = Callable[..., Look]
REPLY = FluxConfigureFailure(request_id="", sequence_id=0)


def positions(queued: list[object]) -> list[float]:
    return [one.message.audio_window_end for one in queued if isinstance(one, Saying)]


def test_a_look_is_due_when_its_audio_is_here(written: type[Written], look: MakeLook) -> None:
    replay = FluxReplay(written((look(0.24), look(0.48))), Thresholds())

    assert positions([*replay.receive_audio(0.23, 0.0)]) == []
    assert positions([*replay.receive_audio(0.24, 0.0)]) == [0.24]
    assert positions([*replay.receive_audio(0.48, 0.0)]) == [0.48]


def test_it_is_said_after_its_lag_and_in_order(written: type[Written], look: MakeLook) -> None:
    slow, quick = replace(look(0.24), lag_wall_s=1.0), replace(look(0.48), lag_wall_s=0.1)
    replay = FluxReplay(written((slow, quick)), Thresholds())
    at_once = [*replay.receive_audio(0.24, 10.0), *replay.receive_audio(0.48, 10.2)]

    assert at_once == []
    assert replay.next_wakeup_s == 11.0
    assert positions([*replay.wake(10.9)]) == []
    assert positions([*replay.wake(11.0)]) == [0.24, 0.48]
    assert replay.next_wakeup_s is None


def test_the_answer_to_a_configure_waits_for_what_was_due_before_it(written: type[Written], look: MakeLook) -> None:
    replay = FluxReplay(written((replace(look(0.24), lag_wall_s=1.0),)), Thresholds())
    replay.receive_audio(0.24, 10.0)

    assert replay.configure(REPLY, Thresholds(), 10.1) == []
    first, second = replay.wake(11.0)
    assert isinstance(first, Saying)
    assert second is REPLY


def test_new_thresholds_hold_for_audio_that_comes_after_them(written: type[Written], look: MakeLook) -> None:
    script = written((look(0.24, "We"), look(0.48, "We", 0.8), look(0.56, "We", 0.8)))
    replay = FluxReplay(script, Thresholds(eot=0.9))
    replay.receive_audio(0.48, 0.0)
    replay.configure(REPLY, Thresholds(eot=0.7), 0.0)
    (ended,) = replay.receive_audio(0.56, 0.0)

    assert isinstance(ended, Saying)
    assert ended.message.event == "EndOfTurn"


def test_a_forced_end_comes_after_what_was_due_and_ends_at_the_audio_received(
    written: type[Written], look: MakeLook
) -> None:
    replay = FluxReplay(written((replace(look(0.24, "We"), lag_wall_s=1.0), look(0.8))), Thresholds())
    replay.receive_audio(0.43, 0.0)

    assert positions([*replay.force_end_turn(0.1)]) == [0.24, 0.4]


def test_when_a_script_is_over_nothing_new_is_heard_and_silence_ends_the_turn(
    written: type[Written], look: MakeLook, heard: Callable[..., list[TurnInfo]]
) -> None:
    said = heard(written((look(0.48, "We", 0.3),)), 3.0, Thresholds(timeout_ms=2000))
    ended = next(message for message in said if message.event == "EndOfTurn")

    assert ended.trigger == "timeout"
    assert 2.48 <= ended.audio_window_end <= 2.72
    assert ended.transcript == "We"


def test_audio_a_little_longer_than_the_script_adds_nothing(
    written: type[Written], look: MakeLook, heard: Callable[..., list[TurnInfo]]
) -> None:
    script = written((look(0.24), look(0.48)))

    assert len(heard(script, 1.6)) == 2
    assert len(heard(script, 1.8)) == 3


@pytest.mark.parametrize("frame_audio_s", [0.02, 0.05, 0.2, 1.0])
def test_how_the_audio_is_cut_makes_no_difference(
    written: type[Written], look: MakeLook, heard: Callable[..., list[TurnInfo]], frame_audio_s: float
) -> None:
    script = written(
        tuple(look(round(step * 0.24, 2), "We the" if step > 2 else "", step / 20) for step in range(1, 20))
    )

    assert heard(script, 5.0, frame_audio_s=frame_audio_s) == heard(script, 5.0, frame_audio_s=0.08)


def said(queued: list[object]) -> list[tuple[str, str]]:
    return [(str(one.message.event), one.message.transcript) for one in queued if isinstance(one, Saying)]


def test_what_was_heard_last_is_said_when_the_stream_is_over(written: type[Written], look: MakeLook) -> None:
    """An Update comes every 0.24 s; the turn stays open."""
    replay = FluxReplay(written((look(1.24, "We"), look(1.32, "We are"), look(1.4, "We are here"))), Thresholds())

    assert said([*replay.receive_audio(1.4, 0.0)]) == [("StartOfTurn", "We")]
    assert said([*replay.close_stream(1.4, 0.0)]) == [("Update", "We are here")]


@pytest.mark.parametrize("text", ["", "We"])
def test_what_was_said_already_is_not_said_again(written: type[Written], look: MakeLook, text: str) -> None:
    replay = FluxReplay(written((look(0.24, text), look(0.32, text))), Thresholds())
    replay.receive_audio(0.32, 0.0)

    assert said([*replay.close_stream(0.32, 0.0)]) == []

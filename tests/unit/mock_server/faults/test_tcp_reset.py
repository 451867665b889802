from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import ClientText, Reset

KEEP_ALIVE = ClientText('{"type":"KeepAlive"}')


def test_a_reset_comes_when_the_audio_reaches_its_second(drive: Callable[..., Any]) -> None:
    driven = drive("reset at_audio_s=3.2")
    assert driven.wake(3.0, audio_s=3.1) == []
    assert driven.wake(3.5, audio_s=3.2) == [Reset()]
    assert driven.fired == [("reset", 3.5, 3.2, "connection")]


def test_a_reset_on_the_second_keep_alive_lets_both_arrive(drive: Callable[..., Any]) -> None:
    driven = drive("reset message=KeepAlive nth=2")
    assert driven.up(KEEP_ALIVE) == [KEEP_ALIVE]
    assert driven.up(KEEP_ALIVE, 5.0) == [KEEP_ALIVE, Reset()]
    assert driven.fired == [("reset", 5.0, 0.0, "KeepAlive")]


def test_nothing_comes_after_a_reset(drive: Callable[..., Any]) -> None:
    driven = drive("reset at_wall_s=1")
    assert driven.wake(1.0) == [Reset()]
    assert driven.chain.ended
    assert driven.up(KEEP_ALIVE, 1.5) == []
    assert driven.next_wakeup_wall_s is None

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import ClientAudio, ClientPing, ClientText, PauseReading, SendPong, SendText

AUDIO, PING, SAID, PONG = ClientAudio(b"ab"), ClientPing(b"p"), SendText("a"), SendPong(b"p")
OPENED_S = 100.0


def test_a_stall_of_both_halves_holds_everything_and_releases_it_in_order(drive: Callable[..., Any]) -> None:
    driven = drive("stall at_wall_s=1 duration_s=2")
    assert driven.wake(1.0) == [PauseReading(OPENED_S + 3.0)]
    assert driven.up(AUDIO, 1.5) == driven.up(PING, 1.5) == []
    assert driven.down(SAID, 2.0) == driven.down(PONG, 2.0) == []
    assert driven.next_wakeup_wall_s == 3.0
    assert driven.wake(3.0) == [AUDIO, PING, SAID, PONG]
    assert driven.up(AUDIO, 3.0) == [AUDIO]
    assert driven.next_wakeup_wall_s is None


def test_what_was_held_back_comes_before_what_comes_when_it_ends(drive: Callable[..., Any]) -> None:
    driven = drive("stall duration_s=1 direction=downstream")
    assert driven.down(SAID, 0.5) == []
    assert driven.down(SendText("b"), 1.0) == [SAID, SendText("b")]


def test_a_stalled_upstream_leaves_downstream_alone(drive: Callable[..., Any]) -> None:
    driven = drive("stall direction=upstream duration_s=1")
    assert driven.at_opening == [PauseReading(OPENED_S + 1.0)]
    assert driven.up(AUDIO) == []
    assert driven.down(SAID) == [SAID]


def test_a_stalled_downstream_leaves_upstream_alone_and_the_socket_read(drive: Callable[..., Any]) -> None:
    driven = drive("stall direction=downstream duration_s=1")
    assert driven.at_opening == []
    assert driven.up(AUDIO) == [AUDIO]
    assert driven.down(SAID) == []


def test_what_is_lost_never_comes(drive: Callable[..., Any]) -> None:
    driven = drive("stall duration_s=1 held=lost")
    assert driven.at_opening == []
    assert driven.up(AUDIO, 0.5) == []
    assert driven.wake(1.0) == []
    assert driven.up(AUDIO, 1.0) == [AUDIO]


def test_a_stall_for_good_holds_nothing_in_memory(drive: Callable[..., Any]) -> None:
    driven = drive("stall")
    assert driven.up(AUDIO, 3600.0) == []
    assert driven.next_wakeup_wall_s is None


def test_a_stall_that_begins_again_is_prolonged(drive: Callable[..., Any], final: Callable[..., SendText]) -> None:
    driven = drive("stall message=KeepAlive duration_s=2 direction=downstream")
    keep_alive = '{"type":"KeepAlive"}'
    driven.up(ClientText(keep_alive), 0.0)
    assert driven.down(final(), 1.0) == []
    driven.up(ClientText(keep_alive), 1.5)
    assert driven.wake(2.0) == []
    assert driven.wake(3.5) == [final()]
    assert [fired[1] for fired in driven.fired] == [0.0, 1.5]

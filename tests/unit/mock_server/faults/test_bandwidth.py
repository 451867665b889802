from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import ClientAudio, ClientText, PauseReading, SendClose, SendText

OPENED_S = 100.0


def test_a_message_arrives_with_its_last_byte_and_the_next_one_queues(drive: Callable[..., Any]) -> None:
    driven = drive("bandwidth bytes_per_s=4 direction=downstream")
    assert driven.down(SendText("ab")) == []
    assert driven.down(SendText("éé")) == []
    assert driven.down(SendClose(1000, "")) == []
    assert driven.wake(0.5) == [SendText("ab")]
    assert driven.wake(1.25) == []
    assert driven.wake(1.5) == [SendText("éé")]
    assert driven.wake(2.0) == [SendClose(1000, "")]


def test_upstream_waits_in_the_clients_socket(drive: Callable[..., Any]) -> None:
    driven = drive("bandwidth bytes_per_s=8 direction=upstream")
    assert driven.up(ClientAudio(bytes(8))) == [PauseReading(OPENED_S + 1.0)]
    assert driven.up(ClientText("abcd")) == [PauseReading(OPENED_S + 1.5)]
    assert driven.down(SendText("a")) == [SendText("a")]
    assert driven.wake(1.5) == [ClientAudio(bytes(8)), ClientText("abcd")]


def test_each_direction_has_its_own(drive: Callable[..., Any]) -> None:
    driven = drive("bandwidth bytes_per_s=1")
    driven.up(ClientText("ab"))
    driven.down(SendText("ab"))
    assert driven.wake(2.0) == [ClientText("ab"), SendText("ab")]

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import ClientText, SendClose, SendText


def test_the_message_is_late_and_what_follows_waits_for_it(
    drive: Callable[..., Any], interim: Callable[..., SendText], final: Callable[..., SendText]
) -> None:
    driven = drive("delay message=final by_s=1.5")
    assert driven.down(interim()) == [interim()]
    assert driven.down(final(), 1.0) == []
    assert driven.down(interim("b"), 2.0) == []
    assert driven.down(SendClose(1000, ""), 2.0) == []
    assert driven.next_wakeup_wall_s == 2.5
    assert driven.wake(2.5) == [final(), interim("b"), SendClose(1000, "")]


def test_the_other_direction_does_not_wait(drive: Callable[..., Any], final: Callable[..., SendText]) -> None:
    driven = drive("delay message=final by_s=1.5")
    driven.down(final())
    assert driven.up(ClientText("a")) == [ClientText("a")]

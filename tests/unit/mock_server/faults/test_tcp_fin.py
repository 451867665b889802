from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import Fin, SendClose, SendText


def test_the_end_comes_at_its_time_and_nothing_after_it(drive: Callable[..., Any]) -> None:
    driven = drive("fin at_wall_s=2")
    assert driven.next_wakeup_wall_s == 2.0
    assert driven.down(SendText("a"), 1.0) == [SendText("a")]
    assert driven.wake(2.0) == [Fin()]
    assert driven.down(SendText("b"), 2.0) == []


def test_the_end_may_follow_the_servers_own_close(drive: Callable[..., Any]) -> None:
    driven = drive("fin at_wall_s=2")
    assert driven.down(SendClose(1000, ""), 1.0) == [SendClose(1000, "")]
    assert driven.wake(2.0) == [Fin()]

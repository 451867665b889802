from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import ClientPing, SendPong, SendText


def test_pongs_are_withheld_and_nothing_else(drive: Callable[..., Any]) -> None:
    driven = drive("no-pongs at_wall_s=1 duration_s=2")
    assert driven.down(SendPong(b"a"), 0.5) == [SendPong(b"a")]
    assert driven.down(SendPong(b"b"), 1.0) == []
    assert driven.down(SendText("a"), 1.0) == [SendText("a")]
    assert driven.up(ClientPing(b"c"), 2.0) == [ClientPing(b"c")]
    assert driven.down(SendPong(b"d"), 3.0) == [SendPong(b"d")]

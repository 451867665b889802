from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import ClientAudio, ClientClose, ClientPing, Reset, SendClose, SendPong, SendText


def test_everything_is_swallowed_for_good(drive: Callable[..., Any]) -> None:
    driven = drive("black-hole at_wall_s=1")
    assert driven.up(ClientPing(b"p"), 0.5) == [ClientPing(b"p")]
    assert driven.wake(1.0) == []
    for passing in (ClientAudio(b"ab"), ClientPing(b"p"), ClientClose(1000, "")):
        assert driven.up(passing, 2.0) == []
    for said in (SendText("a"), SendPong(b"p"), SendClose(1000, ""), Reset()):
        assert driven.down(said, 1e6) == []
    assert driven.fired == [("black-hole", 1.0, 0.0, "connection")]


def test_the_message_that_opens_it_still_passes(drive: Callable[..., Any]) -> None:
    driven = drive("black-hole message=Metadata")
    metadata = SendText('{"type":"Metadata"}')
    assert driven.down(metadata) == [metadata]
    assert driven.down(SendClose(1000, "")) == []

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.reorder import Reorder
from mock_server.faults.steps import ClientAudio, ClientClose, ClientText, SendClose, SendPong, SendText

A, B, C, D = (SendText(letter) for letter in "abcd")


def test_without_conditions_pairs_change_places(drive: Callable[..., Any]) -> None:
    driven = drive("reorder")
    assert [driven.down(text) for text in (A, B, C, D)] == [[], [B, A], [], [D, C]]


def test_a_message_is_overtaken_by_as_many_as_asked_and_pongs_do_not_count(drive: Callable[..., Any]) -> None:
    driven = drive("reorder overtaken_by=2 times=1")
    assert driven.down(A) == []
    assert driven.down(SendPong(b"")) == [SendPong(b"")]
    assert driven.down(B) == [B]
    assert driven.down(C) == [C, A]
    assert driven.down(D) == [D]


def test_upstream_audio_overtakes_a_message(drive: Callable[..., Any]) -> None:
    driven = drive("reorder message=Finalize")
    finalize = ClientText('{"type":"Finalize"}')
    assert driven.up(finalize) == []
    assert driven.down(A) == [A]
    assert driven.up(ClientAudio(b"ab")) == [ClientAudio(b"ab"), finalize]


def test_it_waits_no_longer_than_allowed(drive: Callable[..., Any]) -> None:
    driven = drive("reorder at_most_s=0.5")
    assert driven.down(A, 1.0) == []
    assert driven.next_wakeup_wall_s == 1.5
    assert driven.wake(1.25) == []
    assert driven.wake(1.5) == [A]
    assert driven.next_wakeup_wall_s is None


def test_a_close_does_not_overtake(drive: Callable[..., Any]) -> None:
    driven = drive("reorder")
    driven.down(A)
    assert driven.down(SendClose(1000, "")) == [A, SendClose(1000, "")]
    driven.up(ClientText("a"))
    assert driven.up(ClientClose(1000, "")) == [ClientText("a"), ClientClose(1000, "")]


def test_bounds() -> None:
    with pytest.raises(BadInput, match="overtaken_by is 0; wanted a whole number from 1"):
        Reorder(overtaken_by=0)
    with pytest.raises(BadInput, match="at_most_s is -1; wanted seconds, 0 or more"):
        Reorder(at_most_s=-1)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.duplicate import Duplicate
from mock_server.faults.steps import ClientAudio, ClientText, SendText


def test_the_message_comes_so_many_times_more(drive: Callable[..., Any], final: Callable[..., SendText]) -> None:
    driven = drive("duplicate message=final copies=2")
    assert driven.down(final()) == [final()] * 3
    assert driven.fired == [("duplicate", 0.0, 0.0, "Results final")]


def test_once_more_is_the_default_and_both_directions_are_meant(drive: Callable[..., Any]) -> None:
    driven = drive("duplicate")
    assert driven.up(ClientText("a")) == [ClientText("a")] * 2
    assert driven.up(ClientAudio(b"ab")) == [ClientAudio(b"ab")]


@pytest.mark.parametrize("copies", [0, 101])
def test_copies_have_bounds(copies: int) -> None:
    with pytest.raises(BadInput, match=f"copies is {copies}; wanted a whole number from 1 to 100"):
        Duplicate(copies=copies)

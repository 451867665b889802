from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.steps import ClientText, SendText
from mock_server.faults.truncate import Truncate


def test_only_the_beginning_comes(drive: Callable[..., Any]) -> None:
    driven = drive("truncate keep_share=0.25")
    assert driven.down(SendText("abcdefghi")) == [SendText("ab")]
    assert driven.up(ClientText("abcd")) == [ClientText("a")]


def test_half_is_the_default_and_nothing_is_possible(drive: Callable[..., Any]) -> None:
    assert drive("truncate").down(SendText("abcd")) == [SendText("ab")]
    assert drive("truncate keep_share=0").down(SendText("abcd")) == [SendText("")]


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_leaves_something_out(share: float) -> None:
    with pytest.raises(BadInput, match="wanted a number from 0 to below 1"):
        Truncate(keep_share=share)

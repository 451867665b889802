from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.split import Split
from mock_server.faults.steps import ClientText, SendText


def test_a_message_of_the_servers_is_fragmented_and_the_clients_are_not(drive: Callable[..., Any]) -> None:
    driven = drive("split fragments=3")
    assert driven.down(SendText("abc")) == [SendText("abc", fragments=3)]
    assert driven.up(ClientText("abc")) == [ClientText("abc")]
    assert len(driven.fired) == 1


def test_settings_are_checked() -> None:
    with pytest.raises(BadInput, match="message is 'KeepAlive'; wanted a message that the server sends"):
        Split(message="KeepAlive")
    with pytest.raises(BadInput, match="fragments is 1; wanted a whole number from 2 to 1000"):
        Split(fragments=1)

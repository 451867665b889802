from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.no_metadata import NoMetadata
from mock_server.faults.steps import SendClose, SendText


def test_the_session_ends_without_metadata(drive: Callable[..., Any], final: Callable[..., SendText]) -> None:
    driven = drive("no-metadata")
    assert driven.down(final()) == [final()]
    assert driven.down(SendText('{"type":"Metadata","request_id":"r"}')) == []
    assert driven.down(SendClose(1000, "")) == [SendClose(1000, "")]
    assert driven.fired == [("no-metadata", 0.0, 0.0, "Metadata")]


def test_the_message_cannot_be_chosen() -> None:
    with pytest.raises(BadInput, match="message is 'final'; wanted none: the fault itself says which message"):
        NoMetadata(message="final")

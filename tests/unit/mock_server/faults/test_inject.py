from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from harness.protocol.messages import MalformedMessage, UnknownMessage
from mock_server.faults.inject import Inject, What
from mock_server.faults.steps import SendText


def test_a_given_text_comes_after_the_message_it_waits_for(
    drive: Callable[..., Any], final: Callable[..., SendText]
) -> None:
    driven = drive("inject text='{\"a\": 1}' message=final nth=1")
    assert driven.down(final()) == [final(), SendText('{"a": 1}')]
    assert driven.down(final()) == [final()]
    assert driven.fired == [("inject", 0.0, 0.0, "Results final")]


@pytest.mark.parametrize(
    ("what", "message", "kind"),
    [
        ("malformed", MalformedMessage, None),
        ("unknown-type", UnknownMessage, "DgharnessUnknown"),
        ("wrong-types", MalformedMessage, "Results"),
    ],
)
def test_each_ready_made_message_is_what_it_is_called(
    drive: Callable[..., Any], what: str, message: type[MalformedMessage | UnknownMessage], kind: str | None
) -> None:
    [said] = drive(f"inject what={what}").at_opening
    assert isinstance(said.message, message)
    assert said.message.type == kind


def test_text_and_what_go_together() -> None:
    with pytest.raises(BadInput, match="text is ''; wanted the text to say"):
        Inject()
    with pytest.raises(BadInput, match="text is 'x'; wanted none: what = 'malformed' has its own"):
        Inject(what=What.MALFORMED, text="x")
    with pytest.raises(BadInput, match="wanted text without surrogates"):
        Inject(text="\udc80")

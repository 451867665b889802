from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import ClientAudio, ClientText, SendClose, SendText

KEEP_ALIVE = ClientText('{"type":"KeepAlive"}')


def test_only_the_message_addressed_is_lost(drive: Callable[..., Any], final: Callable[..., SendText]) -> None:
    driven = drive("drop message=final nth=2")
    assert [driven.down(final(word)) for word in "abc"] == [[final("a")], [], [final("c")]]
    assert driven.fired == [("drop", 0.0, 0.0, "Results final")]


def test_a_client_can_be_made_to_be_unheard(drive: Callable[..., Any]) -> None:
    driven = drive("drop message=KeepAlive")
    assert driven.up(KEEP_ALIVE) == []
    assert driven.up(ClientText('{"type":"Finalize"}')) == [ClientText('{"type":"Finalize"}')]


def test_without_a_name_any_text_is_lost_and_nothing_but_text(drive: Callable[..., Any]) -> None:
    driven = drive("drop")
    assert driven.up(KEEP_ALIVE) == []
    assert driven.down(SendText("not even JSON")) == []
    assert driven.up(ClientAudio(b"ab")) == [ClientAudio(b"ab")]
    assert driven.down(SendClose(1000, "")) == [SendClose(1000, "")]


def test_a_final_that_had_an_interim_can_be_lost(
    drive: Callable[..., Any], interim: Callable[..., SendText], final: Callable[..., SendText]
) -> None:
    driven = drive("drop between_interim_and_final=1")
    said = [final("a"), interim("b"), final("b"), final("c")]
    assert [driven.down(text) for text in said] == [[final("a")], [interim("b")], [], [final("c")]]

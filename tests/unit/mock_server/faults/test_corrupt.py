from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.corrupt import Corrupt
from mock_server.faults.steps import ClientText, SendText


def test_exactly_so_many_characters_are_others(drive: Callable[..., Any]) -> None:
    text = '{"type":"Metadata"}'
    [damaged] = drive("corrupt characters=3").down(SendText(text))
    assert len(damaged.text) == len(text)
    assert sum(was != now for was, now in zip(text, damaged.text, strict=True)) == 3


def test_the_seed_decides_which(drive: Callable[..., Any]) -> None:
    outcomes = [drive("corrupt", seed=seed).down(SendText("abcdefgh")) for seed in (1, 1, 2)]
    assert outcomes[0] == outcomes[1] != outcomes[2]


def test_a_short_message_is_damaged_throughout_and_an_empty_one_cannot_be(drive: Callable[..., Any]) -> None:
    driven = drive("corrupt characters=9")
    [damaged] = driven.up(ClientText("ab"))
    assert damaged.text[0] != "a"
    assert damaged.text[1] != "b"
    assert driven.up(ClientText("")) == [ClientText("")]


def test_bounds() -> None:
    with pytest.raises(BadInput, match="characters is 0; wanted a whole number from 1"):
        Corrupt(characters=0)

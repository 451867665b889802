from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.handshake_delay import HandshakeDelay
from mock_server.faults.steps import Handshake, Moment

ASKED = Moment(100.0)


def test_waits_add_up(drive: Callable[..., Any]) -> None:
    driven = drive("handshake-delay by_s=2", "handshake-delay by_s=0.5")
    assert driven.chain.handshake(ASKED) == Handshake(wait_s=2.5)
    assert [fired[3] for fired in driven.fired] == ["handshake", "handshake"]


def test_a_refusal_waits_too_whichever_is_listed_first(drive: Callable[..., Any]) -> None:
    for lines in (("refuse", "handshake-delay by_s=2"), ("handshake-delay by_s=2", "refuse")):
        handshake = drive(*lines).chain.handshake(ASKED)
        assert handshake.wait_s == 2.0
        assert handshake.refusal.status == 503


def test_after_so_many_times_it_does_not_wait(drive: Callable[..., Any]) -> None:
    driven = drive("handshake-delay by_s=2 times=1")
    assert [driven.chain.handshake(ASKED).wait_s for _ in range(2)] == [2.0, 0.0]


def test_a_delay_is_not_negative() -> None:
    with pytest.raises(BadInput, match="by_s is -1; wanted seconds, 0 or more"):
        HandshakeDelay(by_s=-1)

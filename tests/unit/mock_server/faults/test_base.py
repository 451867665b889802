from __future__ import annotations

from random import Random

import pytest

from mock_server.faults.base import (
    Changing,
    Fault,
    FaultState,
    HandshakeFault,
    InstantFault,
    Lasting,
    LastingFault,
    MessageFault,
    Striking,
    Way,
)
from mock_server.faults.steps import ClientText, Due, Handshake, Moment, SendText, at_once
from mock_server.faults.when import Tally, Watch, When

NOW = Moment(10.0, 1.0, 0.5)


def watch() -> Watch:
    return Watch(When(), Random(1), Tally(), lambda moment, what: None)


def test_the_state_that_overrides_nothing_is_the_no_op() -> None:
    state = FaultState()
    assert state.handshake(Handshake(wait_s=1.0), NOW) == Handshake(wait_s=1.0)
    assert state.passes(SendText("a"), NOW) == [Due(10.0, SendText("a"))]
    assert state.wake(NOW) == []
    assert state.next_wakeup_s is None


@pytest.mark.parametrize(
    ("way", "up", "down"), [(Way.UPSTREAM, True, False), (Way.DOWNSTREAM, False, True), (Way.BOTH, True, True)]
)
def test_a_way_covers_its_directions(way: Way, up: bool, down: bool) -> None:
    assert way.covers(ClientText("a")) is up
    assert way.covers(SendText("a")) is down


def test_steps_at_once_are_due_now_in_their_order() -> None:
    assert at_once(NOW, SendText("a"), SendText("b")) == [Due(10.0, SendText("a")), Due(10.0, SendText("b"))]


@pytest.mark.parametrize("fault", [Fault, HandshakeFault, InstantFault, LastingFault, MessageFault])
def test_a_base_is_no_fault_by_itself(fault: type[Fault]) -> None:
    with pytest.raises(NotImplementedError):
        fault().open(Random(1), watch())


def test_a_shape_wants_what_is_peculiar_to_its_fault() -> None:
    with pytest.raises(NotImplementedError):
        Striking(watch()).wake(NOW)
    lasting = Lasting(watch(), None)
    assert lasting.wake(NOW) == []
    with pytest.raises(NotImplementedError):
        lasting.passes(SendText("a"), NOW)
    with pytest.raises(NotImplementedError):
        Changing(watch()).passes(SendText("a"), NOW)

"""An upgrade whose answer is late."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from mock_server.faults.base import FaultState, HandshakeFault
from mock_server.faults.steps import Asked, Handshake, Moment
from mock_server.faults.when import Watch


class HandshakeDelay(HandshakeFault, frozen=True, kw_only=True, tag="handshake-delay"):
    """The answer to the upgrade, be it yes or no, waits.

    Attributes:
        by_s: for so long; longer than any client's patience is a server that never answers.
    """

    summary = "answer the upgrade later"

    by_s: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need_seconds("by_s")

    def open(self, rng: Random, watch: Watch) -> FaultState:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(FaultState):
    def __init__(self, fault: HandshakeDelay, watch: Watch) -> None:
        self._fault = fault
        self._watch = watch

    def handshake(self, so_far: Handshake, moment: Moment) -> Handshake:
        if so_far.asked is not Asked.STREAM or not self._watch.attempt(moment):
            return so_far
        return replace(so_far, wait_s=so_far.wait_s + self._fault.by_s)

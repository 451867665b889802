"""What a fault is: frozen settings, which are also its form in case files, over the control API and on the command
line; and for each connection a state, made by `open`, through which everything passes.

Faults do not know each other, and who drives them never asks which fault it has: a state turns what passes into steps
and says when they are due. Most faults are one of four shapes, and then only what is peculiar to them is written:

    HandshakeFault   acts on the upgrade                      refuse
    InstantFault     strikes once its conditions hold         reset, inject       state: `Striking`
    LastingFault     from then on, for a while or for good    stall, latency      state: `Lasting`
    MessageFault     changes single text messages             drop, corrupt       state: `Changing`

Pure: times come in as numbers, all chance from the `Random` that `open` is given.
"""

from __future__ import annotations

import math
from enum import StrEnum
from random import Random
from typing import ClassVar

from mock_server.faults.steps import (
    Due,
    Handshake,
    Moment,
    Passing,
    Text,
    Upstream,
    at_once,
)
from mock_server.faults.when import DOWNSTREAM_TYPES, Watch, When


class FaultState:
    """One fault on one connection. The defaults let everything pass; a fault overrides what it is about."""

    def handshake(self, so_far: Handshake, moment: Moment) -> Handshake:
        """The client asks for the upgrade: what becomes of what the faults before this one have made of it."""
        return so_far

    def passes(self, passing: Passing, moment: Moment) -> list[Due]:
        """Something passes, in either direction: what goes on instead, and what else that brings about."""
        return at_once(moment, passing)

    def wake(self, moment: Moment) -> list[Due]:
        """Time or audio has come: what that brings about. Must move `next_wakeup_s` beyond `moment.now_s`."""
        return []

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest, on the monotonic clock."""
        return None


class Fault(When, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """Base of every fault's settings; the subclass's tag is its `kind`, `summary` its line in lists of faults."""

    summary: ClassVar[str]

    def open(self, rng: Random, watch: Watch) -> FaultState:
        """This fault on a new connection: `watch` says when it fires, every other chance is drawn from `rng`."""
        raise NotImplementedError


class Way(StrEnum):
    """Which direction a fault acts on."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"

    def covers(self, passing: Passing) -> bool:
        """Whether this passes in that direction."""
        return self is Way.BOTH or (self is Way.UPSTREAM) == isinstance(passing, Upstream)


# --- on the upgrade ---------------------------------------------------------------------------------------------------


class HandshakeFault(Fault, frozen=True, kw_only=True):
    """Acts on the upgrade, so that nothing of the conversation can address it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("at_audio_s", "at_wall_s", "message", "nth", "between_interim_and_final"):
            self.need(getattr(self, name) is None, name, "none: an upgrade comes before all audio and messages")


# --- at an instant, or from it on -------------------------------------------------------------------------------------


class InstantFault(Fault, frozen=True, kw_only=True):
    """Strikes once its conditions hold: after the message it addresses has passed, or before that final."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(self.nth is None or self.message is not None, "nth", "none, or `message` beside it to count")


class Striking(FaultState):
    """State of an `InstantFault`: `strike` says what happens."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def strike(self, moment: Moment) -> list[Due]:
        """It fires."""
        raise NotImplementedError

    def let(self, passing: Passing, moment: Moment) -> list[Due]:
        """What becomes of what passes, apart from the strike."""
        return at_once(moment, passing)

    def passes(self, passing: Passing, moment: Moment) -> list[Due]:
        """Let it pass, and strike before or after it if it is the message addressed."""
        watch = self._watch
        if not (watch.addresses_messages and isinstance(passing, Text) and watch.sees(passing, moment)):
            return self.let(passing, moment)
        if watch.comes_before:
            return [*self.strike(moment), *self.let(passing, moment)]
        return [*self.let(passing, moment), *self.strike(moment)]

    def wake(self, moment: Moment) -> list[Due]:
        """Strike if the instant has come."""
        return self.strike(moment) if self._watch.instant(moment) else []

    @property
    def next_wakeup_s(self) -> float | None:
        """When the instant comes, if time alone decides it."""
        return self._watch.next_wakeup_s


class LastingFault(InstantFault, frozen=True, kw_only=True):
    """Begins like an `InstantFault` and lasts.

    Attributes:
        duration_s: for so long; None is for good.
    """

    duration_s: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need_seconds("duration_s")


class Lasting(Striking):
    """State of a `LastingFault`: `hamper` says what becomes of what passes while it lasts."""

    def __init__(self, watch: Watch, duration_s: float | None) -> None:
        super().__init__(watch)
        self._duration_s = math.inf if duration_s is None else duration_s
        self._until_s = -math.inf

    def hamper(self, passing: Passing, moment: Moment) -> list[Due]:
        """Something passes while it lasts."""
        raise NotImplementedError

    def begin(self, moment: Moment) -> list[Due]:
        """It begins, or is prolonged."""
        return []

    def strike(self, moment: Moment) -> list[Due]:
        """Last from now on."""
        self._until_s = moment.now_s + self._duration_s
        return self.begin(moment)

    def let(self, passing: Passing, moment: Moment) -> list[Due]:
        """Hamper it while it lasts."""
        return self.hamper(passing, moment) if moment.now_s < self._until_s else at_once(moment, passing)


# --- on single messages -----------------------------------------------------------------------------------------------


class MessageFault(Fault, frozen=True, kw_only=True):
    """Changes the text messages it addresses; without `message`, any text message of either direction."""


class ServerMessageFault(MessageFault, frozen=True, kw_only=True):
    """Changes messages of the server's only."""

    def __post_init__(self) -> None:
        super().__post_init__()
        named = self.message is None or self.message in DOWNSTREAM_TYPES
        self.need(named, "message", "a message that the server sends")


class OneMessageFault(MessageFault, frozen=True, kw_only=True):
    """Changes one message of the server's that it knows by itself, so that `message` has nothing to say."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("message", "between_interim_and_final"):
            self.need(getattr(self, name) is None, name, "none: the fault itself says which message")


class Changing(FaultState):
    """State of a `MessageFault`: `change` says what becomes of a message it fires on."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def concerns(self, passing: Text) -> bool:
        """Whether it can act on this message at all."""
        return True

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        """It fires on this message."""
        raise NotImplementedError

    def passes(self, passing: Passing, moment: Moment) -> list[Due]:
        """Change it if it is a message addressed."""
        if isinstance(passing, Text) and self.concerns(passing) and self._watch.sees(passing, moment):
            return self.change(passing, moment)
        return at_once(moment, passing)

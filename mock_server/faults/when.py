"""When a fault fires: `When` says it in terms of the conversation, `Watch` follows one connection and tells.

Conditions combine: a fault fires only where all that are given hold. An *occasion* to fire is a message that the fault
addresses, or, when it addresses none, the first instant of a connection at which its conditions hold. On each occasion
it fires with its `probability`, unless it has fired `times` before.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Final

import msgspec

from harness.errors import BadInput
from harness.protocol.messages import Results
from mock_server.faults.steps import FINAL, INTERIM, TURN_INFO, Moment, SendText, Text

# `/v1/listen`, and what `/v2/listen` (Flux) adds to it; Configure and Sync, ConfigureSuccess and Error are on both.
UPSTREAM_TYPES: Final = frozenset({"KeepAlive", "Finalize", "CloseStream", "Configure", "Sync", "ForceEndTurn"})
DOWNSTREAM_TYPES: Final = frozenset(
    {"Results", "SpeechStarted", "UtteranceEnd", "Metadata", "Error", "ConfigureSuccess", "ConfigureFailure", "Sync"}
    | {"Connected", TURN_INFO, "Warning"}
    | {INTERIM, FINAL}
)
HANDSHAKE: Final = "handshake"
"""What a firing hit, where it was no message and not the open connection."""
MESSAGE_NAMES: Final = UPSTREAM_TYPES | DOWNSTREAM_TYPES

_CLOCK_NOISE_S: Final = 1e-6
"""A timer set for an instant may read the clock this much before it; so may a sum of chunk lengths."""


class When(msgspec.Struct, frozen=True, kw_only=True):
    """When a fault fires; every field narrows it down, and a fault with none fires as soon as it can.

    Attributes:
        at_audio_s: not before the server has received so many seconds of audio on the connection.
        at_wall_s: not before so many seconds after the upgrade.
        message: on messages of this name: a wire type, `interim` or `final`.
        nth: on the n-th of these only, from 1, counted from when `at_audio_s` and `at_wall_s` hold.
        between_interim_and_final: between the n-th final that had an interim, and that interim; counted like `nth`.
        leg: on this connection of the run only, from 0; None is every one.
        times: at most so often in the run, over all its connections.
        times_per_leg: at most so often on one connection.
        probability: of firing on each occasion, drawn under the run's seed.

    Raises:
        BadInput: a value is out of bounds, or two contradict each other.
    """

    at_audio_s: float | None = None
    at_wall_s: float | None = None
    message: str | None = None
    nth: int | None = None
    between_interim_and_final: int | None = None
    leg: int | None = None
    times: int | None = None
    times_per_leg: int | None = None
    probability: float = 1.0

    @property
    def kind(self) -> str:
        """What sentences about it call it."""
        return str(self.__struct_config__.tag)

    def __post_init__(self) -> None:
        self.need_seconds("at_audio_s", "at_wall_s")
        for name in ("nth", "between_interim_and_final", "times", "times_per_leg"):
            count = getattr(self, name)
            self.need(count is None or count >= 1, name, "a whole number from 1")
        self.need(self.leg is None or self.leg >= 0, "leg", "a whole number from 0")
        self.need(0.0 <= self.probability <= 1.0, "probability", "a number from 0 to 1")
        if self.message is not None and self.message not in MESSAGE_NAMES:
            raise BadInput(f"fault {self.kind}: message {unknown(self.message, MESSAGE_NAMES)}")
        if self.between_interim_and_final is not None:
            for name in ("message", "nth"):
                self.need(getattr(self, name) is None, name, "none: between_interim_and_final says which message")

    def need(self, holds: bool, field: str, wanted: str) -> None:
        """Complain about a field unless the condition holds.

        Raises:
            BadInput: it does not.
        """
        if not holds:
            raise BadInput(f"fault {self.kind}: {field} is {getattr(self, field)!r}; wanted {wanted}")

    def need_seconds(self, *fields: str) -> None:
        """Complain about any of these fields that is neither None nor a number of seconds.

        Raises:
            BadInput: one is negative, infinite or not a number.
        """
        for field in fields:
            seconds = getattr(self, field)
            self.need(seconds is None or 0.0 <= seconds < math.inf, field, "seconds, 0 or more")

    def need_rate(self, field: str) -> None:
        """Complain about a field that is no positive number.

        Raises:
            BadInput: it is zero, negative, infinite or not a number.
        """
        self.need(0.0 < getattr(self, field) < math.inf, field, "bytes per second, more than 0")

    def need_sendable(self, field: str) -> None:
        """Complain about a text that no frame can hold.

        Raises:
            BadInput: it has a lone surrogate, which UTF-8 cannot write.
        """
        text = getattr(self, field)
        self.need(not any("\ud800" <= character <= "\udfff" for character in text), field, "text without surrogates")


def unknown(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not known: the nearest one that is, and all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{name!r} is not known; {hint}known: {', '.join(names)}"


@dataclass(frozen=True)
class Firing:
    """One firing of a fault, for reports.

    Attributes:
        kind: of the fault.
        fault: its place in the plan, from 0.
        leg: connection of the run, from 0.
        wall_s: seconds since the upgrade.
        audio_s: seconds of audio that the server had received.
        what: what it hit: `connection`, `handshake`, or the names of the message.
    """

    kind: str
    fault: int
    leg: int
    wall_s: float
    audio_s: float
    what: str


class Tally:
    """How often one fault has fired in the run, over all its connections."""

    def __init__(self) -> None:
        self.count = 0


class Watch:
    """When one fault fires on one connection.

    Args:
        when: its conditions; `leg` is not looked at, because a chain leaves out the faults of other legs.
        rng: for `probability`.
        tally: of the run.
        report: told of each firing.
    """

    def __init__(self, when: When, rng: Random, tally: Tally, report: Callable[[Moment, str], None]) -> None:
        self._when = when
        self._rng = rng
        self._tally = tally
        self._report = report
        self._fired_here = 0
        self._counted = 0
        self._interim_on: set[int] = set()
        self._awaits_instant = not self.addresses_messages
        self._opened_s: float | None = None
        self._audio_has_come = when.at_audio_s is None

    @property
    def addresses_messages(self) -> bool:
        """Whether its occasions are messages rather than an instant."""
        return self._when.message is not None or self.comes_before

    @property
    def comes_before(self) -> bool:
        """Whether it strikes before the message that occasions it has passed, rather than after."""
        return self._when.between_interim_and_final is not None

    @property
    def next_wakeup_s(self) -> float | None:
        """When only time is missing until the instant, that instant on the monotonic clock."""
        if not self._awaits_instant or self._opened_s is None or not self._audio_has_come:
            return None
        return self._opened_s + (self._when.at_wall_s or 0.0)

    def attempt(self, moment: Moment) -> bool:
        """Somebody asks for the upgrade: whether it fires on that."""
        return self._fires(moment, HANDSHAKE)

    def instant(self, moment: Moment) -> bool:
        """Time or audio has come: whether it fires on that; once on a connection at most."""
        if not self._awaits_instant or not self._reached(moment):
            return False
        self._awaits_instant = False
        return self._fires(moment, "connection")

    def sees(self, passing: Text, moment: Moment) -> bool:
        """A message passes: whether it fires on that; without a name, any message is an occasion."""
        closes_an_interim = self._closes_an_interim(passing)
        if not self._reached(moment):
            return False
        wanted_nth = self._when.nth
        if self.comes_before:
            wanted_nth = self._when.between_interim_and_final
            if not closes_an_interim:
                return False
        elif self._when.message is not None and self._when.message not in passing.kinds:
            return False
        self._counted += 1
        if wanted_nth is not None and self._counted != wanted_nth:
            return False
        return self._fires(moment, " ".join(passing.kinds) or "message")

    def _reached(self, moment: Moment) -> bool:
        when = self._when
        self._opened_s = moment.now_s - moment.wall_s
        self._audio_has_come = when.at_audio_s is None or moment.audio_s + _CLOCK_NOISE_S >= when.at_audio_s
        return self._audio_has_come and (when.at_wall_s is None or moment.wall_s + _CLOCK_NOISE_S >= when.at_wall_s)

    def _closes_an_interim(self, passing: Text) -> bool:
        """Note which channels have an interim that no final has followed; whether this is such a final."""
        kinds, message = passing.kinds, passing.message
        if not isinstance(passing, SendText) or not (INTERIM in kinds or FINAL in kinds):
            return False
        channel = message.channel_index[0] if isinstance(message, Results) else 0  # a turn of Flux: it hears one
        if INTERIM in kinds:
            self._interim_on.add(channel)
            return False
        had_interim = channel in self._interim_on
        self._interim_on.discard(channel)
        return had_interim

    def _fires(self, moment: Moment, what: str) -> bool:
        when = self._when
        if when.times is not None and self._tally.count >= when.times:
            return False
        if when.times_per_leg is not None and self._fired_here >= when.times_per_leg:
            return False
        if when.probability < 1.0 and self._rng.random() >= when.probability:
            return False
        self._tally.count += 1
        self._fired_here += 1
        self._report(moment, what)
        return True

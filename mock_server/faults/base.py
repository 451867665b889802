"""What a fault is, and the actions by which it harms a connection.

A fault has frozen settings, which are also its form in case files, over the control API and on the command line; and for
each connection a state, made by `open`, which sees everything that passes. The engine executes actions; it never asks
which fault it has, and faults do not know each other. Chaining is feeding one fault's output to the next.

Pure: times come in as numbers, all chance from the `Random` that `open` is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar, TypeAlias

import msgspec

from harness.protocol.messages import Message

# --- what passes upstream ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClientText:
    """A text frame of the client's, before the server sees it."""

    text: str


@dataclass(frozen=True)
class ClientAudio:
    """A binary frame of the client's."""

    data: bytes


@dataclass(frozen=True)
class ClientPing:
    """A ping of the client's; what is left of it is answered with a pong."""

    data: bytes


@dataclass(frozen=True)
class ClientClose:
    """The client's close frame."""

    code: int
    reason: str


Upstream: TypeAlias = ClientText | ClientAudio | ClientPing | ClientClose

# --- what passes downstream -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SendText:
    """Send this text frame; `fragments` above 1 splits it into so many continuation frames."""

    text: str
    fragments: int = 1


@dataclass(frozen=True)
class SendClose:
    """Close the connection with this code and reason."""

    code: int
    reason: str


@dataclass(frozen=True)
class SendPong:
    """Answer a ping."""

    data: bytes


@dataclass(frozen=True)
class Reset:
    """Cut the TCP connection with a reset: no close frame, nothing that was queued arrives."""


@dataclass(frozen=True)
class Fin:
    """End the TCP connection without a close frame, after what was queued."""


@dataclass(frozen=True)
class PauseReading:
    """Take nothing more off the socket for so long; the client's writes back up."""

    duration_s: float


Downstream: TypeAlias = SendText | SendClose | SendPong | Reset | Fin | PauseReading


@dataclass(frozen=True)
class Due:
    """An action and when it is due, on the monotonic clock."""

    at_s: float
    action: Downstream


# --- the handshake ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Handshake:
    """What becomes of an upgrade: a wait, then the ordinary answer, or a refusal with this status and these headers."""

    wait_s: float = 0.0
    refuse_status: int | None = None
    refuse_headers: tuple[tuple[str, str], ...] = ()


# --- the fault itself -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """What a fault may know of the connection at the instant something passes.

    Attributes:
        now_s: monotonic seconds.
        wall_s: seconds since the upgrade.
        audio_s: seconds of audio that the server has received on this connection.
        leg: which connection of the scenario this is, from 0.
    """

    now_s: float
    wall_s: float
    audio_s: float
    leg: int


class FaultState:
    """One fault on one connection. The defaults let everything pass; a fault overrides what it is about."""

    def handshake(self, moment: Moment) -> Handshake:
        """The client asks for the upgrade."""
        return Handshake()

    def upstream(self, passing: Upstream, moment: Moment) -> tuple[list[Upstream], list[Due]]:
        """Something comes from the client: what of it goes on to the server, and what that brings about."""
        return [passing], []

    def downstream(self, passing: Due, message: Message | None, moment: Moment) -> list[Due]:
        """Something goes to the client: what goes on instead. `message` is the decoded text frame, if it is one."""
        return [passing]

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest."""
        return None

    def wake(self, moment: Moment) -> tuple[list[Upstream], list[Due]]:
        """Time has come: what goes on to the server that was held back, and what is brought about."""
        return [], []


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of every fault's settings; the subclass's tag is its `kind`."""

    summary: ClassVar[str] = ""

    def open(self, rng: Random) -> FaultState:
        """This fault on a new connection."""
        raise NotImplementedError


def passed(actions: Iterable[Downstream], at_s: float) -> list[Due]:
    """Actions due at once."""
    return [Due(at_s, action) for action in actions]

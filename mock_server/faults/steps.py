"""What passes through a fault, in both directions, and what a connection is told to do with it.

A *step* that comes out of the faults is carried out by whoever drives them: an `Upstream` one is handed to the server,
every other one is done to the socket. Its counterpart is `chain`, which makes the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from harness.protocol.codec import decode_client, decode_server
from harness.protocol.flux_messages import TurnEvent
from harness.protocol.messages import (
    ClientMessage,
    MalformedMessage,
    NotUnderstood,
    Results,
    ServerMessage,
    UnknownMessage,
)
from harness.protocol.refusal import Refusal

INTERIM: Final = "interim"
FINAL: Final = "final"
TURN_INFO: Final = "TurnInfo"


def kinds_of(message: ServerMessage | ClientMessage | NotUnderstood) -> tuple[str, ...]:
    """The names by which a fault may address a message: its wire type, and `interim` or `final` where words come in it.

    Of Flux the end of a turn is its final, and whatever is said of the turn before that an interim.
    """
    if isinstance(message, Results):
        return ("Results", FINAL if message.is_final else INTERIM)
    if isinstance(message, UnknownMessage) and message.type == TURN_INFO:
        return (TURN_INFO, FINAL if message.fields.get("event") == TurnEvent.END_OF_TURN else INTERIM)
    if isinstance(message, UnknownMessage | MalformedMessage):
        return (message.type,) if message.type is not None else ()
    return (type(message).__name__,)


# --- what passes upstream ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClientText:
    """A text frame of the client's, before the server sees it."""

    text: str

    @cached_property
    def message(self) -> ServerMessage | ClientMessage | NotUnderstood:
        """What the text says."""
        return decode_client(self.text).message

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The names by which a fault may address it."""
        return kinds_of(self.message)


@dataclass(frozen=True)
class ClientAudio:
    """A binary frame of the client's."""

    data: bytes


@dataclass(frozen=True)
class ClientPing:
    """A ping of the client's; one that comes out of the faults is to be answered with a `SendPong`, through them."""

    data: bytes


@dataclass(frozen=True)
class ClientClose:
    """The client's close frame; 1005 stands for one without a code."""

    code: int
    reason: str


Upstream: TypeAlias = ClientText | ClientAudio | ClientPing | ClientClose

# --- what passes downstream -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SendText:
    """Send this text frame; `fragments` above 1 splits it into so many frames, the later ones continuations."""

    text: str
    fragments: int = 1

    @cached_property
    def message(self) -> ServerMessage | ClientMessage | NotUnderstood:
        """What the text says."""
        return decode_server(self.text).message

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The names by which a fault may address it."""
        return kinds_of(self.message)


@dataclass(frozen=True)
class SendClose:
    """Send a close frame with this code and reason; 1005 stands for one without a code. No message follows it."""

    code: int
    reason: str


@dataclass(frozen=True)
class SendPong:
    """Answer a ping."""

    data: bytes


@dataclass(frozen=True)
class Reset:
    """Cut the TCP connection with a reset, at once: no close frame, and what was not yet sent is lost."""


@dataclass(frozen=True)
class Fin:
    """End the TCP connection without a close frame, after what was said before."""


Downstream: TypeAlias = SendText | SendClose | SendPong | Reset | Fin

# --- what is done to the socket, past all further faults --------------------------------------------------------------


@dataclass(frozen=True)
class PauseReading:
    """Take nothing off the socket until then (monotonic seconds), so that the client's writes back up.

    Of several the latest counts. What was read already still passes.
    """

    until_s: float


Passing: TypeAlias = Upstream | Downstream
Step: TypeAlias = Passing | PauseReading
Text: TypeAlias = ClientText | SendText


class Due(NamedTuple):
    """A step and when it is due, on the monotonic clock; a time gone by means at once."""

    at_s: float
    step: Step


# --- the instant, and the handshake -----------------------------------------------------------------------------------


class Moment(NamedTuple):
    """What a fault may know of the connection at the instant something happens.

    Attributes:
        now_s: monotonic seconds.
        wall_s: seconds since the upgrade; 0 while it is still being asked for.
        audio_s: seconds of audio that the server has received on this connection.
    """

    now_s: float
    wall_s: float = 0.0
    audio_s: float = 0.0

    def at(self, now_s: float) -> Moment:
        """The same connection at another instant."""
        return Moment(now_s, self.wall_s + (now_s - self.now_s), self.audio_s)


class Asked(StrEnum):
    """What a client asks for: a stream, by an upgrade, or the transcript of a file, by a POST."""

    STREAM = "stream"
    FILE = "file"


@dataclass(frozen=True)
class Handshake:
    """What becomes of a request: a wait, then the ordinary answer, or this refusal instead of it.

    Only an upgrade can be made to wait: a file has no handshake.
    """

    asked: Asked = Asked.STREAM
    wait_s: float = 0.0
    refusal: Refusal | None = None


def at_once(moment: Moment, *steps: Step) -> list[Due]:
    """Steps that are due now, in this order."""
    return [Due(moment.now_s, step) for step in steps]


def payload_bytes(passing: Passing) -> int:
    """How much of a link it takes up, frame headers aside; a TCP reset or end takes nothing."""
    match passing:
        case ClientText() | SendText():
            return len(passing.text.encode(errors="surrogatepass"))
        case ClientAudio() | ClientPing() | SendPong():
            return len(passing.data)
        case ClientClose() | SendClose():
            return 2 + len(passing.reason.encode(errors="surrogatepass"))
    return 0

"""What the client's machine asks of whoever carries it: the answers come back through its methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Connect:
    """Open a connection."""


@dataclass(frozen=True)
class SendAudio:
    """Send a binary frame."""

    data: bytes


@dataclass(frozen=True)
class SendText:
    """Send a text frame."""

    text: str


@dataclass(frozen=True)
class HangUp:
    """Let go of the connection; it is of no more use."""


Action: TypeAlias = Connect | SendAudio | SendText | HangUp

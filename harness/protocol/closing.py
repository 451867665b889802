"""How a session ends: close codes, Deepgram's reasons, and what a client should do next.

The documentation gives the reasons as bare codes, the wire as sentences that end in a link; a client that compares
the reason with `NET-0001` therefore never matches today's server. Both styles are written and read here
(https://developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors; deepgram-python-sdk issue 319).
"""

from __future__ import annotations

import re
from enum import Enum, StrEnum
from typing import Final

NORMAL: Final = 1000
GOING_AWAY: Final = 1001
NO_CODE: Final = 1005
"""A close frame without a code; Flux ends its sessions so."""
CUT: Final = 1006
"""No close frame at all."""
POLICY_VIOLATION: Final = 1008
INTERNAL_ERROR: Final = 1011


class ReasonStyle(StrEnum):
    """How a close reason is worded: as the wire has it, or as the documentation does."""

    SENTENCE = "sentence"
    CODE = "code"


class CloseReason(StrEnum):
    """Deepgram's own reasons to close a stream."""

    NET_0000 = "NET-0000"
    """The server had nothing to say for too long, mostly because it could decode nothing."""
    NET_0001 = "NET-0001"
    """The client sent nothing for too long."""
    NET_0002 = "NET-0002"
    """No audio for too long (self-hosted release 260714)."""
    DATA_0000 = "DATA-0000"
    """The audio could not be decoded."""

    @property
    def close_code(self) -> int:
        """The WebSocket close code it comes with."""
        return POLICY_VIOLATION if self is CloseReason.DATA_0000 else INTERNAL_ERROR

    @property
    def observed(self) -> bool:
        """Whether the sentence was read off the wire; otherwise its wording is ours, in the same grammar."""
        return self in _OBSERVED

    def text(self, style: ReasonStyle = ReasonStyle.SENTENCE) -> str:
        """The reason as it stands in the close frame; at most 123 bytes, the room that RFC 6455 leaves."""
        if style is ReasonStyle.CODE:
            return self.value
        return f"{_SENTENCES[self]} See https://dpgr.am/{self.value.replace('-', '').lower()}"


_OBSERVED: Final = frozenset({CloseReason.NET_0000, CloseReason.NET_0001})
_SENTENCES: Final = {
    CloseReason.NET_0000: "Deepgram did not provide a response message within the timeout window.",
    CloseReason.NET_0001: ("Deepgram did not receive audio data or a text message within the timeout window."),
    CloseReason.NET_0002: "Deepgram did not receive audio data within the timeout window.",
    CloseReason.DATA_0000: "Deepgram could not decode the payload as audio.",
}

# The whole reason is the code, or the code ends its link; a mere mention of `net0001` in other words is neither.
_BARE_CODE = re.compile(r"\s*(NET|DATA)-([0-9]{4})\s*", re.IGNORECASE)
_LINKED_CODE = re.compile(r"\bdpgr\.am/(net|data)-?([0-9]{4})\b", re.IGNORECASE)


def parse_reason(text: str) -> str | None:
    """The code in a close reason of either style, such as `NET-0001`; None when there is none.

    The result compares equal to a `CloseReason`; a code that is newer than this table is returned all the same.
    """
    found = _BARE_CODE.fullmatch(text) or _LINKED_CODE.search(text)
    return f"{found[1].upper()}-{found[2]}" if found else None


class Outcome(Enum):
    """What an ending means for the client that saw it."""

    SUCCESS = "success"
    """Everything that was owed has arrived."""
    RETRY = "retry"
    """Try again, with backoff and a bound on the attempts."""
    FATAL = "fatal"
    """The same request would fail the same way."""


# An ending that names no failure is a success once nothing is owed; before that it is a connection lost.
_ENDINGS: Final = frozenset({NORMAL, GOING_AWAY, NO_CODE, CUT})
# Broken frames (1002), bytes of the wrong kind (1003, 1007), DATA-0000 and other policy (1008), too large a message
# (1009), a missing extension (1010), an untrusted certificate (1015): the same client would do it again.
_FATAL_CODES: Final = frozenset({1002, 1003, 1007, 1008, 1009, 1010, 1015})
_RETRY_STATUSES: Final = frozenset({408, 425, 429})


def classify_close(code: int, *, complete: bool) -> Outcome:
    """What a close code means; 1005 stands for a frame without a code, 1006 for no frame.

    Fatal and retried codes are those of Deepgram's own reconnecting examples (Python example 17, JavaScript
    example 41): 1011, 1012, 1013 and 4xxx come from the server's side and are retried. A code in nobody's table is
    retried too, since a bound on the attempts costs less than an audio stream given up.

    Args:
        code: the close code.
        complete: whether all that was owed has arrived: on `/v1/listen` the Metadata message, on `/v2/listen` (which
            sends none) the end that our own CloseStream asked for.
    """
    if code in _ENDINGS:
        return Outcome.SUCCESS if complete else Outcome.RETRY
    return Outcome.FATAL if code in _FATAL_CODES else Outcome.RETRY


def classify_status(status: int) -> Outcome:
    """What an HTTP status means for an upgrade or a request: 429, 408, 425 and 5xx are retried, other errors are not.

    A redirect counts as fatal, because no client of `/v1/listen` follows one with its key in hand.
    """
    if status >= 500 or status in _RETRY_STATUSES:
        return Outcome.RETRY
    return Outcome.SUCCESS if 100 <= status < 300 else Outcome.FATAL

"""A close frame with a chosen code and reason."""

from __future__ import annotations

from random import Random
from typing import Final

from mock_server.faults.base import InstantFault, Striking
from mock_server.faults.steps import Due, Moment, SendClose, at_once
from mock_server.faults.when import Watch

NO_CODE: Final = 1005

# RFC 6455, 7.4, and IANA's registry: what may stand in a close frame. 1004, 1006 and 1015 never do.
_SENDABLE: Final = frozenset({1000, 1001, 1002, 1003, NO_CODE, *range(1007, 1015), *range(3000, 5000)})
_REASON_BYTES: Final = 123
"""RFC 6455, 5.5: a control frame holds 125 bytes, two of which are the code."""


class CloseFrame(InstantFault, frozen=True, kw_only=True, tag="close"):
    """The server closes, whatever it owes.

    Attributes:
        code: the close code; 1005 sends a close frame without one, as Flux ends its sessions.
        reason: the close reason, at most 123 bytes.

    Raises:
        BadInput: no close frame may hold the code or the reason.
    """

    summary = "send a close frame with this code and reason"

    code: int = 1011
    reason: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        wanted = "1000 to 1003, 1005 (no code), 1007 to 1014 or 3000 to 4999; for 1006 use fault reset or fin"
        self.need(self.code in _SENDABLE, "code", wanted)
        size = len(self.reason.encode(errors="surrogatepass"))
        self.need(size <= _REASON_BYTES, "reason", f"at most {_REASON_BYTES} bytes of UTF-8, not {size}")
        self.need(not self.reason or self.code != NO_CODE, "reason", "none: a close frame without a code has no reason")
        self.need_sendable("reason")

    def open(self, rng: Random, watch: Watch) -> Striking:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Striking):
    def __init__(self, fault: CloseFrame, watch: Watch) -> None:
        super().__init__(watch)
        self._fault = fault

    def strike(self, moment: Moment) -> list[Due]:
        return at_once(moment, SendClose(self._fault.code, self._fault.reason))

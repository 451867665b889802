"""The errors dgharness raises, and whom each one blames.

    DgHarnessError
    ├── BadInput             the user's file, option or value is unusable: one sentence, exit code 2
    ├── LocalProtocolError   our own code made an illegal protocol move: a bug on our side
    └── SessionFailed        a session ended early; what was received travels with it

A misbehaving *peer* is not in this tree: it becomes data (a finding of `harness.conformance`), never an exception.
"""

from __future__ import annotations


class DgHarnessError(Exception):
    """Root of every error that dgharness raises on purpose."""


class BadInput(DgHarnessError):
    """The user's input cannot be used; the message names what was found and what is wanted, in one sentence."""


class LocalProtocolError(DgHarnessError):
    """Our side tried a move that the protocol forbids in the present state."""


class SessionFailed(DgHarnessError):
    """A session could not be opened, or ended before it was complete.

    Attributes:
        status: HTTP status of a refused upgrade or request, or None.
        close_code: WebSocket close code that ended the session, or None.
    """

    def __init__(self, message: str, *, status: int | None = None, close_code: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.close_code = close_code

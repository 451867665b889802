"""A request that is refused with an HTTP status: the upgrade to a stream, or a file that is posted."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from random import Random
from typing import Final

import msgspec

from harness.protocol.refusal import MAX_HEADER_TEXT, BodyShape, Refusal, for_status, header_text
from mock_server.faults.base import FaultState, HandshakeFault
from mock_server.faults.steps import Asked, Handshake, Moment
from mock_server.faults.when import Watch

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, 5.6.2: what a header's name may be."""
_FRAMING: Final = frozenset({"connection", "content-length", "transfer-encoding", "upgrade"})


class Requests(StrEnum):
    """Which requests are refused."""

    BOTH = "both"
    STREAM = "stream"
    """The upgrade of `/v1/listen` or `/v2/listen`."""
    FILE = "file"
    """`POST /v1/listen`."""

    def covers(self, asked: Asked) -> bool:
        """Whether this is one of them."""
        return self is Requests.BOTH or self.value == asked.value


class Refuse(HandshakeFault, frozen=True, kw_only=True, tag="refuse"):
    """The request is refused; `times` says how often in the run, so that a client that comes back gets in.

    Attributes:
        status: HTTP status, 400 to 599; the body is the one Deepgram sends with it, as far as that is known.
        request: which requests.
        err_code: of several refusals with the status, the one with this code, in the words of the documentation or of
            the internal service model; or a code of one's own. Empty for the one that stands for the status.
        err_msg: the sentence of the body and of `dg-error`; empty for Deepgram's own.
        shape: how the body is written; None for how Deepgram writes it.
        retry_after_s: the header `retry-after`, in whole seconds.
        headers: further headers.

    Raises:
        BadInput: no answer can have this status or these headers.
    """

    summary = "refuse the upgrade, or a posted file, with this status, body and headers"

    status: int = 503
    request: Requests = Requests.BOTH
    err_code: str = ""
    err_msg: str = ""
    shape: BodyShape | None = None
    retry_after_s: int | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(400 <= self.status <= 599, "status", "a whole number from 400 to 599")
        self.need(self.retry_after_s is None or self.retry_after_s >= 0, "retry_after_s", "whole seconds, 0 or more")
        for name, value in self.headers.items():
            own = _TOKEN.fullmatch(name) is not None and name.lower() not in _FRAMING
            self.need(own, "headers", f"names of headers other than those that frame the answer, not {name!r}")
            self.need(header_text(value) == value, "headers", f"printable ASCII of at most {MAX_HEADER_TEXT} in {name}")

    @property
    def refusal(self) -> Refusal:
        """The whole answer, apart from its `dg-request-id`."""
        known = for_status(self.status, err_code=self.err_code, retry_after_s=self.retry_after_s)
        return replace(
            known,
            message=self.err_msg or known.message,
            shape=self.shape or known.shape,
            headers=(*known.headers, *((name.lower(), text) for name, text in self.headers.items())),
        )

    def open(self, rng: Random, watch: Watch) -> FaultState:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(FaultState):
    def __init__(self, fault: Refuse, watch: Watch) -> None:
        self._fault = fault
        self._watch = watch

    def handshake(self, so_far: Handshake, moment: Moment) -> Handshake:
        if so_far.refusal is not None or not self._fault.request.covers(so_far.asked):
            return so_far
        if not self._watch.attempt(moment):
            return so_far
        return replace(so_far, refusal=self._fault.refusal)

"""Whether bytes are taken off a socket: not while its client does not read, and not while a fault forbids it."""

from __future__ import annotations

import asyncio

from harness.clock import Clock


class Intake:
    """Pauses and resumes the reading of one transport, for both reasons.

    Args:
        transport: which.
        clock: on which a fault says until when.
    """

    def __init__(self, transport: asyncio.Transport, clock: Clock) -> None:
        self._transport, self._clock = transport, clock
        self._client_reads = True
        self._forbidden_until_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def client_reads(self, reads: bool) -> None:
        """The client takes in what is written to it, or does not: then more of its requests would only pile up here."""
        self._client_reads = reads
        self._apply()

    def pause_until(self, until_s: float) -> None:
        """A fault forbids reading until then; of several the latest counts."""
        self._forbidden_until_s = max(self._forbidden_until_s, until_s)
        if self._timer is None:
            self._apply()

    def cancel(self) -> None:
        """The transport is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _apply(self) -> None:
        self.cancel()
        if self._transport.is_closing():
            return
        wait_s = self._forbidden_until_s - self._clock.now_s()
        if wait_s > 0.0:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._apply)
        if wait_s > 0.0 or not self._client_reads:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

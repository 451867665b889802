"""How the server behaves on `/v2/listen` where sources disagree or a year has changed it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.protocol.closing import NO_CODE, ReasonStyle
from harness.protocol.flux_session import FluxTimers
from mock_server.behaviour import PROCESSING_SPEED


@dataclass(frozen=True)
class FluxSettings:
    """What can be chosen of a Flux session.

    Attributes:
        timers: when an idle client is closed with NET-0001.
        lag_scale: factor on lags; 0 answers as soon as the audio is there.
        max_speed: audio seconds transcribed in a second at most; None transcribes at once. Without effect when
            `lag_scale` is 0.
        reason_style: close reasons as sentences, as on the wire, or as bare codes, as in the docs' table.
        close_code: of the close after CloseStream and after an Error: 1005, a frame without a code, as production has
            it (deepgram-js-sdk PR 557), or the 1000 that most clients assume.
        force_end_turn: whether ForceEndTurn is known; before September 2026 it was an unparsable message.
        details_of_2026: whether words have times and EndOfTurn its trigger; clients of 2025 break on them (Python SDK
            5.3.2 forbids fields that it does not know).
    """

    timers: FluxTimers = FluxTimers()
    lag_scale: float = 1.0
    max_speed: float | None = PROCESSING_SPEED
    reason_style: ReasonStyle = ReasonStyle.SENTENCE
    close_code: int = NO_CODE
    force_end_turn: bool = True
    details_of_2026: bool = True

    @property
    def processing_speed(self) -> float | None:
        """The limit that applies."""
        return self.max_speed if self.lag_scale > 0 else None

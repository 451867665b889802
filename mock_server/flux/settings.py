"""How the server behaves on `/v2/listen` where sources disagree or a year has changed it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.errors import BadInput
from harness.protocol.closing import NO_CODE, NORMAL, ReasonStyle
from harness.protocol.flux_bounds import BOUNDS_OF_2026, FluxBounds
from harness.protocol.flux_session import FluxTimers
from mock_server.behaviour import PROCESSING_SPEED

PENDING_CONFIGURES = 5
"""The live service caps the Configures that it has not answered yet (pipecat, `flux/base.py`), at an unknown number."""


class FatalType(StrEnum):
    """The `type` of the message that ends a session."""

    ERROR = "Error"
    """As in the AsyncAPI and on the wire."""
    FATAL_ERROR = "FatalError"
    """As an example of Deepgram's for JavaScript has it."""


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
        details_of_2026: whether words have times, EndOfTurn its trigger and turns their languages; clients of 2025
            break on them (Python SDK 5.3.2 forbids fields that it does not know).
        fatal_type: the `type` of the message that ends a session.
        failure_reasons: whether ConfigureFailure has `code` and `description`, as in the docs and the Python SDK 7.17;
            the AsyncAPI has neither.
        bounds: where thresholds end.
        pending_configures: Configures that may wait for their answer at a time; one more is answered with
            ConfigureFailure at once. None for any number.

    Raises:
        BadInput: a number is out of range.
    """

    timers: FluxTimers = FluxTimers()
    lag_scale: float = 1.0
    max_speed: float | None = PROCESSING_SPEED
    reason_style: ReasonStyle = ReasonStyle.SENTENCE
    close_code: int = NO_CODE
    force_end_turn: bool = True
    details_of_2026: bool = True
    fatal_type: FatalType = FatalType.ERROR
    failure_reasons: bool = True
    bounds: FluxBounds = BOUNDS_OF_2026
    pending_configures: int | None = PENDING_CONFIGURES

    def __post_init__(self) -> None:
        if self.close_code not in (NO_CODE, NORMAL):
            raise BadInput(f"close_code is {self.close_code}; wanted {NO_CODE} for a frame without a code, or {NORMAL}")
        if self.pending_configures is not None and self.pending_configures < 1:
            raise BadInput(f"pending_configures is {self.pending_configures}; wanted 1 or more, or None for any number")

    @property
    def processing_speed(self) -> float | None:
        """The limit that applies."""
        return self.max_speed if self.lag_scale > 0 else None

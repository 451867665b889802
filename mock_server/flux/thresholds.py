"""The numbers that decide when a turn is over, as they are in force at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET

from harness.protocol.flux_bounds import BOUNDS_OF_2026, DEFAULT_EOT_THRESHOLD, DEFAULT_EOT_TIMEOUT_MS, FluxBounds
from harness.protocol.flux_messages import FluxThresholds
from harness.protocol.flux_options import FluxOptions

NEVER: Final = 1.0
"""An `eot_threshold` that no confidence reaches: the turn then ends by silence or by ForceEndTurn alone."""


@dataclass(frozen=True)
class Thresholds:
    """When a turn ends; the values of the query string, changed by every Configure.

    Attributes:
        eot: confidence at which a turn is over.
        eager: confidence at which it is perhaps over; None: EagerEndOfTurn and TurnResumed are never said.
        timeout_ms: silence after which it is over whatever the confidence.
    """

    eot: float = DEFAULT_EOT_THRESHOLD
    eager: float | None = None
    timeout_ms: int = DEFAULT_EOT_TIMEOUT_MS

    @property
    def timeout_audio_s(self) -> float:
        """The silence in seconds of audio: a client that sends nothing waits for ever (pipecat issue 5735)."""
        return self.timeout_ms / 1000

    def ends(self, confidence: float) -> bool:
        """Whether so confident a model ends the turn."""
        return self.eot < NEVER and confidence >= self.eot

    def perhaps_ends(self, confidence: float) -> bool:
        """Whether so confident a model says EagerEndOfTurn."""
        return self.eager is not None and confidence >= self.eager

    def changed(self, asked: FluxThresholds) -> Thresholds:
        """What a Configure makes of them: a threshold that it leaves out stays."""
        return Thresholds(
            eot=self.eot if asked.eot_threshold is UNSET else asked.eot_threshold,
            eager=self.eager if asked.eager_eot_threshold is UNSET else asked.eager_eot_threshold,
            timeout_ms=self.timeout_ms if asked.eot_timeout_ms is UNSET else int(asked.eot_timeout_ms),
        )


def asked_for(options: FluxOptions, bounds: FluxBounds = BOUNDS_OF_2026) -> Thresholds:
    """The thresholds of a query string; what it leaves out is the service's default."""
    return Thresholds(
        eot=DEFAULT_EOT_THRESHOLD if options.eot_threshold is None else options.eot_threshold,
        eager=options.eager_eot_threshold,
        timeout_ms=bounds.default_eot_timeout_ms if options.eot_timeout_ms is None else options.eot_timeout_ms,
    )

"""Where the thresholds of Flux end: in a query string and in a Configure alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.errors import BadInput

EOT_THRESHOLDS: Final = (0.5, 1.0)
EAGER_EOT_THRESHOLDS: Final = (0.3, 0.9)
EOT_TIMEOUTS_MS: Final = (500, 60_000)
DEFAULT_EOT_THRESHOLD: Final = 0.7
DEFAULT_EOT_TIMEOUT_MS: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FluxBounds:
    """Where the numbers of a query and of a Configure end, as far as sources disagree; the defaults are those of 2026.

    Attributes:
        most_eot_threshold: 1.0 in the docs of autumn 2026, 0.9 in the AsyncAPI.
        most_eot_timeout_ms: 60,000 in the docs of 2026, 10,000 in those of 2025.
        default_eot_timeout_ms: of a query without it; 5,000 in the docs, 3,000 in LiveKit's text.

    Raises:
        BadInput: they leave nothing to choose.
    """

    most_eot_threshold: float = EOT_THRESHOLDS[1]
    most_eot_timeout_ms: int = EOT_TIMEOUTS_MS[1]
    default_eot_timeout_ms: int = DEFAULT_EOT_TIMEOUT_MS

    def __post_init__(self) -> None:
        if not DEFAULT_EOT_THRESHOLD <= self.most_eot_threshold <= 1:
            raise BadInput(f"most_eot_threshold is {self.most_eot_threshold}; wanted {DEFAULT_EOT_THRESHOLD} to 1")
        if not EOT_TIMEOUTS_MS[0] <= self.default_eot_timeout_ms <= self.most_eot_timeout_ms:
            found = f"{self.default_eot_timeout_ms} with most_eot_timeout_ms {self.most_eot_timeout_ms}"
            raise BadInput(f"default_eot_timeout_ms is {found}; wanted from {EOT_TIMEOUTS_MS[0]} to that")

    def problem(self, name: str, value: float) -> str | None:
        """How a threshold lies outside its range; None when it does not."""
        least, most = {
            "eot_threshold": (EOT_THRESHOLDS[0], self.most_eot_threshold),
            "eager_eot_threshold": EAGER_EOT_THRESHOLDS,
            "eot_timeout_ms": (EOT_TIMEOUTS_MS[0], self.most_eot_timeout_ms),
        }[name]
        return None if least <= value <= most else f"it must be from {least:g} to {most:g}"


BOUNDS_OF_2026: Final = FluxBounds()
BOUNDS_OF_2025: Final = FluxBounds(most_eot_threshold=0.9, most_eot_timeout_ms=10_000)

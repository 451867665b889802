"""What goes wrong in the measurement of the fault table: for every kind of fault, written as on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REAL_TIME: Final = 1.0
"""Audio seconds per second; faster, the server's delay would cost more words than it does in truth."""


@dataclass(frozen=True)
class Situation:
    """One row of the table.

    Attributes:
        fault: as `dgharness serve --fault` takes it; empty for the undisturbed run.
        speed: audio seconds per second.
        mode: what the driver does: `stream`, or `finalize`, which sends Finalize and waits for its answer.
    """

    fault: str
    speed: float = REAL_TIME
    mode: str = "stream"

    @property
    def kind(self) -> str:
        """Of the fault."""
        return self.fault.partition(" ")[0]


UNDISTURBED: Final = Situation("")

SITUATIONS: Final = (
    # The longest ones first, so that the others are done meanwhile.
    Situation("no-pongs", speed=0.15),
    Situation("close code=1011 at_audio_s=3.5 leg=0"),
    Situation("black-hole at_audio_s=3.5 leg=0"),
    Situation("reset at_audio_s=3.5 leg=0"),
    Situation("fin at_audio_s=3.5 leg=0"),
    Situation("close code=1000 at_audio_s=3.5 leg=0"),
    Situation("stall duration_s=1 held=released at_audio_s=3.5"),
    Situation("stall duration_s=1 held=lost at_audio_s=4.5"),
    Situation("slow-reader bytes_per_s=16000 at_audio_s=1"),
    Situation("latency by_s=0.5 jitter_s=0.2"),
    Situation("bandwidth bytes_per_s=16000 direction=upstream"),
    Situation("refuse status=503 times=1"),
    Situation("refuse status=429 retry_after_s=2 times=1"),
    Situation("handshake-delay by_s=12 times=1"),
    Situation("drop message=final nth=1"),
    Situation("duplicate message=final nth=1"),
    Situation("delay message=final nth=1 by_s=1"),
    Situation("reorder message=final nth=1 overtaken_by=1"),
    Situation("truncate message=final nth=1"),
    Situation("corrupt message=final nth=1 characters=3"),
    Situation("split message=Results fragments=3"),
    Situation("inject what=malformed at_audio_s=3.5"),
    Situation("inject what=unknown-type at_audio_s=3.5"),
    Situation("inject what=wrong-types at_audio_s=3.5"),
    Situation("no-metadata"),
    Situation("no-from-finalize", mode="finalize"),
)

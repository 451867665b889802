"""How long a session took to come back after each fault, and how late its words came from then on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.recording.entries import Opened
from harness.session_results import results_said
from harness.simulation.session import Simulated

CUTTING = ("reset", "fin", "close", "black-hole", "stall", "slow-reader", "latency", "bandwidth", "no-metadata")
"""Faults after which a client may need another connection."""


def reconnections(simulated: Simulated) -> Iterator[tuple[str, float]]:
    """For each connection that had to be replaced: the kind of the fault that ended it, and seconds until the next.

    Counted from the last fault that struck the connection to the next open one, so that the time it took to notice is
    in it, and any refusals on the way.
    """
    opened = list(simulated.outcome.recording.of(Opened))
    for leg, (before, after) in enumerate(pairwise(opened)):
        struck = [firing for firing in simulated.fired if firing.leg == leg and firing.kind in CUTTING]
        if struck:
            yield struck[-1].kind, after.wall_s - before.wall_s - struck[-1].wall_s


def final_delays(simulated: Simulated, speed: float) -> Iterator[tuple[int, float]]:
    """For each final with words, or turn that ended: its connection, and how long after its audio was due it came.

    Args:
        simulated: a session with its recording.
        speed: seconds of audio for each wall second.
    """
    recording, ledger = simulated.outcome.recording, simulated.ledger
    began_s = next((opened.wall_s for opened in recording.of(Opened)), 0.0)
    starts = {span.leg: span.start / ledger.sample_rate for span in reversed(ledger.sent)}
    for entry, results in results_said(recording):
        if results.is_final and results.transcript and entry.leg in starts:
            end_audio_s = starts[entry.leg] + results.end_audio_s
            yield entry.leg, entry.wall_s - began_s - end_audio_s / speed

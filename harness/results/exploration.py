"""What many fault schedules in virtual time came to."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from harness.audio.pacing import percentile


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of seconds on the virtual wall clock; percentiles are nearest-rank.

    Attributes:
        n: how many.
        p50_s, p95_s: percentiles.
        most_s: the longest.
    """

    n: int
    p50_s: float
    p95_s: float
    most_s: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread | None:
        """Of these; None when there are none."""
        if not seconds:
            return None
        p50_s, p95_s = (round(percentile(seconds, percent), 3) for percent in (50, 95))
        return cls(n=len(seconds), p50_s=p50_s, p95_s=p95_s, most_s=round(max(seconds), 3))


class Exploration(msgspec.Struct, frozen=True, kw_only=True):
    """Many schedules together; layout of `dgharness simulate --json`.

    Attributes:
        endpoint: what was streamed to: `/v1/listen`, or `/v2/listen`, which is Flux.
        schedules: how many were tried.
        failed: how many of them failed.
        words_lost, words_doubled: summed over all.
        connections: how many were asked for in all.
        event_log_sha256: hash over every run's event log, in order of the seeds.
        first_seed: the first seed.
        first_failure: the first failing schedule, shrunk, one line a fault; empty when none failed.
        first_failure_seed: its seed; None when none failed.
        first_failure_problems: what was wrong with it.
        partial: whether the exploration was interrupted.
        reconnect_wall_s: for each kind of fault that ended a connection, seconds from it to the next open connection.
        final_delay_wall_s: seconds from when the end of a final's audio was due to its arrival, on first connections.
        final_delay_after_reconnect_wall_s: the same on all later ones.
    """

    endpoint: str
    schedules: int
    failed: int
    words_lost: int
    words_doubled: int
    connections: int
    event_log_sha256: str
    first_seed: int
    first_failure: tuple[str, ...] = ()
    first_failure_seed: int | None = None
    first_failure_problems: tuple[str, ...] = ()
    partial: bool = False
    reconnect_wall_s: dict[str, Spread] = {}
    final_delay_wall_s: Spread | None = None
    final_delay_after_reconnect_wall_s: Spread | None = None

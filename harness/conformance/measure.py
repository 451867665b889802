"""How a leg's audio was paced, measured from the wall times of its frames.

All of it is seen on the clock of the side that recorded: a client's shows its sender, a server's the network as well.
The schedule starts with the first frame: a frame is due when the audio before it has played at the wanted speed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from harness.audio.pacing import BURST_WINDOW_WALL_S, percentile
from harness.conformance.evidence import Frame, Leg
from harness.conformance.findings import PacingMeasured

_ENVELOPE = 5
"""The lower envelope of the lateness is taken over the first and the last fifth of a stretch."""


@dataclass(frozen=True)
class Burst:
    """Most audio within one window of wall time, beyond its first frame; `first` is that frame."""

    audio_s: float
    first: Frame


@dataclass(frozen=True)
class Gap:
    """Two neighbouring frames and how much longer than the audio of the first the wait was."""

    before: Frame
    after: Frame
    excess_s: float

    @property
    def wall_s(self) -> float:
        """Wall seconds between them."""
        return self.after.wall_s - self.before.wall_s


@dataclass(frozen=True)
class Drift:
    """Growth of lateness over one stretch: in all, and the wall time of the stretch; `last` is its last frame."""

    total_s: float
    wall_s: float
    last: Frame

    @property
    def per_s(self) -> float:
        """Growth for each wall second."""
        return self.total_s / self.wall_s if self.wall_s > 0 else 0.0


@dataclass(frozen=True)
class Pace:
    """The frames of one leg against their schedule; only for a leg whose audio clock moves."""

    leg: Leg

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames that are judged: all but a reconnected leg's backlog."""
        return self.leg.frames[len(self.backlog) :]

    @property
    def _speed(self) -> float:
        return self.leg.settings.speed_factor

    @cached_property
    def backlog(self) -> tuple[Frame, ...]:
        """What a reconnected client sends at once at the start: audio that came in while it had no connection."""
        frames = self.leg.frames
        if self.leg.number == 0:
            return ()
        hurried = 0
        for before, after in pairwise(frames):
            if after.wall_s - before.wall_s >= before.audio_s / self._speed / 2:
                break
            hurried += 1
        return frames[:hurried]

    @cached_property
    def backlog_audio_s(self) -> float:
        """Seconds of audio in the backlog."""
        return sum(frame.audio_s for frame in self.backlog)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Neighbouring frames farther apart than `gap_wall_s` beyond the audio of the first."""
        gaps = (Gap(a, b, b.wall_s - a.wall_s - a.audio_s / self._speed) for a, b in pairwise(self.frames))
        return tuple(gap for gap in gaps if gap.excess_s > self.leg.settings.gap_wall_s)

    @cached_property
    def stretches(self) -> tuple[tuple[Frame, ...], ...]:
        """The frames between gaps."""
        resumed = {gap.after.at for gap in self.gaps}
        stretches: list[list[Frame]] = [[]]
        for frame in self.frames:
            if frame.at in resumed:
                stretches.append([])
            stretches[-1].append(frame)
        return tuple(tuple(stretch) for stretch in stretches if stretch)

    @cached_property
    def longest_stretch(self) -> tuple[Frame, ...]:
        """The stretch with the most frames."""
        return max(self.stretches, key=len, default=())

    @cached_property
    def drift(self) -> Drift | None:
        """The drift of the longest stretch; None when it has too few sends to tell."""
        stretch = self.longest_stretch
        if len(stretch) < max(2, self.leg.settings.drift_sends):
            return None
        lateness = self.lateness(stretch)
        part = max(1, len(lateness) // _ENVELOPE)
        # The lower envelope, because a stall only ever adds lateness and is caught up, while drift lifts the floor.
        grown_s = min(lateness[-part:]) - min(lateness[:part])
        whole = len(lateness) / (len(lateness) - part)  # the two floors lie this much closer than first and last
        return Drift(grown_s * whole, stretch[-1].wall_s - stretch[0].wall_s, stretch[-1])

    def lateness(self, frames: Sequence[Frame]) -> list[float]:
        """Wall seconds by which each frame missed a schedule that starts with the first of them."""
        start = frames[0]
        return [
            (frame.wall_s - start.wall_s) - (frame.before_audio_s - start.before_audio_s) / self._speed
            for frame in frames
        ]

    @cached_property
    def jitter(self) -> list[float]:
        """|interval - wanted interval| of neighbouring sends within stretches."""
        return [
            abs((after.wall_s - before.wall_s) - before.audio_s / self._speed)
            for stretch in self.stretches
            for before, after in pairwise(stretch)
        ]

    @cached_property
    def burst(self) -> Burst | None:
        """The largest burst; None without frames."""
        largest: Burst | None = None
        in_window, first = 0.0, 0
        frames = self.frames
        for frame in frames:
            in_window += frame.audio_s
            while frame.wall_s - frames[first].wall_s >= BURST_WINDOW_WALL_S:
                in_window -= frames[first].audio_s
                first += 1
            beyond_s = in_window - frames[first].audio_s
            if largest is None or beyond_s > largest.audio_s:
                largest = Burst(beyond_s, frames[first])
        return largest

    @property
    def speed(self) -> float | None:
        """Audio seconds per wall second over the whole leg, pauses included."""
        return _speed(self.frames)

    @property
    def stretch_speed(self) -> float | None:
        """The same over the longest stretch."""
        return _speed(self.longest_stretch)

    @cached_property
    def due_lateness(self) -> tuple[tuple[Frame, float], ...]:
        """Each frame that the sender had a time for, and how late it went."""
        return tuple((f, f.wall_s - f.entry.due_s) for f in self.leg.frames if f.entry.due_s is not None)


def _speed(frames: Sequence[Frame]) -> float | None:
    # From the first send to the last, whose own audio is left out: nothing says how long it was meant to last.
    if len(frames) < 2 or not frames[-1].wall_s > frames[0].wall_s:
        return None
    return (frames[-1].before_audio_s - frames[0].before_audio_s) / (frames[-1].wall_s - frames[0].wall_s)


def pace_of(leg: Leg) -> Pace | None:
    """The pace of one leg; None without audio, without an audio clock, or when no pace was wanted."""
    if math.isinf(leg.settings.speed_factor) or len(leg.frames) < 2 or not leg.sent_audio_s > 0:
        return None
    return Pace(leg)


def measure_pacing(leg: Leg) -> PacingMeasured | None:
    """The figures of one leg; None where `pace_of` has none."""
    pace = pace_of(leg)
    if pace is None:
        return None
    frames, drift, burst = pace.frames, pace.drift, pace.burst
    lateness = pace.lateness(frames) if frames else [0.0]
    due = [late_s for _, late_s in pace.due_lateness]
    return PacingMeasured(
        leg=leg.number,
        clock=leg.side.value,
        sends=len(leg.frames),
        audio_s=leg.sent_audio_s,
        wall_s=leg.frames[-1].wall_s - leg.frames[0].wall_s,
        speed=pace.speed,
        drift_s=drift.total_s if drift else 0.0,
        drift_per_s=drift.per_s if drift else 0.0,
        jitter_p50_s=percentile(pace.jitter, 50),
        jitter_p99_s=percentile(pace.jitter, 99),
        largest_burst_audio_s=burst.audio_s if burst else 0.0,
        longest_gap_wall_s=max((b.wall_s - a.wall_s for a, b in pairwise(frames)), default=0.0),
        max_lead_s=-min(lateness),
        max_lag_s=max(lateness),
        backlog_audio_s=pace.backlog_audio_s,
        lateness_p50_s=percentile(due, 50) if due else None,
        lateness_p99_s=percentile(due, 99) if due else None,
        max_lateness_s=max(due, default=None),
    )

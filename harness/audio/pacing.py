"""When each chunk is due, and how well a sender kept to it.

Deadlines are absolute: a chunk is due at the start plus the audio before it, divided by the speed. A sender that
sleeps one chunk after each send adds the time of every send to the next, and drifts; here a late send shifts nothing.

A chunk is due when its *first* sample would be captured, so the first goes out at the start. A real microphone hands a
chunk over when its *last* sample is captured, one chunk later: seen from the server, this schedule is a microphone
that was opened one chunk earlier. The audio sent is then ahead of the audio "spoken" by up to one chunk, which
Deepgram's own latency scripts share (https://developers.deepgram.com/docs/measuring-streaming-latency).

Percentiles are nearest-rank: the smallest observed value that at least p percent of the values do not exceed.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from harness.errors import BadInput

BURST_WINDOW_WALL_S = 0.1


@dataclass(frozen=True, slots=True)
class Speed:
    """How many seconds of audio go out per wall second; `Speed.MAX` does not wait at all.

    Raises:
        BadInput: the factor is not above zero.
    """

    factor: float = 1.0
    MAX: ClassVar[Speed]

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise BadInput(f"speed is {self.factor!r}; wanted a number above 0, or max")

    @classmethod
    def parse(cls, text: str) -> Speed:
        """Read "1", "0.5", "4" or "max".

        Raises:
            BadInput: the text is none of these.
        """
        if text.strip().lower() == "max":
            return cls.MAX
        try:
            factor = float(text)
        except ValueError:
            factor = math.nan
        if not 0 < factor < math.inf:
            raise BadInput(f"speed is {text!r}; wanted a number above 0 such as 1, 0.5 or 4, or max")
        return cls(factor)

    @property
    def is_max(self) -> bool:
        """Whether nothing is waited for."""
        return math.isinf(self.factor)

    def wall_s(self, audio_s: float) -> float:
        """Wall seconds that `audio_s` seconds of audio take."""
        return audio_s / self.factor

    def __str__(self) -> str:
        return "max" if self.is_max else f"{self.factor:g}"


Speed.MAX = Speed(math.inf)


class Schedule:
    """The absolute deadlines of one stream."""

    def __init__(self, speed: Speed, start_wall_s: float) -> None:
        self.speed = speed
        self._anchor_audio_s = 0.0
        self._anchor_wall_s = start_wall_s

    def due_wall_s(self, audio_before_s: float) -> float:
        """When the chunk is due that has `audio_before_s` seconds of audio before it."""
        return self._anchor_wall_s + self.speed.wall_s(audio_before_s - self._anchor_audio_s)

    def resume(self, audio_s: float, now_wall_s: float) -> None:
        """Take up again after the source itself stalled: the chunk at `audio_s` is due now, the rest follows it.

        Without this the audio of a stalled source (stdin, a live feed) would be due long ago, and leave in one burst.
        Never brings a deadline forward: a source that is merely back in time changes nothing.
        """
        self._anchor_wall_s = max(now_wall_s, self.due_wall_s(audio_s))
        self._anchor_audio_s = audio_s


@dataclass(frozen=True, slots=True)
class PacingStats:
    """How a stream was paced. Lateness is actual minus due, so an early send is negative.

    Attributes:
        sends: number of chunks.
        audio_s: seconds of audio sent.
        drift_s: median lateness of the last tenth of the sends minus that of the first tenth.
        lateness_p50_s: median lateness.
        lateness_p99_s: lateness that 99 percent of the sends did not exceed.
        max_lateness_s: worst lateness.
        jitter_p50_s: median of |actual interval - due interval| between neighbouring sends.
        jitter_p99_s: its 99th percentile.
        largest_burst_audio_s: most audio sent within any 100 ms of wall time beyond the first chunk of that window;
            an even stream of 20 ms chunks at speed 1 has 0.08, one of 100 ms chunks or longer 0.
        longest_gap_wall_s: longest wall time between neighbouring sends.
    """

    sends: int
    audio_s: float
    drift_s: float
    lateness_p50_s: float
    lateness_p99_s: float
    max_lateness_s: float
    jitter_p50_s: float
    jitter_p99_s: float
    largest_burst_audio_s: float
    longest_gap_wall_s: float


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of `values`; 0.0 when there are none."""
    if not values:
        return 0.0
    rank = max(1, math.ceil(percent / 100 * len(values)))
    return sorted(values)[rank - 1]


class SendLog:
    """Collects one line per send: when it was due, when it went out, how many bytes.

    Args:
        bytes_per_second: bytes of one second of audio (`AudioFormat.bytes_per_second`, or a container's average).
    """

    def __init__(self, bytes_per_second: float) -> None:
        if not bytes_per_second > 0:
            raise BadInput(f"bytes_per_second is {bytes_per_second!r}; wanted a number above 0")
        self._bytes_per_second = bytes_per_second
        self._due_wall_s = array("d")
        self._sent_wall_s = array("d")
        self._audio_s = array("d")

    def record(self, due_wall_s: float, sent_wall_s: float, n_bytes: int) -> None:
        """Note one send; sends are recorded in the order they were made."""
        self._due_wall_s.append(due_wall_s)
        self._sent_wall_s.append(sent_wall_s)
        self._audio_s.append(n_bytes / self._bytes_per_second)

    def stats(self) -> PacingStats:
        """The figures so far; all zero when nothing was sent."""
        lateness = [sent - due for sent, due in zip(self._sent_wall_s, self._due_wall_s, strict=True)]
        jitter = [abs(later - earlier) for earlier, later in pairwise(lateness)]
        return PacingStats(
            sends=len(lateness),
            audio_s=math.fsum(self._audio_s),
            drift_s=_drift(lateness),
            lateness_p50_s=percentile(lateness, 50),
            lateness_p99_s=percentile(lateness, 99),
            max_lateness_s=max(lateness, default=0.0),
            jitter_p50_s=percentile(jitter, 50),
            jitter_p99_s=percentile(jitter, 99),
            largest_burst_audio_s=self._largest_burst_audio_s(),
            longest_gap_wall_s=max((b - a for a, b in pairwise(self._sent_wall_s)), default=0.0),
        )

    def _largest_burst_audio_s(self) -> float:
        largest = in_window = 0.0
        first = 0
        for sent_wall_s, audio_s in zip(self._sent_wall_s, self._audio_s, strict=True):
            in_window += audio_s
            while sent_wall_s - self._sent_wall_s[first] >= BURST_WINDOW_WALL_S:
                in_window -= self._audio_s[first]
                first += 1
            largest = max(largest, in_window - self._audio_s[first])
        return largest


def _drift(lateness: Sequence[float]) -> float:
    tenth = max(1, len(lateness) // 10)
    return percentile(lateness[-tenth:], 50) - percentile(lateness[:tenth], 50)

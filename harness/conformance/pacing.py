"""Rules on when a client sends its audio.

Wall times are those of the side that recorded, and every sentence says whose. Pauses split the audio into stretches:
a muted microphone is no drift, and what a stall delays is found as a gap and the burst that follows it.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from itertools import pairwise

from harness.audio.pacing import BURST_WINDOW_WALL_S, percentile
from harness.conformance.evidence import Leg
from harness.conformance.measure import Pace, pace_of
from harness.conformance.rule import Hit
from harness.conformance.wording import milliseconds, number, plural, seconds
from harness.recording.entries import Side, Text

_WRONG_RATES = (1 / 6, 1 / 4, 1 / 3, 1 / 2, 2.0, 3.0, 4.0, 6.0)
"""Audio per wall second when 8, 16, 24, 32 or 48 kHz, or mono and stereo, are mistaken for each other."""
_RATE_SLACK = 0.03
_STEADY_SHARE = 0.8
_STEADY_SLACK = 0.25
_RATE_WALL_S = 2.0


def _clock(leg: Leg) -> str:
    return "by the client's clock" if leg.side is Side.CLIENT else "by the server's clock, network included"


def sends_do_not_drift(leg: Leg) -> Iterator[Hit]:
    """C-DRIFT: lateness does not grow: at most 50 ms and 0.2 % of the wall time, within one stretch.

    A sender that sleeps one chunk after each send adds its own work to every interval; deadlines must be absolute.
    Source: deepgram/median-streaming-latency `latency.py`, which corrects for it; coval PR #205.
    """
    pace = pace_of(leg)
    if pace is None or pace.drift is None:
        return
    drift, settings = pace.drift, leg.settings
    allowed_s = settings.drift_s + settings.drift_share * drift.wall_s
    if drift.total_s > allowed_s:
        message = (
            f"Sends fell behind by {seconds(drift.total_s)} within {seconds(drift.wall_s)} "
            f"({milliseconds(drift.per_s)} each second, {_clock(leg)}); at most {seconds(allowed_s)} is in order."
        )
        yield Hit(message, drift.last.at, f"{plural(len(pace.frames), 'send')}")


def sends_do_not_bunch(leg: Leg) -> Iterator[Hit]:
    """C-BURST: no more than 0.5 s of audio beyond one frame within 100 ms, however right the average is.

    Deepgram works at about 1.25 times real time, so a burst delays every answer behind it. Source: docs, «Recovering
    From Connection Errors»; deepgram-python-sdk #37.
    """
    pace = pace_of(leg)
    if pace is None or pace.burst is None:
        return
    allowed_s = leg.settings.burst_audio_s * max(1.0, leg.settings.speed_factor)
    if pace.burst.audio_s > allowed_s:
        message = (
            f"{seconds(pace.burst.audio_s)} of audio beyond one frame went out within "
            f"{milliseconds(BURST_WINDOW_WALL_S)} ({_clock(leg)}); at most {seconds(allowed_s)} is in order."
        )
        yield Hit(message, pace.burst.first.at)


def backlog_is_not_flushed(leg: Leg) -> Iterator[Hit]:
    """C-BACKLOG: after a reconnect, what was buffered goes out at 1.25 times real time at most.

    Advice: Deepgram's own examples flush it at once, and their documentation says why not to. Source: docs,
    «Recovering From Connection Errors».
    """
    pace = pace_of(leg)
    if pace and pace.backlog_audio_s > leg.settings.burst_audio_s:
        message = (
            f"{seconds(pace.backlog_audio_s)} of buffered audio went out at once after the reconnect; at 1.25 times "
            f"real time the answers would not fall behind."
        )
        yield Hit(message, pace.backlog[0].at)


def audio_does_not_stop(leg: Leg) -> Iterator[Hit]:
    """C-GAP: no wait between two frames longer than the audio of the first by 1 s, unless a text frame goes in it.

    KeepAlive says that a pause is meant; without it a pause looks like a stalled source. Told once per leg, for the
    longest. Source: docs, «Audio Keep Alive».
    """
    pace = pace_of(leg)
    if pace is None:
        return
    texts = [at for at, entry in leg.upstream if isinstance(entry, Text)]
    silent = [gap for gap in pace.gaps if bisect(texts, gap.before.at) == bisect(texts, gap.after.at)]
    if silent:
        longest = max(silent, key=lambda gap: gap.excess_s)
        message = (
            f"Audio stopped for {seconds(longest.wall_s)} after a frame of {milliseconds(longest.before.audio_s)} "
            f"({_clock(leg)}) and no KeepAlive said that the pause was meant; it happened "
            f"{plural(len(silent), 'time')}."
        )
        yield Hit(message, longest.after.at)


def sends_are_even(leg: Leg) -> Iterator[Hit]:
    """C-JITTER: 99 of 100 intervals between sends deviate from the audio between them by at most 100 ms.

    Judged from 100 sends on. Source: docs, «Measuring Streaming Latency», whose cursor jumps with every late send.
    """
    pace = pace_of(leg)
    if pace is None or len(pace.frames) < leg.settings.jitter_sends:
        return
    p99_s = percentile(pace.jitter, 99)
    if p99_s > leg.settings.jitter_p99_s:
        message = (
            f"Intervals between sends deviate by {milliseconds(p99_s)} at the 99th percentile and "
            f"{milliseconds(percentile(pace.jitter, 50))} at the median ({_clock(leg)}); wanted at most "
            f"{milliseconds(leg.settings.jitter_p99_s)}."
        )
        yield Hit(message, pace.frames[0].at)


def sends_keep_their_own_schedule(leg: Leg) -> Iterator[Hit]:
    """C-LATE: 99 of 100 sends leave within 100 ms of the time their sender had set.

    Only where the recording has such times (`due_s`); judged from 100 sends on. Source: the pacing of
    deepgram/median-streaming-latency `latency.py`.
    """
    pace = pace_of(leg)
    if pace is None or len(pace.due_lateness) < leg.settings.jitter_sends:
        return
    late = [late_s for _, late_s in pace.due_lateness]
    p99_s = percentile(late, 99)
    if p99_s > leg.settings.late_p99_s:
        frame, worst_s = max(pace.due_lateness, key=lambda pair: pair[1])
        message = (
            f"Sends left {milliseconds(p99_s)} after their own due time at the 99th percentile, "
            f"{milliseconds(percentile(late, 50))} at the median and {milliseconds(worst_s)} at worst; wanted at most "
            f"{milliseconds(leg.settings.late_p99_s)}."
        )
        yield Hit(message, frame.at)


def audio_does_not_run_ahead(leg: Leg) -> Iterator[Hit]:
    """C-FASTER: the audio does not run ahead of the wanted speed; allowed, and noted as advice.

    Deepgram takes it and transcribes at about 1.25 times real time, so delays then measure a queue. Source: docs,
    «Recovering From Connection Errors»; deepgram-python-sdk #37.
    """
    pace = pace_of(leg)
    if pace is None or pace.drift is None or pace.stretch_speed is None or _mistaken_rate(pace):
        return
    allowed_s = leg.settings.drift_s + leg.settings.drift_share * pace.drift.wall_s
    if -pace.drift.total_s > allowed_s:
        message = (
            f"Audio went out at {number(pace.stretch_speed)} times real time ({_clock(leg)}) where "
            f"{number(leg.settings.speed_factor)} was meant; {seconds(-pace.drift.total_s)} ahead in the end."
        )
        yield Hit(message, pace.drift.last.at)


def declared_rate_is_the_real_one(leg: Leg) -> Iterator[Hit]:
    """C-RATE: bytes per wall second fit the declared rate, width and channels.

    A steady stream at just 2, 3 or 1/2 of them is mostly a sample rate or a channel count mistaken, and transcribed as
    noise; a live source cannot be faster than time. Judged at real time only. Source: vellum PR #25246; pipecat #1263.
    """
    pace = pace_of(leg)
    factor = _mistaken_rate(pace) if pace else None
    if pace and factor is not None and leg.asked.format is not None:
        wanted = leg.asked.format.bytes_per_second
        message = (
            f"{wanted * (pace.stretch_speed or 0):,.0f} bytes went out each second ({_clock(leg)}) where "
            f"{leg.asked.format} has {wanted:,}: {number(factor)} times as many, so rate or channels are declared "
            f"wrongly, or the audio is not sent in real time."
        )
        yield Hit(message, pace.frames[0].at)


def _mistaken_rate(pace: Pace) -> float | None:
    leg, speed = pace.leg, pace.stretch_speed
    if speed is None or leg.asked.format is None or leg.settings.speed_factor != 1:
        return None
    factor = next((f for f in _WRONG_RATES if abs(speed - f) <= _RATE_SLACK * f), None)
    return factor if factor is not None and _is_steady(pace) else None


def _is_steady(pace: Pace) -> bool:
    intervals = [after.wall_s - before.wall_s for before, after in pairwise(pace.longest_stretch)]
    usual = percentile(intervals, 50)
    steady = sum(1 for interval in intervals if abs(interval - usual) <= _STEADY_SLACK * usual)
    return sum(intervals) >= _RATE_WALL_S and steady >= _STEADY_SHARE * len(intervals)

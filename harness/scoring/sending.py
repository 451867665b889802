"""When the audio of a session went out: one clock without its pauses, and one timeline of the source for all its legs.

A wall time here is on the *running* clock: the recording's own, less every stretch in which a connection was open and
neither audio went up nor a message came down for longer than `PAUSE_WALL_S`. A client that holds its audio back (and
sends KeepAlive) must not make the server look late (Deepgram docs, «Audio Keep Alive»). What a lost connection costs
stays in: the viewer waits through it.

The audio counts as sent when its frame was handed to the socket, or arrived where the server recorded. So it is up to
one frame ahead of a microphone, as in Deepgram's own scripts (docs, «Measuring Streaming Latency»).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import median_low
from typing import Final, TypeAlias

from harness.ledger import WORD_SLACK_AUDIO_S, LegSpan
from harness.recording import flux_frames
from harness.recording.document import Recording
from harness.recording.entries import Binary, Direction

PAUSE_WALL_S: Final = 1.0
"""A wait for the next frame is a pause when it is so much longer than the audio of the frame before it."""

REAL_TIME: Final = (0.8, 1.1)
"""Speeds, in audio seconds per wall second, at which wall delays are those of a live stream."""

TOLERANCE_AUDIO_S: Final = 2e-3
"""Deepgram's times are 32-bit floats: after an hour they are a quarter of a millisecond apart."""

_WINDOW_AUDIO_S: Final = 1.0

Pieces: TypeAlias = Mapping[int, Sequence[tuple[float, float]]]
"""Where the audio of each leg lies in the source: from a leg position on, it comes from a source position."""


def pieces_of(sent: Iterable[LegSpan], sample_rate: int) -> Pieces:
    """The pieces that a ledger's account of what was sent gives."""
    pieces: dict[int, list[tuple[float, float]]] = {}
    sent_frames: dict[int, int] = {}
    for span in sent:
        before = sent_frames.get(span.leg, 0)
        pieces.setdefault(span.leg, []).append((before / sample_rate, span.start / sample_rate))
        sent_frames[span.leg] = before + span.end - span.start
    return pieces


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame of audio: its leg, when it went, when it was meant to, what of the leg's audio it holds, and where in the
    source that begins if it was said.
    """

    leg: int
    wall_s: float
    due_s: float | None
    before_audio_s: float
    audio_s: float
    source_audio_s: float | None


class Sending:
    """What a recording tells of how its audio was sent.

    Args:
        recording: of either side.
        pieces: where each leg lies in the source, where the sender's ledger is at hand. Without it the recording tells
            (`source_audio_s`); where it does not, the first leg begins the source, and a later one is taken to go on
            where the audio before it ended.

    Attributes:
        speed: audio seconds per wall second, the median over stretches of a second of the first leg; by the sender's
            schedule where the recording has it. None when nothing tells; infinite when all went at once.
        unplaced: legs whose place in the source is only assumed.
    """

    def __init__(self, recording: Recording, pieces: Pieces | None = None) -> None:
        self._invented = recording.header.tool == flux_frames.TOOL
        legs: dict[int, list[_Frame]] = {}
        for frame in _frames(recording):
            legs.setdefault(frame.leg, []).append(frame)
        messages = [entry.wall_s for entry in recording.texts(Direction.DOWNSTREAM)]
        cuts = sorted(cut for frames in legs.values() for cut in _pauses(frames, messages))
        self._cut_starts = [start for start, _ in cuts]
        self._cuts = cuts
        self._cut_before = [0.0, *accumulate(end - start for start, end in cuts)]
        self.speed = None if self._invented else self._speed(recording, legs)
        self.unplaced: tuple[int, ...] = ()
        self._pieces: Pieces = self._placed(legs) if pieces is None else pieces
        ordered = sorted((frame for frames in legs.values() for frame in frames), key=lambda frame: frame.wall_s)
        self._first_s = self.running_s(ordered[0].wall_s) if ordered else None
        ends = [self.to_source(frame.leg, frame.before_audio_s + frame.audio_s, end=True) for frame in ordered]
        # What is sent again was sent before: the furthest end so far says when a position went out first.
        self._ends = list(accumulate(ends, max))
        self._sent_s = [self.running_s(frame.wall_s) for frame in ordered]

    @property
    def first_s(self) -> float | None:
        """When the first audio was sent; None without audio."""
        return self._first_s

    @property
    def end_audio_s(self) -> float:
        """How far into the source audio was sent; 0 without audio."""
        return self._ends[-1] if self._ends else 0.0

    @property
    def paused_wall_s(self) -> float:
        """How much was cut out of the clock."""
        return self._cut_before[-1]

    @property
    def why_not_real_time(self) -> str | None:
        """Why wall delays would say nothing of a live stream, in one sentence; None when they do."""
        if self._invented:
            return "the recording has no arrival times"
        if self.speed is None:
            return "the recording does not tell when audio was sent"
        if math.isinf(self.speed):
            return "audio was sent at full speed, not in real time"
        if not REAL_TIME[0] <= self.speed <= REAL_TIME[1]:
            return f"audio was sent at {self.speed:.3g} times real time"
        return None

    def running_s(self, wall_s: float) -> float:
        """A wall time of the recording on the clock without pauses."""
        at = bisect_right(self._cut_starts, wall_s) - 1
        if at < 0:
            return wall_s
        start, end = self._cuts[at]
        return wall_s - self._cut_before[at] - (min(wall_s, end) - start)

    def sent_s(self, source_audio_s: float) -> float | None:
        """When the audio up to a position had been sent for the first time; None when it never was.

        Word times are estimates: one that lies a little behind the last audio counts as at its end.
        """
        at = bisect_left(self._ends, source_audio_s - TOLERANCE_AUDIO_S)
        if at < len(self._ends):
            return self._sent_s[at]
        within = bool(self._ends) and source_audio_s <= self._ends[-1] + WORD_SLACK_AUDIO_S
        return self._sent_s[bisect_left(self._ends, self._ends[-1])] if within else None

    def to_source(self, leg: int, leg_audio_s: float, *, end: bool = False) -> float:
        """The source position of a leg position; an `end` where a new piece begins belongs to the piece before it."""
        pieces = self._pieces.get(leg) or ((0.0, 0.0),)
        starts = [start for start, _ in pieces]
        half = TOLERANCE_AUDIO_S / 2
        at = bisect_left(starts, leg_audio_s - half) if end else bisect_right(starts, leg_audio_s + half)
        leg_start, source_start = pieces[max(0, at - 1)]
        return leg_audio_s - leg_start + source_start

    # --- speed and place --------------------------------------------------------------------------------------------

    def _speed(self, recording: Recording, legs: Mapping[int, Sequence[_Frame]]) -> float | None:
        if legs:
            # A reconnected client may catch up on a backlog: the first leg that is long enough tells the pace.
            long_enough = (frames for _, frames in sorted(legs.items()) if _plays_s(frames) >= 2 * _WINDOW_AUDIO_S)
            speeds = list(_speeds(next(long_enough, max(legs.values(), key=_plays_s))))
            return median_low(speeds) if speeds else None
        # Deepgram's support toolkit keeps no audio frames, but the cursor with each message.
        cursors = [(entry.wall_s, entry.audio_s) for entry in recording.texts(Direction.DOWNSTREAM)]
        last_audio_s = max((audio_s for _, audio_s in cursors), default=0.0)
        moving = [(wall_s, audio_s) for wall_s, audio_s in cursors if audio_s < last_audio_s]
        if len(moving) < 2 or not moving[-1][0] > moving[0][0]:
            return None
        return (moving[-1][1] - moving[0][1]) / (moving[-1][0] - moving[0][0])

    def _placed(self, legs: Mapping[int, Sequence[_Frame]]) -> Pieces:
        pieces: dict[int, list[tuple[float, float]]] = {}
        end_audio_s, unplaced = 0.0, []
        first = min(legs, default=0)
        for leg in sorted(legs):
            pieces[leg] = [(f.before_audio_s, f.source_audio_s) for f in legs[leg] if f.source_audio_s is not None]
            if not pieces[leg] or pieces[leg][0][0] > 0:
                pieces[leg].insert(0, (0.0, end_audio_s))
                unplaced += [leg] if leg != first else []
            last = legs[leg][-1]
            leg_start, source_start = pieces[leg][-1]
            end_audio_s = max(end_audio_s, last.before_audio_s + last.audio_s - leg_start + source_start)
        self.unplaced = tuple(unplaced)
        return pieces


def _speeds(frames: Sequence[_Frame]) -> Iterator[float]:
    """Of each stretch of a second, or of all where there is no such stretch."""
    times = _times(frames)
    whole = len(frames) > 1
    first = 0
    for at, frame in enumerate(frames):
        sent_s = frame.before_audio_s - frames[first].before_audio_s
        last_of_short = at == len(frames) - 1 and whole and sent_s > 0
        if sent_s >= _WINDOW_AUDIO_S or last_of_short:
            whole = False
            took_s = times[at] - times[first]
            first = at
            yield sent_s / took_s if took_s > 0 else math.inf


def _times(frames: Sequence[_Frame]) -> list[float]:
    """When each frame was to go, or went where there is no schedule, without the pauses."""
    due = [frame.due_s for frame in frames if frame.due_s is not None]
    times = due if len(due) == len(frames) else [frame.wall_s for frame in frames]
    waits = (after - before for before, after in pairwise(times))
    steps = (
        frame.audio_s if wait - frame.audio_s > PAUSE_WALL_S else wait
        for frame, wait in zip(frames, waits, strict=False)
    )
    return list(accumulate(steps, initial=0.0))


def _plays_s(frames: Sequence[_Frame]) -> float:
    return sum(frame.audio_s for frame in frames)


def _frames(recording: Recording) -> Iterator[_Frame]:
    sent: dict[int, float] = {}
    for entry in recording.of(Binary):
        if entry.direction is Direction.UPSTREAM:
            before_s = sent.get(entry.leg, 0.0)
            sent[entry.leg] = max(before_s, entry.audio_s)
            if entry.audio_s > before_s:
                audio_s = entry.audio_s - before_s
                yield _Frame(entry.leg, entry.wall_s, entry.due_s, before_s, audio_s, entry.source_audio_s)


def _pauses(frames: Sequence[_Frame], messages: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Waits for a frame that were too long, from the last message within them: up to that one the server was at it."""
    for before, after in pairwise(frames):
        start_s = before.wall_s + before.audio_s
        if after.wall_s - start_s > PAUSE_WALL_S:
            at = bisect_left(messages, after.wall_s) - 1
            start_s = max(start_s, messages[at]) if at >= 0 else start_s
            if start_s < after.wall_s:
                yield start_s, after.wall_s

"""A session's time line as coordinates of a drawing: numbers only, so that a template can place them anywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.results import Timeline, TimelineEvent
from reports.figures import one_line, shorten

WIDTH: Final = 1000
_TEXT_CHARACTERS: Final = 300
_WAVE_TOP, _WAVE_HEIGHT = 4, 56
_LANE_HEIGHT: Final = 16
_MARK_WIDTH: Final = 14
_MARK_ROWS: Final = 6
_TICKS: Final = 12
_MARKS: Final = {
    "opened": "▸", "refused": "✕", "closed": "■", "lost": "✕", "control": "•", "note": "•", "error": "✕",
    "warning": "▲", "advice": "○", "fault": "◆",
}  # fmt: skip
"""A shape for each kind of event: colour alone tells nothing to some."""


class Bar(NamedTuple):
    """One message: where its words lie, and when it came."""

    kind: str
    x: float
    y: float
    width: float
    arrived_x: float
    about: str


class Mark(NamedTuple):
    """One event."""

    kind: str
    x: float
    y: int
    sign: str
    about: str


class Tick(NamedTuple):
    """A second on the scale."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A time line, laid out in a box `WIDTH` wide and `height` high.

    Attributes:
        height: of all of it.
        wave: the points of the wave's outline, as SVG has them.
        bars: interims and finals, a lane each for every channel.
        bar_height: how high one is.
        marks: events; those that would hide each other stand in rows.
        ticks: the scale in seconds.
    """

    height: int
    wave: str
    bars: tuple[Bar, ...]
    bar_height: int
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]


def drawing(timeline: Timeline | None) -> Drawing | None:
    """Lay a time line out; None without one, or without audio."""
    if timeline is None or not 0 < timeline.audio_s < math.inf:
        return None
    # What arrives after the audio has ended is placed at its end.
    scale = WIDTH / timeline.audio_s
    lanes = sorted({(span.channel, span.kind != "final") for span in timeline.spans})
    top = _WAVE_TOP + _WAVE_HEIGHT + 8
    bars = []
    for span in timeline.spans:
        x, end = _x(span.start_audio_s, scale), _x(span.end_audio_s, scale)
        about = (
            f"{span.kind}, {span.start_audio_s:.2f} to {span.end_audio_s:.2f} s, came at {span.arrived_audio_s:.2f} s"
        )
        bars.append(
            Bar(
                kind=span.kind,
                x=x,
                y=top + lanes.index((span.channel, span.kind != "final")) * _LANE_HEIGHT,
                width=round(max(end - x, 1), 1),
                arrived_x=_x(span.arrived_audio_s, scale),
                about=f"{about}: {shorten(span.text, _TEXT_CHARACTERS)}",
            )
        )
    marks, below = _marks(timeline.events, scale, top + len(lanes) * _LANE_HEIGHT + 14)
    return Drawing(
        height=below + 24,
        wave=_wave(timeline.peaks),
        bars=tuple(bars),
        bar_height=_LANE_HEIGHT - 4,
        marks=marks,
        ticks=_ticks(timeline.audio_s, scale),
    )


def _marks(events: Iterable[TimelineEvent], scale: float, top: int) -> tuple[tuple[Mark, ...], int]:
    """Each in the first row that has room for it, or in the last; and the base line of the lowest."""
    ends = [-math.inf] * _MARK_ROWS
    marks, lowest = [], top
    for event in events:
        x = _x(event.audio_s, scale)
        row = next((row for row, end in enumerate(ends) if end <= x), _MARK_ROWS - 1)
        ends[row] = x + _MARK_WIDTH
        y = top + row * _LANE_HEIGHT
        lowest = max(lowest, y)
        about = f"{event.audio_s:.2f} s: {shorten(event.text, _TEXT_CHARACTERS)}"
        marks.append(Mark(one_line(event.kind), x, y, _MARKS.get(event.kind, "•"), about))
    return tuple(marks), lowest


def _x(audio_s: float, scale: float) -> float:
    return round(min(max(audio_s * scale, 0), WIDTH), 1)


def _wave(peaks: tuple[int, ...]) -> str:
    """The outline: there along the upper side, and back along the lower."""
    if not peaks:
        return ""
    middle, step = _WAVE_TOP + _WAVE_HEIGHT / 2, WIDTH / len(peaks)
    places = [
        ((number + 0.5) * step, min(max(peak, 1), 100) / 100 * _WAVE_HEIGHT / 2) for number, peak in enumerate(peaks)
    ]
    upper = [f"{x:.1f},{middle - height:.1f}" for x, height in places]
    lower = [f"{x:.1f},{middle + height:.1f}" for x, height in reversed(places)]
    return " ".join(upper + lower)


def _ticks(audio_s: float, scale: float) -> tuple[Tick, ...]:
    # Whole hours from there on, however many: the number of ticks must not grow with what a file claims to last.
    hours = 3600 * math.ceil(audio_s / 3600 / _TICKS)
    step = next((step for step in (1, 2, 5, 10, 30, 60, 300, 600) if audio_s / step <= _TICKS), hours)
    return tuple(Tick(_x(second, scale), f"{second} s") for second in range(0, int(audio_s) + 1, step))

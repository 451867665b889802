"""The time line's coordinates."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results import Timeline, TimelineEvent, TimelineSpan
from reports.timeline import WIDTH, drawing

SPAN = TimelineSpan(kind="final", channel=0, start_audio_s=1.0, end_audio_s=2.0, arrived_audio_s=2.5, text="hello")
LINE = Timeline(
    audio_s=4.0, peaks=(0, 100), spans=(SPAN,), events=(TimelineEvent(kind="lost", audio_s=3.0, text="gone"),)
)


def test_seconds_become_places() -> None:
    drawn = drawing(LINE)
    assert drawn is not None
    (bar,) = drawn.bars
    assert (bar.x, bar.width, bar.arrived_x) == (WIDTH / 4, WIDTH / 4, WIDTH * 2.5 / 4)
    assert drawn.marks[0].x == WIDTH * 3 / 4
    assert [tick.label for tick in drawn.ticks] == ["0 s", "1 s", "2 s", "3 s", "4 s"]


def test_finals_interims_and_channels_have_lanes_of_their_own() -> None:
    spans = [
        msgspec.structs.replace(SPAN, kind=kind, channel=channel) for kind in ("final", "interim") for channel in (0, 1)
    ]
    drawn = drawing(msgspec.structs.replace(LINE, spans=tuple(spans)))
    assert drawn is not None
    assert len({bar.y for bar in drawn.bars}) == 4


def test_events_that_would_hide_each_other_stand_in_rows() -> None:
    events = tuple(TimelineEvent(kind="note", audio_s=at, text="") for at in (1.0, 1.0, 1.001, 3.0))
    drawn = drawing(msgspec.structs.replace(LINE, events=events))
    assert drawn is not None
    first, second, third, apart = (mark.y for mark in drawn.marks)
    assert first < second < third < drawn.height
    assert apart == first


@pytest.mark.parametrize("audio_s", [1e300, math.inf, math.nan])
def test_a_length_that_no_audio_has_is_not_counted_out_in_ticks(audio_s: float) -> None:
    drawn = drawing(msgspec.structs.replace(LINE, audio_s=audio_s))
    assert drawn is None or len(drawn.ticks) <= 13


def test_without_audio_there_is_nothing_to_draw() -> None:
    assert drawing(None) is None
    assert drawing(msgspec.structs.replace(LINE, audio_s=0.0)) is None


TIMES = st.floats(-10, 1e6, allow_nan=False)


@given(audio_s=st.floats(0.01, 1e5), start=TIMES, end=TIMES, came=TIMES, at=TIMES)
def test_nothing_lies_outside(audio_s: float, start: float, end: float, came: float, at: float) -> None:
    span = msgspec.structs.replace(SPAN, start_audio_s=start, end_audio_s=end, arrived_audio_s=came)
    event = TimelineEvent(kind="note", audio_s=at, text="")
    drawn = drawing(Timeline(audio_s=audio_s, peaks=(3,) * 7, spans=(span,), events=(event,)))
    assert drawn is not None
    for x in (drawn.bars[0].x, drawn.bars[0].arrived_x, drawn.marks[0].x, *(tick.x for tick in drawn.ticks)):
        assert 0 <= x <= WIDTH
    assert len(drawn.ticks) <= 40


def test_a_wave_louder_than_can_be_stays_in_its_box() -> None:
    loud, full = (drawing(msgspec.structs.replace(LINE, peaks=(0, peak))) for peak in (10**400, 100))
    assert loud is not None
    assert loud == full

"""Clocks, and dates as Deepgram writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import ManualClock, SystemClock, rfc3339


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock()
    assert (clock.now_s(), clock.unix_ms()) == (0.0, 1_767_225_600_000)
    clock.advance(1.25)
    assert (clock.now_s(), clock.unix_ms()) == (1.25, 1_767_225_601_250)
    assert ManualClock(now_s=5.0, unix_ms=10).unix_ms() == 5010


def test_the_machines_clock_never_runs_backwards_and_knows_the_date() -> None:
    clock = SystemClock()
    assert clock.now_s() <= clock.now_s()
    assert clock.unix_ms() > 1_700_000_000_000


@pytest.mark.parametrize(
    ("unix_ms", "date"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
        (1_795_166_073_207, "2026-11-20T09:14:33.207Z"),
        (951_782_400_001, "2000-02-29T00:00:00.001Z"),
    ],
)
def test_a_date_is_written_with_milliseconds_and_z(unix_ms: int, date: str) -> None:
    assert rfc3339(unix_ms) == date


@given(st.integers(0, 4_102_444_800_000))
def test_every_date_reads_back_to_the_millisecond(unix_ms: int) -> None:
    since = datetime.fromisoformat(rfc3339(unix_ms)) - datetime(1970, 1, 1, tzinfo=UTC)
    assert since == timedelta(milliseconds=unix_ms)
    assert len(rfc3339(unix_ms)) == 24

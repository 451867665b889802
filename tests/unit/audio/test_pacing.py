from __future__ import annotations

import math

import pytest

from harness.audio.pacing import Schedule, SendLog, Speed, percentile
from harness.errors import BadInput

BYTES_PER_SECOND = 32_000
CHUNK_AUDIO_S = 0.02
CHUNK_BYTES = 640


@pytest.mark.parametrize(
    ("text", "factor"), [("1", 1.0), ("4", 4.0), ("0.5", 0.5), ("max", math.inf), (" MAX ", math.inf)]
)
def test_a_speed_is_read_from_text(text: str, factor: float) -> None:
    assert Speed.parse(text).factor == factor


@pytest.mark.parametrize("text", ["0", "-1", "", "fast", "nan", "inf", "1x"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="speed is"):
        Speed.parse(text)


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan])
def test_a_factor_must_be_above_zero(factor: float) -> None:
    with pytest.raises(BadInput, match="speed is"):
        Speed(factor)


def test_a_speed_is_written_as_it_is_read() -> None:
    assert [str(Speed.parse(text)) for text in ("1", "0.5", "max")] == ["1", "0.5", "max"]
    assert Speed.MAX.is_max
    assert not Speed(4).is_max


def test_the_first_chunk_is_due_at_the_start_and_each_other_after_the_audio_before_it() -> None:
    schedule = Schedule(Speed(), 10.0)
    assert [schedule.due_wall_s(k * 0.25) for k in range(4)] == [10.0, 10.25, 10.5, 10.75]


@pytest.mark.parametrize(("factor", "due_wall_s"), [(4.0, 11.0), (0.5, 18.0), (math.inf, 10.0)])
def test_speed_divides_the_waiting(factor: float, due_wall_s: float) -> None:
    assert Schedule(Speed(factor), 10.0).due_wall_s(4.0) == due_wall_s


def test_resuming_makes_the_next_chunk_due_now_and_shifts_the_rest() -> None:
    schedule = Schedule(Speed(2.0), 0.0)
    schedule.resume(3.0, 5.0)
    assert schedule.due_wall_s(3.0) == 5.0
    assert schedule.due_wall_s(4.0) == 5.5


def test_resuming_never_brings_a_deadline_forward() -> None:
    schedule = Schedule(Speed(), 0.0)
    schedule.resume(3.0, 2.5)
    assert schedule.due_wall_s(3.0) == 3.0
    assert schedule.due_wall_s(4.0) == 4.0


def test_a_percentile_is_the_nearest_rank() -> None:
    values = [0.4, 0.1, 0.3, 0.2]
    assert [percentile(values, p) for p in (0, 25, 50, 51, 99, 100)] == [0.1, 0.1, 0.2, 0.3, 0.4, 0.4]
    assert percentile([], 50) == 0.0


def _log(lateness: list[float]) -> SendLog:
    log = SendLog(BYTES_PER_SECOND)
    for k, late in enumerate(lateness):
        log.record(k * CHUNK_AUDIO_S, k * CHUNK_AUDIO_S + late, CHUNK_BYTES)
    return log


def test_a_perfect_sender_has_no_lateness_no_jitter_and_no_drift() -> None:
    stats = _log([0.0] * 500).stats()
    assert stats.sends == 500
    assert stats.audio_s == pytest.approx(10.0)
    assert stats.drift_s == stats.max_lateness_s == stats.lateness_p99_s == stats.jitter_p99_s == 0.0
    assert stats.longest_gap_wall_s == pytest.approx(CHUNK_AUDIO_S)


def test_a_sender_that_adds_a_little_each_time_drifts() -> None:
    stats = _log([k * 0.0001 for k in range(1000)]).stats()
    assert stats.drift_s == pytest.approx(0.09)  # the middle of the last tenth less the middle of the first
    assert stats.jitter_p50_s == pytest.approx(0.0001)
    assert stats.max_lateness_s == pytest.approx(0.0999)
    assert stats.lateness_p50_s == pytest.approx(0.0499)


def test_one_late_send_is_no_drift() -> None:
    stats = _log([0.0] * 50 + [0.3] + [0.0] * 50).stats()
    assert stats.drift_s == 0.0
    assert stats.max_lateness_s == pytest.approx(0.3)
    assert stats.jitter_p99_s == pytest.approx(0.3)
    assert stats.lateness_p99_s == 0.0


def test_the_longest_gap_is_between_neighbours() -> None:
    log = SendLog(BYTES_PER_SECOND)
    for sent_wall_s in (0.0, 0.02, 0.52, 0.54):
        log.record(0.0, sent_wall_s, CHUNK_BYTES)
    assert log.stats().longest_gap_wall_s == pytest.approx(0.5)


def test_an_even_stream_of_small_chunks_bursts_only_by_its_window() -> None:
    log = SendLog(BYTES_PER_SECOND)
    for k in range(100):
        log.record(k / 64, k / 64, 500)  # 1/64 s chunks: seven begin within any 100 ms
    assert log.stats().largest_burst_audio_s == pytest.approx(6 / 64)


def test_chunks_as_long_as_the_window_are_no_burst() -> None:
    log = SendLog(BYTES_PER_SECOND)
    for k in range(10):
        log.record(k * 0.25, k * 0.25, 8_000)
    assert log.stats().largest_burst_audio_s == 0.0


def test_catching_up_at_once_is_a_burst() -> None:
    log = SendLog(BYTES_PER_SECOND)
    for k in range(50):
        log.record(k * CHUNK_AUDIO_S, max(0.5, k * CHUNK_AUDIO_S), CHUNK_BYTES)
    assert log.stats().largest_burst_audio_s > 0.5


def test_nothing_sent_gives_zeroes() -> None:
    stats = SendLog(BYTES_PER_SECOND).stats()
    assert (stats.sends, stats.audio_s, stats.drift_s, stats.max_lateness_s) == (0, 0.0, 0.0, 0.0)
    assert (stats.largest_burst_audio_s, stats.longest_gap_wall_s) == (0.0, 0.0)


def test_bytes_without_seconds_cannot_be_logged() -> None:
    with pytest.raises(BadInput, match="bytes_per_second"):
        SendLog(0)

"""What counts as drift, burst, gap and haste, and on whose clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.audio.pacing import Speed
from harness.conformance.settings import JudgeSettings
from harness.recording.entries import Side

Make = Callable[..., Any]
Ids = Callable[[Any], list[str]]


def test_a_gap_and_a_burst_with_a_perfect_average_are_both_found(opened: Make) -> None:
    session = opened().audio(5).wait(3).audio(3, speed=1e9).audio(5)
    verdict = session.finish().judged()
    assert verdict.pacing[0].speed == pytest.approx(1.0, abs=0.01)
    said = {finding.rule: finding.message for finding in verdict.findings}
    assert "within 100 ms (by the client's clock); at most 0.5 s is in order." in said["C-BURST"]
    assert verdict.pacing[0].largest_burst_audio_s == pytest.approx(3.08, abs=0.03)
    assert said["C-GAP"].startswith("Audio stopped for 3.02 s after a frame of 20 ms (by the client's clock)")


def test_a_pause_that_is_kept_alive_is_neither_gap_nor_drift(opened: Make) -> None:
    session = opened().audio(3).wait(4).tells("KeepAlive").wait(4).tells("KeepAlive").wait(1).audio(3)
    verdict = session.finish().judged()
    assert verdict.findings == ()
    assert verdict.pacing[0].longest_gap_wall_s == pytest.approx(9.02)
    assert verdict.pacing[0].max_lag_s == pytest.approx(9.0)
    assert verdict.pacing[0].drift_s == pytest.approx(0.0, abs=1e-6)


def test_a_stall_that_is_caught_up_slowly_is_no_drift(opened: Make) -> None:
    session = opened().audio(2).wait(0.3).audio(0.6, speed=2).audio(2)
    assert session.finish().judged().findings == ()


def test_drift_is_told_in_total_and_by_the_second(opened: Make) -> None:
    verdict = opened().audio(9.5, speed=0.95).finish().judged()
    assert [finding.message for finding in verdict.findings] == [
        "Sends fell behind by 0.5 s within 9.979 s (50.105 ms each second, by the client's clock); at most 0.07 s is "
        "in order."
    ]
    assert verdict.pacing[0].drift_per_s == pytest.approx(0.05, abs=0.001)


def test_the_servers_clock_is_named_with_its_network(opened: Make) -> None:
    verdict = opened(side=Side.SERVER).audio(9.5, speed=0.9).finish().judged()
    assert "by the server's clock, network included" in verdict.findings[0].message
    assert verdict.pacing[0].clock == "server"


def test_a_speed_that_was_meant_is_no_haste(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(20, speed=4).finish()
    assert rules_of(session.judged(settings=JudgeSettings(speed=Speed(4.0)))) == []
    assert rules_of(session.judged(settings=JudgeSettings(speed=Speed(8.0)))) == ["C-DRIFT"]
    assert rules_of(session.judged()) == ["C-RATE"]


@pytest.mark.parametrize(("speed", "times"), [(2, "2 times"), (3, "3 times"), (0.5, "0.5 times")])
def test_a_steady_stream_at_a_mistaken_rate_says_the_factor(speed: float, times: str, opened: Make) -> None:
    verdict = opened().audio(9, speed=speed).finish().judged()
    finding = next(finding for finding in verdict.findings if finding.rule == "C-RATE")
    assert f"{32_000 * speed:,.0f} bytes went out each second" in finding.message
    assert "linear16 16000 Hz, 1 channel has 32,000" in finding.message
    assert times in finding.message


def test_an_unsteady_stream_of_twice_the_rate_is_haste(opened: Make, rules_of: Ids) -> None:
    session = opened()
    for _ in range(75):
        session.audio(0.04, speed=1e9).wait(0.02)
    assert rules_of(session.finish().judged()) == ["C-FASTER"]


def test_backlog_counts_after_a_reconnect_only(opened: Make, rules_of: Ids) -> None:
    first = opened().audio(0.7, speed=1e9).audio(5).finish().judged()
    assert rules_of(first) == ["C-BURST"]
    session = opened().audio(1).close(code=1011).reconnect().wait(1).opened().audio(0.4, speed=1e9).audio(2)
    verdict = session.finish().judged()
    assert rules_of(verdict) == []
    assert verdict.pacing[1].backlog_audio_s == pytest.approx(0.4)


def test_a_leg_that_is_all_backlog_is_measured(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(1).close(code=1011).reconnect().wait(1).opened().audio(2, speed=1e9)
    verdict = session.finish().judged()
    assert rules_of(verdict) == ["C-BACKLOG"]
    assert verdict.pacing[1].sends == 100


def test_lateness_against_the_senders_own_schedule_is_measured(opened: Make) -> None:
    session = opened()
    for place in range(100):
        session.frame(due_s=place * 0.02 - place * 0.0001).wait(0.02)
    pacing = session.finish().judged().pacing[0]
    assert pacing.lateness_p50_s == pytest.approx(0.0049)
    assert pacing.lateness_p99_s == pytest.approx(0.0098)
    assert pacing.max_lateness_s == pytest.approx(0.0099)


def test_a_container_is_paced_by_the_recordings_own_audio_clock(talk: Make, rules_of: Ids) -> None:
    verdict = talk(query="model=nova-3").opened().audio(2).wait(0.9).audio(0.9, speed=1e9).audio(2).finish().judged()
    assert rules_of(verdict) == ["C-BURST"]


def test_audio_without_a_clock_has_no_pace(talk: Make) -> None:
    session = talk(query="model=nova-3").opened()
    for _ in range(100):
        session.audio_s = -640 / session.bytes_per_second
        session.frame().wait(0.02)
    judged = session.finish(1.0).judged()
    assert judged.pacing == ()
    assert judged.families["pacing"] == "not-judged"


def test_frames_of_one_instant_have_no_speed(opened: Make) -> None:
    assert opened().frame().frame().finish().judged().pacing[0].speed is None

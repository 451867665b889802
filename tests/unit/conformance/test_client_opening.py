"""Retries, first audio, greetings and loops: where the line runs between a fault and its harmless neighbour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
Ids = Callable[[Any], list[str]]


def _refused(talk: Make, statuses: tuple[int, ...], wait_s: float) -> Any:
    session = talk()
    for status in statuses:
        session.refused(status).wait(wait_s).reconnect()
    return session


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405])
def test_a_final_refusal_asked_for_three_times_is_a_fault(status: int, talk: Make) -> None:
    verdict = _refused(talk, (status,) * 3, 8).judged()
    assert [finding.message for finding in verdict.findings] == [
        f"The same upgrade was tried 3 times though HTTP {status} will not change."
    ]
    assert (verdict.findings[0].leg, verdict.counts.legs) == (2, 3)


@pytest.mark.parametrize("statuses", [(401, 401), (401, 403, 401), (503, 503, 503), (429,)])
def test_few_different_or_passing_refusals_are_none(statuses: tuple[int, ...], talk: Make) -> None:
    assert _refused(talk, statuses, 1).judged().findings == ()


def test_any_refusal_asked_for_again_at_once_is_a_fault(talk: Make) -> None:
    verdict = _refused(talk, (429,) * 4, 0.1).judged()
    assert [finding.message for finding in verdict.findings] == [
        "HTTP 429 was answered by another try within 0.5 s, 3 times; wanted backoff."
    ]


def test_a_session_between_refusals_begins_the_count_anew(talk: Make, rules_of: Ids) -> None:
    session = _refused(talk, (401, 401), 5).opened().audio(1).finish().reconnect()
    session.refused(401).wait(5).reconnect().refused(401)
    assert rules_of(session.judged()) == []


def test_audio_just_in_time_is_in_time(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().wait(9.9).audio(1).finish().judged()) == []
    assert rules_of(opened().wait(10.1).audio(1).finish().judged()) == ["C-FIRST-AUDIO"]


def test_keep_alive_does_not_stand_in_for_audio(opened: Make) -> None:
    session = opened()
    for _ in range(3):
        session.wait(5).tells("KeepAlive")
    verdict = session.close(code=1011).judged()
    assert [(finding.rule, finding.message) for finding in verdict.findings] == [
        ("C-FIRST-AUDIO", "No audio came in 15 s, only 3 text frames; audio is wanted within 10 s.")
    ]


def test_a_session_that_is_opened_and_ended_without_audio_is_nobodys_fault(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().wait(1).close().judged()) == []
    assert rules_of(opened().wait(11).finish(0.0).judged()) == []


def test_a_few_frames_whose_answer_came_are_no_loop(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(0.1).results(0, 0.1, "yes").wait(5).tells("KeepAlive").wait(5).finish()
    assert rules_of(session.judged()) == []


def test_long_frames_may_meet_one_answer_each(opened: Make, rules_of: Ids) -> None:
    session = opened()
    for place in range(10):
        session.frame(32_000).wait(1.1).results(place, 1, "well")
    assert "C-REPLY-LOOP" not in rules_of(session.finish().judged())

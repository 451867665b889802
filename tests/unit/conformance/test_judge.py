"""How the verdict is put together: places, order, limits, legs, wire versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.conformance.findings import Status
from harness.conformance.settings import ClientClaim, JudgeSettings

Make = Callable[..., Any]
Ids = Callable[[Any], list[str]]


def test_findings_stand_in_the_order_of_the_session_with_both_clocks(opened: Make) -> None:
    session = opened().audio(1).said("{").audio(0.5).said("[]").finish()
    first, second = session.judged().findings
    assert (first.audio_s, first.wall_s, first.frame) == (1.0, session.entries[first.frame].wall_s, 51)
    assert first.wall_s < 1.001
    assert (second.audio_s, round(second.wall_s, 6)) == (1.5, 1.5)
    assert session.entries[second.frame].text == "[]"


def test_a_rule_broken_often_is_counted_in_full_and_shown_in_part(opened: Make) -> None:
    session = opened().audio(1)
    for _ in range(50):
        session.said("{")
    verdict = session.finish().judged(settings=JudgeSettings(findings_per_rule=3))
    assert len(verdict.findings) == 3
    assert verdict.broken == {"I1": 50}
    assert (verdict.counts.errors, verdict.counts.downstream_messages, verdict.counts.audio_frames) == (50, 51, 50)


def test_every_leg_is_judged_and_its_audio_clock_starts_anew(opened: Make) -> None:
    session = opened().audio(1).results(0, 1, "one").close(code=1011).wait(1).reconnect().opened().audio(1)
    verdict = session.results(0, 1.5, "ahead").finish(1.0).judged()
    assert [(finding.rule, finding.leg, finding.audio_s) for finding in verdict.findings] == [
        ("I6", 1, 1.0),
        ("I8", 1, 1.0),
    ]
    assert [measured.leg for measured in verdict.pacing] == [0, 1]


def test_the_audio_clock_of_raw_audio_is_counted_not_believed(opened: Make) -> None:
    session = opened().audio(1)
    session.audio_s = 40.0
    verdict = session.results(0, 30, "ahead").finish(1.0).judged()
    assert [finding.audio_s for finding in verdict.findings if finding.rule == "I6"] == [1.0]


def test_a_recording_that_was_cut_short_owes_no_end(opened: Make) -> None:
    from harness.conformance.judge import judge

    session = opened().audio(1)
    assert judge(session.recording(partial=True)).findings == ()
    assert [finding.rule for finding in judge(session.recording()).findings] == ["C-CLOSE-STREAM"]


def test_flux_is_not_judged_by_the_rules_of_v1(talk: Make) -> None:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    verdict = session.audio(2, 2_560).tells("CloseStream").close(code=1005).judged()
    assert verdict.findings == ()
    assert verdict.families["chunking"] is Status.PASS


def test_a_flux_model_on_v1_is_refused(opened: Make, rules_of: Ids) -> None:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000"
    assert rules_of(opened(query=query).audio(1).finish().judged()) == ["C-QUERY-REFUSED"]


def test_a_claim_without_words_on_the_wire_leaves_parsing_unjudged(opened: Make) -> None:
    verdict = opened().audio(1).finish().judged(claim=ClientClaim(transcript="dreamt"))
    assert verdict.families["parsing"] is Status.NOT_JUDGED

"""Every rule has a session that breaks it and nothing else; a correct session breaks none."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from harness.audio.pacing import Speed
from harness.conformance.evidence import lay_out
from harness.conformance.findings import Blame, Severity, Status, Verdict
from harness.conformance.rules import FLUX_RULES, RULES
from harness.conformance.settings import DEFAULT_SETTINGS, ClientClaim, JudgeSettings
from harness.recording.entries import Side
from harness.recording.flux_frames import from_flux_frames
from tests.unit.conformance.breaking import chunking, flux, pacing, parsing, protocol, server
from tests.unit.conformance.breaking.table import Make

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "rules.md"

GROUPS = (server.breaks, chunking.breaks, pacing.breaks, protocol.breaks, flux.breaks, parsing.breaks)
BREAKS = {rule: session for group in GROUPS for rule, session in group.items()}
BESIDES = {"P-KEY-LEAK": {"P-SHAPE"}}  # a leak needs an error to be in


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_a_session_that_breaks_one_rule_yields_just_that_finding(rule: str, talk: Make) -> None:
    verdict: Verdict = BREAKS[rule](talk)
    found = [finding for finding in verdict.findings if finding.rule not in BESIDES.get(rule, set())]
    assert [finding.rule for finding in found] == [rule]
    row = next(row for row in RULES if row.id == rule)
    assert (found[0].family, found[0].blame, found[0].severity) == (row.family, row.blame, row.severity)
    assert found[0].message.endswith((".", "?"))
    wanted = {Severity.ERROR: Status.FAIL, Severity.WARNING: Status.WARN, Severity.ADVICE: Status.PASS}
    assert verdict.families[row.family] is wanted[row.severity]
    assert verdict.passed is (row.severity is not Severity.ERROR)


def test_a_correct_session_breaks_no_rule(spoken: Make) -> None:
    verdict = spoken().finish().judged(claim=ClientClaim(chunk_ms=20, transcript="Please book a table for two."))
    assert verdict.findings == ()
    assert verdict.passed
    assert set(verdict.families.values()) == {Status.PASS}


def test_a_correct_session_seen_from_the_server_breaks_no_rule(spoken: Make) -> None:
    assert spoken(side=Side.SERVER).finish().judged().findings == ()


def test_a_session_with_every_feature_breaks_no_rule(talk: Make) -> None:
    query = (
        "model=nova-3&encoding=mulaw&sample_rate=8000&channels=2&multichannel=true&interim_results=true"
        "&vad_events=true&utterance_end_ms=1000&endpointing=300"
    )
    session = talk(query=query, bytes_per_second=16_000).opened().audio(0.4, 320)
    session.says("SpeechStarted", channel=[0, 2], timestamp=0.2).audio(0.6, 320)
    session.results(0, 1, "one two", final=False, channel=(0, 2)).results(0, 0.9, "uno", final=False, channel=(1, 2))
    session.audio(1, 320).results(0, 1.5, "one two three", channel=(0, 2)).results(0, 2, "uno dos", channel=(1, 2))
    session.says("UtteranceEnd", channel=[0, 2], last_word_end=1.5)
    session.says("UtteranceEnd", channel=[1, 2], last_word_end=-1)
    session.tells("Finalize").results(1.5, 0.5, channel=(0, 2), from_finalize=True)
    for _ in range(5):
        session.wait(3).tells("KeepAlive")
    session.audio(1, 320).tells("CloseStream")
    session.results(2, 1, "four", channel=(0, 2)).results(2, 1, "tres", channel=(1, 2))
    assert session.metadata(3.0, channels=2).close().judged().findings == ()


def test_a_flux_session_with_every_event_breaks_no_rule(talk: Make) -> None:
    session = flux.greeted(talk).turn(1, "Update", (0, 0.24)).turn(2, "StartOfTurn", (0, 0.5), "one")
    session.turn(3, "EagerEndOfTurn", (0, 1), "one").turn(4, "TurnResumed", (0, 1.2), "one two")
    session.turn(5, "EagerEndOfTurn", (0, 1.5), "one two").turn(6, "Update", (0, 1.6), "one two")
    session.says("ConfigureSuccess", request_id="x", thresholds={}, keyterms=[], sequence_id=7)
    session.turn(8, "EndOfTurn", (0, 1.7), "one two", trigger="model").turn(9, "Update", (1.7, 2), index=1)
    assert flux.over(session).findings == ()


def test_the_real_flux_session_breaks_no_rule(shared: Path) -> None:
    recording = from_flux_frames((shared / "recordings" / "flux-preamble" / "frames.json").read_bytes(), "preamble")
    broken = [rule.id for rule in FLUX_RULES if list(rule.check(lay_out(recording, None, DEFAULT_SETTINGS, None)))]
    assert broken == []


def test_nothing_is_judged_without_evidence(talk: Make) -> None:
    verdict = talk().judged()
    assert set(verdict.families.values()) == {Status.NOT_JUDGED}
    assert verdict.passed


def test_pacing_at_speed_max_is_not_judged(talk: Make) -> None:
    verdict = talk().opened().audio(5, speed=1e6).finish().judged(settings=JudgeSettings(speed=Speed.MAX))
    assert verdict.families["pacing"] is Status.NOT_JUDGED
    assert verdict.findings == ()


def test_rule_ids_are_unique_and_every_rule_has_its_session() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert sorted(rule for group in GROUPS for rule in group) == sorted(ids)


def test_every_check_says_which_rule_it_is_and_where_that_comes_from() -> None:
    for rule in RULES:
        inner = next((cell.cell_contents for cell in getattr(rule.check, "__closure__", None) or ()), rule.check)
        assert inner.__doc__ is not None
        assert inner.__doc__.startswith(f"{rule.id}: ")
        assert "Source:" in " ".join(inner.__doc__.split())


def test_the_rule_document_holds_the_table_row_by_row() -> None:
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{rule.id}` | {rule.family} | {rule.blame} | {rule.severity} | {rule.what} | {rule.source} |"
        for rule in RULES
    ]


def test_a_verdict_is_json(spoken: Make) -> None:
    verdict: Verdict = spoken().said("{").finish().judged()
    again = msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict)
    assert again == verdict
    assert json.loads(msgspec.json.encode(verdict))["findings"][0]["rule"] == "I1"
    assert verdict.of(Blame.SERVER) == verdict.findings
    assert verdict.of(Blame.CLIENT) == ()

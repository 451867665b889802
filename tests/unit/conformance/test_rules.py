"""Every rule has a session that breaks it and nothing else; a correct session breaks none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.audio.pacing import Speed
from harness.conformance.evidence import lay_out
from harness.conformance.findings import Blame, Severity, Status, Verdict
from harness.conformance.rules import FLUX_RULES, RULES
from harness.conformance.settings import DEFAULT_SETTINGS, ClientClaim, JudgeSettings
from harness.recording.entries import Binary, Direction, Side
from harness.recording.flux_frames import from_flux_frames

Make = Callable[..., Any]
UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM
CONTAINER = "model=nova-3"
DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "rules.md"

BREAKS: dict[str, Callable[[Make], Any]] = {}


def breaks(rule: str) -> Callable[[Callable[[Make], Any]], Callable[[Make], Any]]:
    """Enter a session under the rule it breaks; it gets the maker of empty sessions."""

    def enter(session: Callable[[Make], Any]) -> Callable[[Make], Any]:
        BREAKS[rule] = session
        return session

    return enter


# --- the server -------------------------------------------------------------------------------------------------------


@breaks("I1")
def _unreadable(talk: Make) -> Any:
    return talk().opened().audio(1).said("{not json").finish().judged()


@breaks("I2")
def _another_request(talk: Make) -> Any:
    return talk().opened().audio(1).results(0, 1, "hello", request_id="other").finish().judged()


@breaks("I3")
def _gap_between_finals(talk: Make) -> Any:
    session = talk().opened().audio(1).results(0, 0.94, "one").audio(1).results(1, 1, "two")
    return session.finish().judged()


@breaks("I4")
def _interim_as_delta(talk: Make) -> Any:
    session = talk().opened().audio(1).results(0, 1, "one", final=False).audio(1).results(1, 1, "two", final=False)
    return session.results(0, 2, "one two").finish().judged()


@breaks("I5")
def _speech_final_interim(talk: Make) -> Any:
    return talk().opened().audio(1).results(0, 1, "one", final=False, speech_final=True).finish().judged()


@breaks("I6")
def _ahead_of_the_audio(talk: Make) -> Any:
    return talk().opened().audio(1).results(0, 2, "prophecy").audio(1).finish().judged()


@breaks("I7")
def _metadata_twice(talk: Make) -> Any:
    session = talk().opened().audio(1).tells("CloseStream").metadata(1)
    return session.metadata(1).close().judged()


@breaks("I8")
def _finals_short_of_the_audio(talk: Make) -> Any:
    return talk().opened().audio(2).results(0, 1.5, "one").finish().judged()


@breaks("I9")
def _word_outside(talk: Make) -> Any:
    word = {"word": "late", "start": 1.4, "end": 1.6, "confidence": 0.9}
    alternative = {"transcript": "late", "confidence": 0.9, "words": [word]}
    return talk().opened().audio(2).results(0, 1, alternative=alternative).results(1, 1).finish().judged()


@breaks("I10")
def _text_without_words(talk: Make) -> Any:
    alternative = {"transcript": "late", "confidence": 0.9, "words": []}
    return talk().opened().audio(1).results(0, 1, alternative=alternative).finish().judged()


@breaks("I11")
def _event_unasked(talk: Make) -> Any:
    return talk().opened().audio(1).says("SpeechStarted", channel=[0, 1], timestamp=0.1).finish().judged()


@breaks("I12")
def _from_no_finalize(talk: Make) -> Any:
    return talk().opened().audio(1).results(0, 1, "one", from_finalize=True).finish().judged()


@breaks("I13")
def _interim_unasked(talk: Make) -> Any:
    query = "model=nova-3&encoding=linear16&sample_rate=16000"
    return talk(query=query).opened().audio(1).results(0, 1, "one", final=False).finish().judged()


@breaks("I14")
def _no_metadata(talk: Make) -> Any:
    return talk().opened().audio(1).tells("CloseStream").wait(0.1).close().judged()


@breaks("I15")
def _end_of_no_word(talk: Make) -> Any:
    query = "model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true&utterance_end_ms=1000"
    session = talk(query=query).opened().audio(1).results(0, 1, "one").audio(1)
    return session.says("UtteranceEnd", channel=[0, 1], last_word_end=0.5).results(1, 1).finish().judged()


@breaks("S-REQUEST-ID")
def _nameless_upgrade(talk: Make) -> Any:
    return talk().opened(upgrade="websocket").audio(1).results(0, 1, "one").finish().judged()


@breaks("S-BINARY")
def _binary_answer(talk: Make) -> Any:
    session = talk().opened().audio(1)
    session.entries.append(Binary(leg=0, direction=DOWN, wall_s=session.wall_s, audio_s=1.0, size=4))
    return session.finish().judged()


@breaks("S-GREETING")
def _greeting(talk: Make) -> Any:
    return talk().opened().says("Connected", request_id="x").audio(1).finish().judged()


@breaks("S-DURATION")
def _wall_time_as_duration(talk: Make) -> Any:
    return talk().opened().audio(2).tells("KeepAlive").wait(4).audio(1).finish(7.0).judged()


# --- the client: chunking ---------------------------------------------------------------------------------------------


@breaks("C-CHUNK-SIZE")
def _half_second_frames(talk: Make) -> Any:
    return talk().opened().audio(3, 16_000).finish().judged()


@breaks("C-CHUNK-ADVISED")
def _tenth_second_frames(talk: Make) -> Any:
    return talk().opened().audio(3, 3_200).finish().judged()


@breaks("C-CHUNK-CONSISTENT")
def _uneven_frames(talk: Make) -> Any:
    session = talk().opened().audio(1)
    for size in (1_280, 960, 700, 640):
        session.frame(size).wait(size / 32_000)
    return session.audio(1).finish().judged()


@breaks("C-SPLIT-SAMPLE")
def _odd_frames(talk: Make) -> Any:
    return talk().opened().audio(1, 641).finish().judged()


@breaks("C-CHUNK-CLAIM")
def _twice_as_long_as_claimed(talk: Make) -> Any:
    return talk().opened().audio(1, 1_280).finish().judged(claim=ClientClaim(chunk_ms=20))


@breaks("C-EMPTY-FRAME")
def _empty_frame_in_the_middle(talk: Make) -> Any:
    return talk().opened().audio(1).frame(0).audio(1).tells("CloseStream").wait(0.1).metadata(1.0).close().judged()


@breaks("C-AUDIO-AFTER-CLOSE")
def _overtaken_audio(talk: Make) -> Any:
    session = talk().opened().audio(1).tells("CloseStream").audio(0.1).wait(0.1)
    return session.metadata(1.0).close().judged()


@breaks("C-CONTROL-BINARY")
def _keep_alive_as_audio(talk: Make) -> Any:
    session = talk().opened().audio(1)
    session.entries.append(Binary(leg=0, direction=UP, wall_s=session.wall_s, audio_s=1.0, size=20))
    return session.audio(1).finish().judged()


@breaks("C-HEADER-IN-RAW")
def _wav_as_raw(talk: Make) -> Any:
    return talk().opened().audio(1).finish().judged(lead_bytes=b"RIFF\x24\x08\x00\x00WAVEfmt ")


@breaks("C-UNDECODED")
def _raw_undeclared(talk: Make) -> Any:
    return talk(query=CONTAINER).opened().audio(1).finish(0.0).judged()


# --- the client: pacing -----------------------------------------------------------------------------------------------


@breaks("C-DRIFT")
def _sleeping_sender(talk: Make) -> Any:
    return talk().opened().audio(4, speed=0.95).finish().judged()


@breaks("C-BURST")
def _stall_caught_up(talk: Make) -> Any:
    session = talk().opened().audio(2).wait(0.9)
    return session.audio(0.9, speed=1e6).audio(2).finish().judged()


@breaks("C-GAP")
def _silent_pause(talk: Make) -> Any:
    return talk().opened().audio(1).wait(4).audio(1).finish().judged()


@breaks("C-JITTER")
def _jumping_sender(talk: Make) -> Any:
    session = talk().opened()
    for _ in range(10):
        session.audio(0.4).wait(0.2).audio(0.2, speed=1e6)
    return session.finish().judged()


@breaks("C-LATE")
def _late_for_itself(talk: Make) -> Any:
    session = talk().opened()
    for place in range(150):
        session.frame(due_s=place * 0.02 - 0.15).wait(0.02)
    return session.finish().judged()


@breaks("C-RATE")
def _twice_the_rate(talk: Make) -> Any:
    return talk().opened().audio(6, speed=2).finish().judged()


@breaks("C-FASTER")
def _somewhat_fast(talk: Make) -> Any:
    return talk().opened().audio(4, speed=1.25).finish().judged()


@breaks("C-BACKLOG")
def _flushed_backlog(talk: Make) -> Any:
    session = talk().opened().audio(1).close(code=1011).wait(2).reconnect().opened()
    return session.audio(2, speed=1e6).audio(1).finish().judged()


# --- the client: protocol ---------------------------------------------------------------------------------------------


@breaks("C-QUERY-BOOLEAN")
def _python_boolean(talk: Make) -> Any:
    query = "model=nova-3&encoding=linear16&sample_rate=16000&punctuate=True"
    return talk(query=query).opened().audio(1).finish().judged()


@breaks("C-QUERY-REFUSED")
def _keywords_with_nova_3(talk: Make) -> Any:
    query = "model=nova-3&encoding=linear16&sample_rate=16000&keywords=snuffalupagus"
    return talk(query=query).opened().audio(1).finish().judged()


@breaks("C-QUERY-IGNORED")
def _typing_mistake(talk: Make) -> Any:
    query = "model=nova-3&encoding=linear16&sample_rate=16000&keyterms=snuffalupagus"
    return talk(query=query).opened().audio(1).finish().judged()


@breaks("C-RETRY")
def _stubborn(talk: Make) -> Any:
    session = talk()
    for _ in range(3):
        session.refused(400).wait(5).reconnect()
    return session.judged()


@breaks("C-FIRST-AUDIO")
def _late_start(talk: Make) -> Any:
    session = talk().opened()
    for _ in range(4):
        session.wait(3).tells("KeepAlive")
    return session.audio(1).finish().judged()


@breaks("C-GREETING")
def _waiting_for_hello(talk: Make) -> Any:
    return talk().opened().wait(10).close(code=1011).judged()


@breaks("C-REPLY-LOOP")
def _one_frame_then_silence(talk: Make) -> Any:
    return talk().opened().frame().wait(9).close(code=1011).judged()


@breaks("C-KEEPALIVE")
def _idle(talk: Make) -> Any:
    return talk().opened().audio(2).wait(11).close(code=1011).judged()


@breaks("C-UNKNOWN-TEXT")
def _misspelled_control(talk: Make) -> Any:
    return talk().opened().audio(1).tells("keep_alive").audio(1).finish().judged()


@breaks("C-PING-TIMEOUT")
def _blocked_event_loop(talk: Make) -> Any:
    return talk().opened().audio(2).close(UP, 1011, "keepalive ping timeout").judged()


@breaks("C-CLOSE-STREAM")
def _socket_closed(talk: Make) -> Any:
    return talk().opened().audio(2).close(UP).judged()


@breaks("C-EMPTY-CLOSE")
def _empty_frame_at_the_end(talk: Make) -> Any:
    return talk().opened().audio(2).frame(0).wait(0.1).metadata(2.0).close().judged()


@breaks("C-TEXT-AFTER-CLOSE")
def _keep_alive_after_close_stream(talk: Make) -> Any:
    return talk().opened().audio(1).tells("CloseStream").tells("KeepAlive").wait(0.1).metadata(1.0).close().judged()


@breaks("C-DRAIN")
def _not_waiting(talk: Make) -> Any:
    return talk().opened().audio(2).tells("CloseStream").wait(0.1).close(UP).judged()


@breaks("C-CUT")
def _dropped(talk: Make) -> Any:
    return talk(side=Side.SERVER).opened().audio(2).lost().judged()


@breaks("C-CLOSE-FIRST")
def _closing_on_metadata(talk: Make) -> Any:
    return talk().opened().audio(2).tells("CloseStream").wait(0.1).metadata(2.0).close(UP).judged()


@breaks("C-SEND-AFTER-END")
def _sending_into_the_void(talk: Make) -> Any:
    return talk().opened().audio(1).close(code=1011).audio(0.1).judged()


@breaks("C-FLUX-CONTROL")
def _keep_alive_to_flux(talk: Make) -> Any:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    return session.audio(1, 2_560).tells("KeepAlive").tells("CloseStream").close(code=1005).judged()


@breaks("C-FLUX-QUERY")
def _a_threshold_out_of_range(talk: Make) -> Any:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000&eot_threshold=0.2"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    return _over(session.audio(1, 2_560))


@breaks("C-FLUX-PARAMETER")
def _a_parameter_of_v1(talk: Make) -> Any:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000&interim_results=true&keyterm=x"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    return _over(session.audio(1, 2_560))


@breaks("C-FLUX-CONFIGURE")
def _a_storm_of_configures(talk: Make) -> Any:
    session = _flux(talk)
    for _ in range(3):
        session.tells("Configure", keyterms=["a"])
    for number in range(3):
        session.says("ConfigureSuccess", request_id="x", thresholds={}, keyterms=["a"], sequence_id=number + 1)
    return _over(session)


@breaks("C-FLUX-SILENCE")
def _audio_that_stops_in_mid_turn(talk: Make) -> Any:
    return _over(_flux(talk).turn(1, "StartOfTurn", (0, 1), "one").wait(3))


# --- Flux -------------------------------------------------------------------------------------------------------------


def _flux(talk: Make) -> Any:
    """A session on `/v2/listen` that was greeted, with two seconds of audio."""
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    return session.audio(2, 2_560)


def _over(session: Any) -> Any:
    return session.tells("CloseStream").close(code=1005).judged()


@breaks("F0")
def _unreadable_turn(talk: Make) -> Any:
    return _over(_flux(talk).says("TurnInfo", event="Update", sequence_id=1))


@breaks("F1")
def _a_number_is_skipped(talk: Make) -> Any:
    return _over(_flux(talk).turn(2, "Update", (0, 1)))


@breaks("F2")
def _a_window_beyond_the_audio(talk: Make) -> Any:
    return _over(_flux(talk).turn(1, "Update", (0, 3)))


@breaks("F3")
def _a_window_that_moves(talk: Make) -> Any:
    return _over(_flux(talk).turn(1, "Update", (0, 1)).turn(2, "Update", (0.5, 1.2)))


@breaks("F4")
def _a_turn_left_out(talk: Make) -> Any:
    session = _flux(talk).turn(1, "StartOfTurn", (0, 1), "one").turn(2, "EndOfTurn", (0, 1.5), "one", trigger="model")
    return _over(session.turn(3, "Update", (1.5, 2), index=2))


@breaks("F5")
def _resumed_without_an_eager_end(talk: Make) -> Any:
    return _over(_flux(talk).turn(1, "StartOfTurn", (0, 1), "one").turn(2, "TurnResumed", (0, 1.2), "one two"))


@breaks("F6")
def _an_end_with_other_words(talk: Make) -> Any:
    session = _flux(talk).turn(1, "StartOfTurn", (0, 1), "one").turn(2, "EagerEndOfTurn", (0, 1.2), "one")
    return _over(session.turn(3, "EndOfTurn", (0, 1.5), "one two", trigger="model"))


@breaks("F7")
def _a_trigger_in_mid_turn(talk: Make) -> Any:
    return _over(_flux(talk).turn(1, "Update", (0, 1), trigger="model"))


# --- the client: parsing ----------------------------------------------------------------------------------------------


def _claimed(talk: Make, **claim: Any) -> Any:
    session = talk().opened().audio(1).results(0, 1, "please book", final=False).audio(1)
    session.results(0, 2, "please book a table", speech_final=False).audio(1).results(2, 1, "for two")
    return session.finish().judged(claim=ClientClaim(**claim))


@breaks("P-EMPTY")
def _says_nothing(talk: Make) -> Any:
    return _claimed(talk, transcript="")


@breaks("P-INTERIMS")
def _appends_interims(talk: Make) -> Any:
    return _claimed(talk, transcript="Please book. Please book a table for two.")


@breaks("P-DOUBLED")
def _handles_twice(talk: Make) -> Any:
    return _claimed(talk, transcript="please book a table for two for two")


@breaks("P-LOST")
def _only_speech_final(talk: Make) -> Any:
    return _claimed(talk, transcript="For two.")


@breaks("P-SHAPE")
def _prerecorded_shape(talk: Make) -> Any:
    return _claimed(talk, error="KeyError: 'results'")


@breaks("P-ERROR")
def _own_error(talk: Make) -> Any:
    return _claimed(talk, error="ZeroDivisionError: division by zero")


@breaks("P-KEY-LEAK")
def _shows_its_key(talk: Make) -> Any:
    error = "KeyError: 'channels' while sending {'Authorization': 'Token 0123456789abcdef0123456789abcdef01234567'}"
    verdict = _claimed(talk, error=error)
    assert "0123456789abcdef" not in repr(verdict)
    return verdict


# --- the laws of the table --------------------------------------------------------------------------------------------

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
    session = _flux(talk).turn(1, "Update", (0, 0.24)).turn(2, "StartOfTurn", (0, 0.5), "one")
    session.turn(3, "EagerEndOfTurn", (0, 1), "one").turn(4, "TurnResumed", (0, 1.2), "one two")
    session.turn(5, "EagerEndOfTurn", (0, 1.5), "one two").turn(6, "Update", (0, 1.6), "one two")
    session.says("ConfigureSuccess", request_id="x", thresholds={}, keyterms=[], sequence_id=7)
    session.turn(8, "EndOfTurn", (0, 1.7), "one two", trigger="model").turn(9, "Update", (1.7, 2), index=1)
    assert _over(session).findings == ()


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
    assert set(BREAKS) == set(ids)


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

"""Replay, move by move. Its laws are in tests/property/test_mock_replay_laws.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.protocol.codec import decode_server
from harness.protocol.messages import Results
from harness.protocol.options import ListenOptions
from mock_server.replay import ReplayEngine
from mock_server.script import Script, continued, from_recording

ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
OTHER_ID = "0198f0bb-1a2b-7c3d-8e4f-5a6b7c8d9e0f"
INTERIMS = ListenOptions(interim_results=True)


def _engine(script: Script, options: ListenOptions = INTERIMS, *, lag_scale: float = 0.0) -> ReplayEngine:
    return ReplayEngine(script, options, ID, lag_scale=lag_scale)


def _results(texts: list[str]) -> list[Results]:
    return [message for text in texts if isinstance(message := decode_server(text).message, Results)]


def _spans(texts: list[str]) -> list[tuple[float, float, str, bool]]:
    return [(r.start, round(r.end_audio_s, 6), r.transcript, r.from_finalize) for r in _results(texts)]


def test_a_message_is_said_literally_with_this_connections_id(tape: Any, results_text: Callable[..., str]) -> None:
    literal = results_text("0.0", "2.0000002", "hello there")
    engine = _engine(from_recording(tape.audio(2.5).down(literal).recording()))
    assert engine.receive_audio(1.9, 0.0) == []
    assert engine.receive_audio(2.0, 0.0) == [literal.replace(OTHER_ID, ID)]


def test_a_lag_is_waited_for_and_scaled(tape: Any, results_text: Callable[..., str]) -> None:
    script = from_recording(tape.audio(1.0).down(results_text("0.0", "1.0", "a"), lag_wall_s=0.4).recording())
    for scale in (1.0, 0.5):
        engine = _engine(script, lag_scale=scale)
        assert engine.receive_audio(1.0, 100.0) == []
        assert engine.next_wakeup_s == 100.0 + 0.4 * scale
        assert engine.wake(100.0 + 0.39 * scale) == []
        assert len(engine.wake(100.0 + 0.4 * scale)) == 1
        assert engine.next_wakeup_s is None


def test_a_short_lag_does_not_overtake_a_long_one(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(1.0).down(results_text("0.0", "1.0", "first"), lag_wall_s=0.9)
    tape.down(results_text("1.0", "0.0", "", is_final=False))
    engine = _engine(from_recording(tape.recording()), lag_scale=1.0)
    engine.receive_audio(1.0, 0.0)
    assert engine.wake(0.5) == []
    assert [r.transcript for r in _results(engine.wake(0.9))][:1] == ["first"]


def test_finalize_cuts_the_open_segment_and_the_rest_follows_without_what_was_given(
    tape: Any, results_text: Callable[..., str]
) -> None:
    tape.audio(1.0).down(results_text("0.0", "1.0", "one", is_final=False))
    tape.audio(4.0).down(results_text("0.0", "4.0", "one two three four", speech_final=True))
    engine = _engine(from_recording(tape.recording()))
    engine.receive_audio(1.7, 0.0)
    assert _spans(engine.finalize()) == [(0.0, 1.7, "one two", True)]
    assert _spans(engine.receive_audio(4.0, 0.0)) == [(1.7, 4.0, "three four", False)]


def test_a_cut_in_the_pause_before_the_words_leaves_them_as_they_were(
    tape: Any, results_text: Callable[..., str]
) -> None:
    words = [("late", 2.0, 2.4), ("words", 2.5, 3.0)]
    script = from_recording(tape.audio(4.0).down(results_text("0.0", "4.0", words=words)).recording())
    engine = _engine(script)
    engine.receive_audio(1.0, 0.0)
    assert _spans(engine.finalize()) == [(0.0, 1.0, "", True)]
    (final,) = _results(engine.receive_audio(4.0, 0.0))
    recorded = script.cues[0].message
    assert isinstance(recorded, Results)
    assert final.channel == recorded.channel


def test_what_a_cut_changes_keeps_languages_and_counts_entities_from_what_is_left(
    tape: Any, results_text: Callable[..., str]
) -> None:
    message = json.loads(results_text("0.0", "4.0", "one two three four"))
    message["channel"]["alternatives"][0]["languages"] = ["en"]
    message["entities"] = [{"label": "CARDINAL", "value": "4", "confidence": 0.9, "start_word": 3, "end_word": 4}]
    engine = _engine(from_recording(tape.audio(4.0).down(json.dumps(message)).recording()))
    engine.receive_audio(2.0, 0.0)
    engine.finalize()
    (rest,) = engine.receive_audio(4.0, 0.0)
    assert json.loads(rest)["channel"]["alternatives"][0]["languages"] == ["en"]
    assert [(e["start_word"], e["end_word"]) for e in json.loads(rest)["entities"]] == [(1, 2)]


def test_the_recorded_reply_to_finalize_answers_one_at_the_same_place(
    tape: Any, results_text: Callable[..., str]
) -> None:
    flagged = results_text("0.0", "2.0", "one two", from_finalize=True, speech_final=True)
    script = from_recording(tape.audio(2.0).up('{"type":"Finalize"}').down(flagged, lag_wall_s=0.3).recording())
    engine = _engine(script, lag_scale=1.0)
    assert engine.receive_audio(2.0, 0.0) == []
    assert engine.finalize() == [flagged.replace(OTHER_ID, ID)]


def test_an_ordinary_final_before_an_empty_flagged_one_is_replayed_as_it_was(
    tape: Any, results_text: Callable[..., str]
) -> None:
    texts = [results_text("0.0", "2.0", "one two"), results_text("2.0", "0.0", from_finalize=True)]
    tape.audio(2.0).up('{"type":"Finalize"}').down(texts[0]).down(texts[1])
    engine = _engine(from_recording(tape.recording()))
    said = engine.receive_audio(2.0, 0.0) + engine.finalize()
    assert said == [text.replace(OTHER_ID, ID) for text in texts]


def test_a_reply_that_nobody_asked_for_comes_as_an_ordinary_final_a_second_later(
    tape: Any, results_text: Callable[..., str]
) -> None:
    flagged = results_text("0.0", "2.0000002", "one two", from_finalize=True)
    tape.audio(2.02).up('{"type":"Finalize"}').down(flagged)
    tape.audio(2.5).down(results_text("2.0000002", "0.5", "three", is_final=False)).audio(4.0)
    engine = _engine(from_recording(tape.recording()))
    assert engine.receive_audio(2.9, 0.0) == []
    ordinary, interim = engine.receive_audio(3.0, 0.0)
    assert ordinary == flagged.replace(OTHER_ID, ID).replace('"from_finalize":true', '"from_finalize":false')
    assert _spans([interim]) == [(2.0000002, 2.5, "three", False)]


def test_finalize_before_any_audio_and_twice_at_one_place_is_flagged_and_empty(
    tape: Any, results_text: Callable[..., str]
) -> None:
    engine = _engine(from_recording(tape.audio(2.0).down(results_text("0.0", "2.0", "one two")).recording()))
    assert _spans(engine.finalize()) == [(0.0, 0.0, "", True)]
    engine.receive_audio(0.95, 0.0)
    assert _spans(engine.finalize() + engine.finalize()) == [(0.0, 0.95, "one", True), (0.95, 0.95, "", True)]
    assert _spans(engine.receive_audio(2.0, 0.0)) == [(0.95, 2.0, "two", False)]


def test_finalize_of_one_channel_leaves_the_others_open(tape: Any, results_text: Callable[..., str]) -> None:
    for channel in ("[0,2]", "[1,2]"):
        tape.audio(2.0).down(results_text("0.0", "2.0", "one two", channel=channel))
    engine = _engine(from_recording(tape.recording()))
    engine.receive_audio(1.0, 0.0)
    assert [r.channel_index for r in _results(engine.finalize(1))] == [(1, 2)]
    assert engine.finalize(7) == []
    assert [(r.channel_index[0], r.start) for r in _results(engine.receive_audio(2.0, 0.0))] == [(0, 0.0), (1, 1.0)]


def test_an_early_close_ends_with_the_words_heard_so_far(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(2.0).down(results_text("0.0", "2.0", "one two"), lag_wall_s=0.5)
    tape.audio(6.0).down(results_text("2.0", "4.0", "three four five six"))
    engine = _engine(from_recording(tape.recording()), lag_scale=1.0)
    assert engine.receive_audio(4.2, 0.0) == []
    assert _spans(engine.close_stream()) == [(0.0, 2.0, "one two", False), (2.0, 4.2, "three four", False)]
    assert engine.next_wakeup_s is None


def test_a_cut_claims_an_endpoint_only_when_endpointing_is_on(tape: Any, results_text: Callable[..., str]) -> None:
    script = from_recording(tape.audio(2.0).down(results_text("0.0", "2.0", "one two")).recording())
    for endpointing, wanted in ((None, True), (300, True), (False, False)):
        engine = _engine(script, ListenOptions(endpointing=endpointing))
        engine.receive_audio(1.0, 0.0)
        assert [r.speech_final for r in _results(engine.finalize())] == [wanted]


def test_after_the_script_silence_is_reported_every_five_seconds_whatever_the_frames(
    tape: Any, results_text: Callable[..., str]
) -> None:
    script = from_recording(tape.audio(2.0).down(results_text("0.0", "2.0", "one two"), lag_wall_s=0.5).recording())
    wanted = [(0.0, 2.0, "one two", False), (2.0, 7.0, "", False), (7.0, 12.0, "", False), (12.0, 14.5, "", False)]
    at_once, in_steps = _engine(script), _engine(script)
    assert _spans(at_once.receive_audio(14.5, 0.0) + at_once.close_stream()) == wanted
    said: list[str] = []
    for step in range(29):
        said += in_steps.receive_audio((step + 1) / 2, 0.0)
    assert _spans(said + in_steps.close_stream()) == wanted


def test_silence_waits_for_what_is_said_late(tape: Any, results_text: Callable[..., str]) -> None:
    script = from_recording(tape.audio(2.0).down(results_text("0.0", "2.0", "one two"), lag_wall_s=9.0).recording())
    engine = _engine(script, lag_scale=1.0)
    assert engine.receive_audio(8.0, 0.0) == []
    assert _spans(engine.close_stream()) == [(0.0, 2.0, "one two", False), (2.0, 7.0, "", False), (7.0, 8.0, "", False)]


def test_a_silent_channel_does_not_wait_for_the_other_to_end(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(6.0).down(results_text("0.0", "6.0", "talk", channel="[1,2]"))
    tape.audio(12.0).down(results_text("6.0", "6.0", "talk", channel="[1,2]"))
    engine = _engine(from_recording(tape.recording()))
    spans = [(r.channel_index[0], r.start, r.end_audio_s) for r in _results(engine.receive_audio(12.0, 0.0))]
    assert spans == [(0, 0.0, 5.0), (1, 0.0, 6.0), (0, 5.0, 10.0), (1, 6.0, 12.0)]


def test_what_a_cut_short_recording_left_open_is_said_as_final(tape: Any, results_text: Callable[..., str]) -> None:
    script = from_recording(tape.audio(2.0).down(results_text("0.0", "2.0", "one two", is_final=False)).recording())
    for options in (INTERIMS, ListenOptions()):
        engine = _engine(script, options)
        engine.receive_audio(3.0, 0.0)
        assert _spans(engine.close_stream()) == [(0.0, 3.0, "one two", False)]


def test_a_continued_script_gives_only_the_words_that_are_left(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(2.0).down(results_text("0.0", "2.0", "one two"))
    tape.audio(6.0).down(results_text("2.0", "4.0", "three four five six"))
    script = continued(from_recording(tape.recording()), 3.0)
    engine = _engine(script)
    assert _spans(engine.receive_audio(1.0, 0.0) + engine.finalize()) == [(0.0, 1.0, "four", True)]
    assert _spans(engine.receive_audio(3.0, 0.0) + engine.close_stream()) == [(1.0, 3.0, "five six", False)]
    whole = _engine(script)
    assert _spans(whole.receive_audio(9.0, 0.0)) == [(0.0, 3.0, "four five six", False), (3.0, 8.0, "", False)]


def test_a_word_that_overhangs_its_segment_is_given_with_its_segment_alone(
    tape: Any, results_text: Callable[..., str]
) -> None:
    early, late = [("one", 1.5, 2.06)], [("early", 1.9, 2.02), ("two", 2.5, 3.0)]
    tape.audio(2.0).down(results_text("0.0", "2.0", words=early))
    script = from_recording(tape.audio(4.0).down(results_text("2.0", "2.0", words=late)).recording())
    for cut_audio_s in (2.0, 2.0005):
        engine = _engine(script)
        engine.receive_audio(cut_audio_s, 0.0)
        assert [r.transcript for r in _results(engine.finalize())] == [""]
        assert [r.transcript for r in _results(engine.receive_audio(4.0, 0.0))] == ["early two"]
    engine = _engine(script)
    engine.receive_audio(1.99, 0.0)
    assert [r.transcript for r in _results(engine.finalize())] == ["one"]
    assert [r.transcript for r in _results(engine.receive_audio(4.0, 0.0))] == ["", "early two"]

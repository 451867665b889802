"""A recording becomes a script: what each message waits for, and how long after that it was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct

from harness.errors import BadInput
from harness.protocol.messages import Results, SpeechStarted, UtteranceEnd
from harness.protocol.options import ListenOptions
from harness.recording.entries import Binary, Direction, Refused
from mock_server.script import Trigger, continued, from_recording, moved, settled_results

UUID = "5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f"
CLOSE = '{"type":"CloseStream"}'
FINALIZE = '{"type":"Finalize"}'
STARTED = '{"type":"SpeechStarted","channel":[0,1],"timestamp":0.3}'
ENDED = '{"type":"UtteranceEnd","channel":[0,1],"last_word_end":1.8}'


def test_results_wait_for_the_audio_they_are_about_and_lag_behind_it(
    tape: Any, results_text: Callable[..., str]
) -> None:
    tape.audio(1.0).down(results_text("0.0", "1.0", "hi", is_final=False), lag_wall_s=0.35)
    tape.audio(2.5).down(results_text("0.0", "2.0000002", "hi there"), lag_wall_s=0.1)
    interim, final = from_recording(tape.recording()).cues
    assert (interim.due_audio_s, final.due_audio_s) == (1.0, 2.0000002)
    assert interim.lag_wall_s == pytest.approx(0.35)
    # The tape went on 0.35 s late; 2.0 s of audio had passed at 2.35 s, the final came at 2.95 s.
    assert final.lag_wall_s == pytest.approx(0.6)
    assert {interim.trigger, final.trigger} == {Trigger.AUDIO}


def test_events_wait_for_what_had_been_sent_when_they_came(tape: Any) -> None:
    tape.audio(0.5).down(STARTED).audio(3.0).down(ENDED, lag_wall_s=0.02)
    started, ended = from_recording(tape.recording()).cues
    assert (type(started.message), started.due_audio_s, started.lag_wall_s) == (SpeechStarted, 0.5, 0.0)
    assert (type(ended.message), ended.due_audio_s) == (UtteranceEnd, 3.0)
    assert ended.lag_wall_s == pytest.approx(0.02)


def test_results_never_wait_for_more_than_was_ever_sent(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(2.0).down(results_text("0.0", "2.0004883", "hi"))
    (cue,) = from_recording(tape.recording()).cues
    assert cue.due_audio_s == 2.0


def test_results_ahead_of_their_audio_wait_for_it(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(1.0).down(results_text("0.0", "3.0", "clairvoyant")).audio(4.0)
    (cue,) = from_recording(tape.recording()).cues
    assert (cue.due_audio_s, cue.lag_wall_s) == (3.0, 0.0)


def test_without_audio_positions_results_wait_for_the_audio_they_name(
    tape: Any, results_text: Callable[..., str]
) -> None:
    tape.entries.append(Binary(leg=0, direction=Direction.UPSTREAM, wall_s=0.1, audio_s=0.0, size=900))
    tape.down(results_text("0.0", "3.0", "from a container"))
    assert from_recording(tape.recording()).cues[0].due_audio_s == 3.0


def test_what_answered_finalize_or_came_after_close_stream_says_so(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(1.0).up(FINALIZE).down(results_text("0.0", "1.0", "one", from_finalize=True))
    tape.audio(2.0).down(STARTED).up(CLOSE).down(results_text("1.0", "1.0", "two"))
    assert [cue.trigger for cue in from_recording(tape.recording()).cues] == ["finalize", "audio", "close-stream"]


def test_an_empty_frame_is_close_stream_too(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(1.0)
    tape.entries.append(Binary(leg=0, direction=Direction.UPSTREAM, wall_s=1.0, audio_s=1.0, size=0))
    tape.down(results_text("0.0", "1.0", "one"))
    assert from_recording(tape.recording()).cues[0].trigger is Trigger.CLOSE_STREAM


def test_the_model_that_answered_keeps_its_name_and_its_id(tape: Any, results_text: Callable[..., str]) -> None:
    script = from_recording(tape.audio(1.0).down(results_text("0.0", "1.0", "one")).recording("name"))
    assert (script.name, script.model.arch, script.model_uuid, script.synthetic) == ("name", "nova-3", UUID, False)


def test_a_recording_of_made_up_words_stays_made_up(tape: Any) -> None:
    recording = tape.recording()
    made_up = replace(recording, header=replace_struct(recording.header, synthetic=True))
    assert from_recording(made_up).synthetic is True
    assert from_recording(recording).synthetic is False


def test_a_segment_that_the_recording_never_closed_is_settled_by_its_last_interim(
    tape: Any, results_text: Callable[..., str]
) -> None:
    tape.audio(1.0).down(results_text("0.0", "1.0", "one"))
    tape.audio(2.0).down(results_text("1.0", "1.0", "two", is_final=False))
    tape.audio(3.0).down(results_text("1.0", "2.0", "two three", is_final=False))
    script = from_recording(tape.recording())
    assert [word.word for word in script.timeline.channels[0]] == ["one", "two", "three"]
    assert [results.is_final for results in settled_results(script.cues)] == [True, False]


def test_only_what_was_asked_for_is_said(tape: Any, results_text: Callable[..., str]) -> None:
    tape.audio(1.0).down(STARTED).down(results_text("0.0", "1.0", "a", is_final=False))
    tape.audio(2.0).down(results_text("0.0", "2.0", "a")).down(ENDED)
    script = from_recording(tape.recording())

    def kinds(**asked: Any) -> list[type]:
        return [type(cue.message) for cue in script.asked_for(ListenOptions(**asked)).cues]

    assert kinds() == [Results]
    assert kinds(interim_results=True) == [Results, Results]
    assert kinds(vad_events=True) == [SpeechStarted, Results]
    assert kinds(interim_results=True, vad_events=True, utterance_end_ms=1000) == [
        SpeechStarted,
        Results,
        Results,
        UtteranceEnd,
    ]


def test_a_refused_connection_before_the_answered_one_does_not_count(
    tape: Any, results_text: Callable[..., str]
) -> None:
    recording = tape.audio(1.0).down(results_text("0.0", "1.0", "one")).recording()
    moved_on = tuple(replace_struct(entry, leg=1) if hasattr(entry, "leg") else entry for entry in recording.entries)
    refused = Refused(leg=0, wall_s=0.0, status=429)
    assert len(from_recording(replace(recording, entries=(refused, *moved_on))).cues) == 1


def test_two_answered_connections_cannot_be_said_on_one(tape: Any, results_text: Callable[..., str]) -> None:
    recording = tape.audio(1.0).down(results_text("0.0", "1.0", "one")).recording("cut-off")
    twice = recording.entries + tuple(
        replace_struct(entry, leg=1) for entry in recording.entries if hasattr(entry, "leg")
    )
    with pytest.raises(BadInput) as caught:
        from_recording(replace(recording, entries=twice))
    assert str(caught.value) == "cut-off: 2 connections were answered in it; a replay can say only one"


@pytest.mark.parametrize("channel", ["[1,1]", "[-1,1]", "[0,1000000000]", "[0,0]"])
def test_a_channel_that_cannot_be_is_named(channel: str, tape: Any, results_text: Callable[..., str]) -> None:
    recording = tape.audio(1.0).down(results_text("0.0", "1.0", "one", channel=channel)).recording("odd")
    with pytest.raises(BadInput, match=r"^odd: a Results is about channel \[.*\]; wanted an index below a total"):
        from_recording(recording)


def test_unknown_and_malformed_messages_are_passed_over(tape: Any) -> None:
    tape.audio(1.0).down('{"type":"Novel"}').down("not json").down('{"type":"Results"}')
    script = from_recording(tape.recording())
    assert (script.cues, script.timeline.channels, script.model.arch) == ((), ((),), "unknown")


def test_a_continued_script_starts_its_clock_where_the_audio_goes_on(
    tape: Any, results_text: Callable[..., str]
) -> None:
    tape.audio(1.0).down(STARTED).audio(2.0).down(results_text("0.0", "2.0", "a b"))
    tape.audio(4.0).up(FINALIZE).down(results_text("2.0", "2.0", "c d", from_finalize=True)).down(ENDED)
    late = '{"type":"UtteranceEnd","channel":[0,1],"last_word_end":-1}'
    script = from_recording(tape.down(late).recording())
    assert continued(script, 0.0).from_audio_s == 0.0
    rest = [moved(cue, 3.0) for cue in script.cues]
    assert rest[:2] == [None, None]
    assert rest[3] is None
    final, sentinel = rest[2], rest[4]
    assert final is not None
    assert isinstance(final.message, Results)
    assert (final.message.start, final.message.duration, final.due_audio_s) == (0.0, 1.0, 1.0)
    assert [(w.word, w.start) for w in final.message.words] == [("d", 0.0)]
    assert (final.message.from_finalize, final.trigger) == (False, Trigger.AUDIO)
    assert sentinel is not None
    assert sentinel.message == UtteranceEnd(channel=(0, 1), last_word_end=-1)

"""What a `/v1/listen` connection says of its audio; and a recorded replay that gives the recording again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.audio.decode import Audio, encode, wav_bytes
from harness.audio.format import AudioFormat
from harness.conformance.findings import Blame
from harness.conformance.judge import judge
from harness.protocol.messages import Metadata, Results, SpeechStarted, UtteranceEnd
from harness.recording.document import Recording
from harness.recording.entries import Direction, Text
from mock_server.behaviour import ConnectionSettings
from mock_server.script import from_recording
from mock_server.sources import RecordedSource, SpokenSource
from mock_server.timeline import spoken
from tests.unit.mock_server.talk import CHATTY, OTHER_ID, RAW, REQUEST_ID, SAY, silence

# --- what is answered -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame_bytes", [1, 639, 640, 8000, 10**9])
def test_the_cut_into_frames_changes_nothing(frame_bytes: int, talk_to: Any) -> None:
    settings = ConnectionSettings(lag_scale=0.0)
    data = silence(1.2 if frame_bytes == 1 else 9)
    talk = talk_to(SAY, CHATTY, settings=settings).audio(data, frame_bytes).close_stream()
    plain = talk_to(SAY, CHATTY, settings=settings).audio(data).close_stream()
    assert talk.texts == plain.texts


def test_a_wav_header_sent_as_raw_audio_is_heard_and_counted(talk_to: Any) -> None:
    data = wav_bytes(silence(2), AudioFormat())
    talk = talk_to(SAY).binary(data).close_stream()
    assert talk.metadata.duration == pytest.approx(len(data) / 32_000)
    talk = talk_to(SAY, "model=nova-3").binary(data).close_stream()
    assert talk.metadata.duration == 2.0


def test_multichannel_answers_each_channel(talk_to: Any) -> None:
    talk = talk_to(SAY, RAW + "&channels=2&multichannel=true").audio(silence(16), 1280, bytes_per_second=64_000)
    talk.close_stream()
    assert talk.metadata.duration == 8.0
    assert talk.metadata.channels == 2
    spans = {0: 0.0, 1: 0.0}
    for final in talk.finals:
        number, total = final.channel_index
        assert total == 2
        assert final.start == pytest.approx(spans[number], abs=1e-3)
        spans[number] = final.end_audio_s
    assert spans == {0: pytest.approx(8.0), 1: pytest.approx(8.0)}


def test_everything_that_can_be_asked_for_comes_and_nothing_else(talk_to: Any) -> None:
    kinds = {type(message) for message in talk_to(SAY, CHATTY).audio(silence(10)).close_stream().messages}
    assert kinds == {Results, SpeechStarted, UtteranceEnd, Metadata}
    assert {type(message) for message in talk_to(SAY).audio(silence(10)).close_stream().messages} == {
        Results,
        Metadata,
    }


@pytest.mark.parametrize("query", [RAW, CHATTY, CHATTY + "&endpointing=false", CHATTY + "&endpointing=900"])
@pytest.mark.parametrize("finalize_at_s", [None, 0.0, 2.34, 9.0])
def test_the_judge_has_nothing_to_say_against_this_server(
    query: str, finalize_at_s: float | None, talk_to: Any
) -> None:
    talk = talk_to(SAY, query)
    if finalize_at_s is None:
        talk.audio(silence(10))
    else:
        talk.audio(silence(0.02)).audio(silence(finalize_at_s)).finalize().audio(silence(10 - finalize_at_s))
    talk.close_stream()
    talk.connection.finish(talk.now_s)
    verdict = judge(talk.connection.journal.recording())
    assert verdict.of(Blame.SERVER) == ()
    assert verdict.passed


# --- a recorded replay gives the recording again --------------------------------------------------------------------


@pytest.mark.parametrize("finalized", [False, True])
def test_the_recording_of_a_replay_is_the_replayed_recording(
    finalized: bool, clip: Callable[[str], Audio], talk_to: Any, client_recording: Callable[..., Recording]
) -> None:
    data = encode(clip("booking"), AudioFormat())

    def play(source: SpokenSource | RecordedSource, request_id: str) -> Any:
        talk = talk_to(source, CHATTY, request_id=request_id).audio(data[:200_000])
        if finalized:
            talk.finalize()
        return talk.audio(data[200_000:]).close_stream()

    first = play(SpokenSource("said", spoken("Good evening. I would like to book a table, please. " * 4)), REQUEST_ID)
    taped = client_recording(first, CHATTY)
    again = play(RecordedSource("taped", taped), OTHER_ID)
    assert [text.replace(REQUEST_ID, OTHER_ID) for text in first.texts[:-1]] == again.texts[:-1]
    # Said at the same moments, to the millisecond, and at the same places of the audio.
    assert [(round(at, 3), audio_s) for at, audio_s, _ in first.said] == [(round(at, 3), a) for at, a, _ in again.said]
    before, after = first.metadata, again.metadata
    assert (before.duration, before.sha256, before.channels) == (after.duration, after.sha256, after.channels)
    assert (after.models, after.model_info) == (before.models, before.model_info)
    assert again.closed_with == first.closed_with

    def shape(cues: Any) -> Any:
        return [(cue.due_audio_s, round(cue.lag_wall_s, 3), cue.trigger) for cue in cues]

    assert shape(from_recording(client_recording(again, CHATTY)).cues) == shape(from_recording(taped).cues)


def test_a_replayed_model_keeps_its_name_in_metadata(tape: Any, results_text: Any, talk_to: Any) -> None:
    source = RecordedSource("taped", tape.audio(2.0).down(results_text("0.0", "2.0", "hello")).recording())
    talk = talk_to(source).audio(silence(2)).close_stream()
    uuid = "5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f"
    assert talk.metadata.models == (uuid,)
    assert talk.metadata.model_info[uuid].arch == "nova-3"
    assert all(results.metadata.model_uuid == uuid for results in talk.results)


def test_audio_longer_or_shorter_than_the_recording_tiles_to_its_own_end(
    tape: Any, results_text: Any, talk_to: Any
) -> None:
    tape.audio(2.0).down(results_text("0.0", "2.0", "one two"))
    tape.audio(6.0).up('{"type":"CloseStream"}').down(results_text("2.0", "4.0", "three four five six"))
    source = RecordedSource("taped", tape.recording())
    for duration_s, wanted in (
        (1.1, "one"),
        (4.1, "one two three four"),
        (6.0, "one two three four five six"),
        (19.0, "one two three four five six"),
    ):
        talk = talk_to(source).audio(silence(duration_s)).close_stream()
        assert talk.transcript == wanted
        assert talk.finals[0].start == 0.0
        assert sum(final.duration for final in talk.finals) == pytest.approx(duration_s)
        assert talk.metadata.duration == pytest.approx(duration_s)


def test_the_journal_has_every_frame_both_ways_in_order(talk_to: Any) -> None:
    talk = talk_to(SAY, CHATTY).audio(silence(3)).keep_alive().close_stream()
    talk.connection.finish(talk.now_s)
    recording = talk.connection.journal.recording("kept")
    assert recording.name == "kept"
    assert recording.header.replies == SAY.describe()
    assert recording.header.synthetic is True
    assert recording.request_id == REQUEST_ID
    assert [entry.text for entry in recording.texts(Direction.DOWNSTREAM)] == talk.texts
    assert [entry.text for entry in recording.texts(Direction.UPSTREAM)] == [
        '{"type":"KeepAlive"}',
        '{"type":"CloseStream"}',
    ]
    assert sum(frame.size for frame in recording.audio_frames()) == 96_000
    assert recording.audio is not None
    assert (recording.audio.duration_audio_s, recording.audio.sha256) == (3.0, talk.metadata.sha256)
    assert not recording.partial
    walls = [entry.wall_s for entry in recording.entries if isinstance(entry, Text)]
    assert walls == sorted(walls)

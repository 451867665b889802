"""One connection: every control message, the timers, the end; and a recorded replay that gives the recording again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.audio.decode import Audio, encode, wav_bytes
from harness.audio.format import AudioFormat
from harness.conformance.findings import Blame
from harness.conformance.judge import judge
from harness.protocol.closing import ReasonStyle
from harness.protocol.messages import (
    ConfigureFailure,
    ConfigureSuccess,
    Error,
    Metadata,
    Results,
    SpeechStarted,
    Sync,
    UtteranceEnd,
)
from harness.protocol.session import Timers
from harness.recording.document import Recording
from harness.recording.entries import Close, Direction, Lost, Text
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Known, Replies
from mock_server.script import from_recording
from mock_server.sources import RecordedSource, SpokenSource
from mock_server.synthesis import MODEL, MODEL_UUID
from mock_server.timeline import spoken

RAW = "model=nova-3&encoding=linear16&sample_rate=16000"
CHATTY = RAW + "&interim_results=true&vad_events=true&utterance_end_ms=1000&punctuate=true"
REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
OTHER_ID = "0198f0bb-1a2b-7c3d-8e4f-5a6b7c8d9e0f"
NO_AUDIO_SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
SAY = SpokenSource("say", spoken("Please book a table for two. Tomorrow at seven, by the window."))
NET_0000 = "Deepgram did not provide a response message within the timeout window. See https://dpgr.am/net0000"
NET_0001 = (
    "Deepgram did not receive audio data or a text message within the timeout window. See https://dpgr.am/net0001"
)


def _silence(duration_s: float) -> bytes:
    return bytes(round(duration_s * 32_000))


# --- the end --------------------------------------------------------------------------------------------------------


def test_a_session_ends_with_true_metadata_and_close_1000(talk_to: Any) -> None:
    data = bytes(range(256)) * 1000
    talk = talk_to(SAY).audio(data).close_stream()
    metadata = talk.metadata
    assert isinstance(talk.messages[-1], Metadata)
    assert talk.closed_with == (1000, "")
    assert metadata.duration == 8.0
    assert metadata.sha256 == hashlib.sha256(data).hexdigest()
    assert (metadata.request_id, metadata.channels, metadata.transaction_key) == (REQUEST_ID, 1, "deprecated")
    assert metadata.created == "2026-11-20T09:14:33.207Z"
    assert (metadata.models, metadata.model_info) == ((MODEL_UUID,), {MODEL_UUID: MODEL})
    assert talk.connection.closed
    assert talk.connection.next_wakeup_s is None


@pytest.mark.parametrize("ending", ["text", "empty frame"])
def test_an_empty_frame_ends_the_stream_as_close_stream_does(ending: str, talk_to: Any) -> None:
    talk = talk_to(SAY).audio(_silence(3))
    talk.binary(b"") if ending == "empty frame" else talk.close_stream()
    assert talk.closed_with == (1000, "")
    assert talk.metadata.duration == 3.0


@pytest.mark.parametrize("library", [True, False])
def test_no_audio_at_all_ends_in_empty_metadata_and_close_1000(library: bool, clip: Any, talk_to: Any) -> None:
    replies = Replies([Known(SpokenSource("booking", spoken("x")), audio=clip("booking"))]) if library else SAY
    talk = talk_to(replies).keep_alive().close_stream()
    assert talk.closed_with == (1000, "")
    assert (talk.metadata.duration, talk.metadata.channels, talk.metadata.sha256) == (0.0, 0, NO_AUDIO_SHA)
    assert '"models"' not in talk.texts[-1]
    assert '"model_info"' not in talk.texts[-1]
    assert '"duration":0.0' in talk.texts[-1]
    assert len(talk.texts) == 1


@pytest.mark.parametrize("library", [True, False])
def test_undecodable_audio_ends_in_empty_metadata_and_close_1000(library: bool, clip: Any, talk_to: Any) -> None:
    replies = Replies([Known(SpokenSource("booking", spoken("x")), audio=clip("booking"))]) if library else SAY
    talk = talk_to(replies, "model=nova-3").audio(b"\x01\x02" * 16_000).close_stream()
    assert talk.closed_with == (1000, "")
    assert (talk.metadata.duration, talk.metadata.channels) == (0.0, 0)
    assert talk.metadata.sha256 == hashlib.sha256(b"\x01\x02" * 16_000).hexdigest()
    assert '"models"' not in talk.texts[-1]
    assert talk.results == []


def test_what_follows_close_stream_is_lost_without_a_word(talk_to: Any) -> None:
    talk = talk_to(SAY).audio(_silence(1)).close_stream()
    said = list(talk.texts)
    talk.binary(b"late").text('{"type":"Finalize"}').text("nonsense").close_stream().binary(b"").wait(60)
    assert talk.texts == said
    assert talk.closed_with == (1000, "")
    assert talk.metadata.duration == 1.0


def test_a_client_that_goes_is_let_go_and_never_spoken_to_again(talk_to: Any) -> None:
    talk = talk_to(SAY).audio(_silence(2.05))
    assert talk.connection.next_wakeup_s is not None
    talk.connection.receive_close(1001, "going away", talk.now_s)
    said = list(talk.texts)
    assert talk.connection.next_wakeup_s is None
    assert talk.connection.wake(talk.now_s + 100) == []
    talk.binary(b"late").close_stream()
    assert talk.texts == said
    closes = [e for e in talk.connection.journal.recording().entries if isinstance(e, Close)]
    assert [(c.direction, c.code, c.reason) for c in closes] == [(Direction.UPSTREAM, 1001, "going away")]


def test_a_socket_that_is_gone_is_noted_as_lost(talk_to: Any) -> None:
    talk = talk_to(SAY).audio(_silence(1))
    talk.connection.receive_close(1006, "", talk.now_s)
    talk.connection.finish(talk.now_s)
    entries = talk.connection.journal.recording().entries
    assert [type(entry) for entry in entries if isinstance(entry, Close | Lost)] == [Lost]


# --- time -----------------------------------------------------------------------------------------------------------


def test_ten_idle_seconds_end_in_net_0001(talk_to: Any) -> None:
    talk = talk_to(SAY).wait(9.999)
    assert talk.closes == []
    talk.wait(0.001)
    assert talk.closes == [(10.0, 1011, NET_0001)]


def test_audio_and_keep_alive_each_start_the_ten_seconds_anew(talk_to: Any) -> None:
    talk = talk_to(SAY).audio(_silence(0.02)).wait(9.9).keep_alive().wait(9.9).binary(_silence(0.02)).wait(9.9)
    assert talk.closes == []
    last_s = talk.now_s - 9.9
    talk.wait(5)
    assert talk.closes == [(pytest.approx(last_s + 10.0), 1011, NET_0001)]


def test_keep_alives_alone_end_in_net_0000_after_thirty_seconds(talk_to: Any) -> None:
    talk = talk_to(SAY)
    for _ in range(8):
        talk.wait(4).keep_alive()
    assert talk.closes == [(30.0, 1011, NET_0000)]


def test_undecodable_audio_that_goes_on_ends_in_net_0000(talk_to: Any) -> None:
    talk = talk_to(SAY, "model=nova-3").audio(b"\x01\x02" * 16_000 * 31)
    assert talk.closes == [(30.0, 1011, NET_0000)]


def test_keep_alives_hold_a_connection_on_which_something_was_said(talk_to: Any) -> None:
    talk = talk_to(SAY).audio(_silence(6))
    assert talk.results
    for _ in range(60):
        talk.wait(5).keep_alive()
    assert talk.closes == []
    talk.audio(_silence(1)).close_stream()
    assert talk.metadata.duration == 7.0


def test_an_hour_of_silence_is_answered_and_never_times_out(talk_to: Any) -> None:
    talk = talk_to(SAY).audio(_silence(3600), 32_000 * 4).close_stream()
    assert talk.closed_with == (1000, "")
    assert talk.metadata.duration == 3600.0
    assert len(talk.finals) > 700


def test_time_outs_and_the_style_of_reasons_are_the_servers_choice(talk_to: Any) -> None:
    settings = ConnectionSettings(timers=Timers(idle_after_s=2.0), reason_style=ReasonStyle.CODE)
    assert talk_to(SAY, settings=settings).wait(30).closes == [(2.0, 1011, "NET-0001")]


def test_what_was_due_before_a_time_out_is_said_and_nothing_after_it(
    talk_to: Any, tape: Any, results_text: Any
) -> None:
    tape.audio(1.0).down(results_text("0.0", "1.0", "slow"), lag_wall_s=4.0)
    tape.down(results_text("1.0", "0.0", "", is_final=False), lag_wall_s=20.0)
    talk = talk_to(RecordedSource("slow", tape.recording()), RAW + "&interim_results=true")
    talk.audio(_silence(1)).wait(40)
    assert [round(at, 3) for at, _, _ in talk.said] == [5.0]
    assert talk.closes == [(pytest.approx(11.0), 1011, NET_0001)]


# --- control messages -----------------------------------------------------------------------------------------------


def test_nothing_is_said_before_the_client_says_something(talk_to: Any) -> None:
    assert talk_to(SAY, CHATTY).wait(9).texts == []
    assert talk_to(SAY, CHATTY).keep_alive().wait(5).texts == []


def test_sync_comes_back_with_its_number(talk_to: Any) -> None:
    assert talk_to(SAY).text('{"type":"Sync","id":7}').messages == [Sync(id=7)]


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"Flush"}',
        '{"no":"type"}',
        "not json",
        "[]",
        '"KeepAlive"',
        '{"type":"Sync"}',
        '{"type":"Finalize","channel":"x"}',
        "",
        "\0",
        "ä" * 2000,
    ],
)
def test_text_that_is_no_message_is_complained_about_and_the_session_goes_on(text: str, talk_to: Any) -> None:
    talk = talk_to(SAY).audio(_silence(1)).text(text)
    (error,) = [message for message in talk.messages if isinstance(message, Error)]
    assert error.variant == "SchemaError"
    assert error.message == text[:500]
    talk.audio(_silence(1)).close_stream()
    assert talk.closed_with == (1000, "")
    assert talk.metadata.duration == 2.0


@pytest.mark.parametrize(
    ("fields", "query", "answer"),
    [
        ({}, RAW, ConfigureSuccess(request_id=REQUEST_ID)),
        ({"features": {"numerals": True}}, RAW, ConfigureSuccess(request_id=REQUEST_ID)),
        ({"keyterms": None}, RAW, ConfigureSuccess(request_id=REQUEST_ID)),
        ({"keyterms": []}, RAW, ConfigureSuccess(request_id=REQUEST_ID, keyterms=())),
        ({"keyterms": ["Quillon"]}, RAW, ConfigureSuccess(request_id=REQUEST_ID, keyterms=("Quillon",))),
        (
            {"keyterms": ["Quillon"]},
            RAW.replace("nova-3", "nova-2"),
            ConfigureFailure(
                request_id=REQUEST_ID,
                code="CONFIGURE_KEYTERMS_NOT_SUPPORTED",
                description="keyterms can be changed on nova-3 models only",
            ),
        ),
        (
            {"keyterms": ["one two three"] * 167},
            RAW,
            ConfigureFailure(
                request_id=REQUEST_ID,
                code="CONFIGURE_KEYTERM_LIMIT_EXCEEDED",
                description="the keyterms are more than 500 tokens",
            ),
        ),
    ],
)
def test_configure_is_answered_once(fields: dict[str, Any], query: str, answer: object, talk_to: Any) -> None:
    assert talk_to(SAY, query).text(json.dumps({"type": "Configure", **fields})).messages == [answer]


def test_keyterms_hold_from_the_audio_after_them_and_one_change_waits_at_a_time(talk_to: Any) -> None:
    """Two seconds at once are transcribed within 0.8 s more; until then the first change has no answer."""
    talk = talk_to(SAY, settings=ConnectionSettings()).binary(_silence(2))
    for term in ("Quillon", "Marlow"):
        talk.text(json.dumps({"type": "Configure", "keyterms": [term]}))
    (refused,) = (message for message in talk.messages if isinstance(message, ConfigureFailure))
    assert refused.code == "CONFIGURE_ALREADY_PENDING"
    assert not any(isinstance(message, ConfigureSuccess) for message in talk.messages)

    talk.wait(1.0).text(json.dumps({"type": "Configure", "keyterms": ["Marlow"]}))

    taken = [message.keyterms for message in talk.messages if isinstance(message, ConfigureSuccess)]
    assert taken == [("Quillon",), ("Marlow",)]


def test_one_zero_byte_is_audio_and_no_close(talk_to: Any) -> None:
    talk = talk_to(SAY).binary(b"\0").binary(b"\0")
    assert talk.closes == []
    assert talk.connection.audio_s == pytest.approx(1 / 16_000)


def test_control_messages_sent_as_binary_are_audio(talk_to: Any) -> None:
    talk = talk_to(SAY).binary(b'{"type":"CloseStream"}')
    assert talk.closes == []
    assert talk.connection.audio_s == 22 / 32_000


def test_finalize_answers_at_once_with_what_was_heard(talk_to: Any) -> None:
    talk = talk_to(SAY, CHATTY).audio(_silence(1.5)).finalize()
    (flagged,) = [results for results in talk.results if results.from_finalize]
    assert talk.said[-1][0] == talk.now_s == pytest.approx(1.5)
    assert (flagged.is_final, flagged.start, flagged.duration, flagged.transcript) == (
        True,
        0.0,
        1.5,
        "Please book a table",
    )
    talk.audio(_silence(6)).close_stream()
    assert talk.transcript == "Please book a table for two. Tomorrow at seven, by the window."


def test_a_finalize_before_the_recording_is_known_is_answered_once_it_is(
    clip: Callable[[str], Audio], talk_to: Any
) -> None:
    known = Known(SpokenSource("booking", spoken("hello there")), audio=clip("booking"))
    data = encode(clip("booking"), AudioFormat())
    talk = talk_to(Replies([known])).finalize().audio(data[:6400]).finalize()
    assert talk.closes == []
    assert talk.results == []
    talk.audio(data[6400:]).close_stream()
    flagged = [results for results in talk.finals if results.from_finalize]
    assert [(r.start, r.end_audio_s) for r in flagged] == [(0.0, 0.0), (0.0, 0.2)]
    assert talk.transcript == "hello there"
    assert talk.closed_with == (1000, "")


def test_a_finalize_for_audio_that_is_too_short_to_know_is_answered_at_the_end(
    clip: Callable[[str], Audio], talk_to: Any
) -> None:
    known = Known(SpokenSource("booking", spoken("hello there")), audio=clip("booking"))
    data = encode(clip("booking"), AudioFormat())[:32_000]
    talk = talk_to(Replies([known])).audio(data[:16_000]).finalize().audio(data[16_000:]).close_stream()
    assert [(r.start, r.end_audio_s, r.from_finalize) for r in talk.finals] == [(0.0, 0.5, True), (0.5, 1.0, False)]


# --- what is answered -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame_bytes", [1, 639, 640, 8000, 10**9])
def test_the_cut_into_frames_changes_nothing(frame_bytes: int, talk_to: Any) -> None:
    settings = ConnectionSettings(lag_scale=0.0)
    data = _silence(1.2 if frame_bytes == 1 else 9)
    talk = talk_to(SAY, CHATTY, settings=settings).audio(data, frame_bytes).close_stream()
    plain = talk_to(SAY, CHATTY, settings=settings).audio(data).close_stream()
    assert talk.texts == plain.texts


def test_a_wav_header_sent_as_raw_audio_is_heard_and_counted(talk_to: Any) -> None:
    data = wav_bytes(_silence(2), AudioFormat())
    talk = talk_to(SAY).binary(data).close_stream()
    assert talk.metadata.duration == pytest.approx(len(data) / 32_000)
    talk = talk_to(SAY, "model=nova-3").binary(data).close_stream()
    assert talk.metadata.duration == 2.0


def test_multichannel_answers_each_channel(talk_to: Any) -> None:
    talk = talk_to(SAY, RAW + "&channels=2&multichannel=true").audio(_silence(16), 1280, bytes_per_second=64_000)
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
    kinds = {type(message) for message in talk_to(SAY, CHATTY).audio(_silence(10)).close_stream().messages}
    assert kinds == {Results, SpeechStarted, UtteranceEnd, Metadata}
    assert {type(message) for message in talk_to(SAY).audio(_silence(10)).close_stream().messages} == {
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
        talk.audio(_silence(10))
    else:
        talk.audio(_silence(0.02)).audio(_silence(finalize_at_s)).finalize().audio(_silence(10 - finalize_at_s))
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
    talk = talk_to(source).audio(_silence(2)).close_stream()
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
        talk = talk_to(source).audio(_silence(duration_s)).close_stream()
        assert talk.transcript == wanted
        assert talk.finals[0].start == 0.0
        assert sum(final.duration for final in talk.finals) == pytest.approx(duration_s)
        assert talk.metadata.duration == pytest.approx(duration_s)


def test_the_journal_has_every_frame_both_ways_in_order(talk_to: Any) -> None:
    talk = talk_to(SAY, CHATTY).audio(_silence(3)).keep_alive().close_stream()
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

"""How a `/v1/listen` connection ends: by CloseStream, by a client that goes, by a time-out."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from harness.protocol.closing import ReasonStyle
from harness.protocol.messages import Metadata
from harness.protocol.session import Timers
from harness.recording.entries import Close, Direction, Lost
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Known, Replies
from mock_server.sources import RecordedSource, SpokenSource
from mock_server.synthesis import MODEL, MODEL_UUID
from mock_server.timeline import spoken
from tests.unit.mock_server.talk import RAW, REQUEST_ID, SAY, silence

NO_AUDIO_SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
NET_0000 = "Deepgram did not provide a response message within the timeout window. See https://dpgr.am/net0000"
NET_0001 = (
    "Deepgram did not receive audio data or a text message within the timeout window. See https://dpgr.am/net0001"
)


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
    talk = talk_to(SAY).audio(silence(3))
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
    talk = talk_to(SAY).audio(silence(1)).close_stream()
    said = list(talk.texts)
    talk.binary(b"late").text('{"type":"Finalize"}').text("nonsense").close_stream().binary(b"").wait(60)
    assert talk.texts == said
    assert talk.closed_with == (1000, "")
    assert talk.metadata.duration == 1.0


def test_a_client_that_goes_is_let_go_and_never_spoken_to_again(talk_to: Any) -> None:
    talk = talk_to(SAY).audio(silence(2.05))
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
    talk = talk_to(SAY).audio(silence(1))
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
    talk = talk_to(SAY).audio(silence(0.02)).wait(9.9).keep_alive().wait(9.9).binary(silence(0.02)).wait(9.9)
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
    talk = talk_to(SAY).audio(silence(6))
    assert talk.results
    for _ in range(60):
        talk.wait(5).keep_alive()
    assert talk.closes == []
    talk.audio(silence(1)).close_stream()
    assert talk.metadata.duration == 7.0


def test_an_hour_of_silence_is_answered_and_never_times_out(talk_to: Any) -> None:
    talk = talk_to(SAY).audio(silence(3600), 32_000 * 4).close_stream()
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
    talk.audio(silence(1)).wait(40)
    assert [round(at, 3) for at, _, _ in talk.said] == [5.0]
    assert talk.closes == [(pytest.approx(11.0), 1011, NET_0001)]

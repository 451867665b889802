"""What the server does on one Flux connection: the greeting, errors, the end, a client that comes back."""

from __future__ import annotations

import json
from random import Random

import pytest

from harness.audio.decode import Audio
from harness.audio.pcm import to_float
from harness.audio.wav import SampleType
from harness.protocol.closing import ReasonStyle
from harness.protocol.flux_session import FluxTimers
from harness.recording.document import Recording
from harness.recording.entries import Close, Direction, Note, Text
from mock_server import loading
from mock_server.faults.steps import SendClose, SendText
from mock_server.flux.settings import FluxSettings
from mock_server.legs import Legs
from mock_server.library import Known, Replies
from mock_server.sources import RecordedSource
from tests.unit.mock_server_flux.talk import ASKED, BYTES_PER_SECOND, CONFIGURE, QUERY, REQUEST_ID, TalkTo


def test_connected_comes_before_anything_is_sent(talk_to: TalkTo) -> None:
    talk = talk_to().wait(0.0)

    assert talk.messages == [{"type": "Connected", "request_id": REQUEST_ID, "sequence_id": 0}]


def test_it_comes_first_even_for_a_client_that_does_not_wait(talk_to: TalkTo) -> None:
    with_audio = talk_to().connection.receive_binary(bytes(BYTES_PER_SECOND), 0.0)
    with_text = talk_to().connection.receive_text(CONFIGURE, 0.0)

    for actions in (with_audio, with_text):
        assert isinstance(actions[0], SendText)
        assert json.loads(actions[0].text)["type"] == "Connected"


@pytest.mark.parametrize("frame_ms", [80, 20, 200])
@pytest.mark.parametrize("lag_scale", [0.0, 1.0])
def test_the_real_session_is_said_again(
    talk_to: TalkTo, real: Recording, frames: list[str], frame_ms: int, lag_scale: float
) -> None:
    talk = talk_to(RecordedSource("real", real), ASKED, FluxSettings(lag_scale=lag_scale))
    talk.audio(2.0, frame_ms).text(CONFIGURE).audio(19.898, frame_ms).close_stream()

    assert talk.texts == [frame.replace(json.loads(frame)["request_id"], REQUEST_ID) for frame in frames]
    assert talk.close == SendClose(1005, "")


def test_sequence_ids_have_no_gap_whatever_is_said(talk_to: TalkTo) -> None:
    talk = talk_to().audio(1.0).text(CONFIGURE).audio(1.0).text('{"type":"ForceEndTurn"}').audio(3.0)
    talk.text('{"type":"KeepAlive"}')

    assert [message["sequence_id"] for message in talk.messages] == list(range(len(talk.texts)))
    assert {message["type"] for message in talk.messages} == {"Connected", "TurnInfo", "ConfigureSuccess", "Error"}


def test_an_open_turn_stays_open_when_the_stream_is_closed(talk_to: TalkTo) -> None:
    talk = talk_to().audio(1.0).close_stream()

    assert len(talk.of("StartOfTurn")) == 1
    assert talk.of("EndOfTurn") == []
    assert talk.of("Metadata") == []
    assert talk.close == SendClose(1005, "")


def test_what_only_waited_for_its_lag_is_said_before_the_close(talk_to: TalkTo) -> None:
    talk = talk_to(settings=FluxSettings(lag_scale=100.0)).audio(2.0).close_stream()

    assert len(talk.of("Update")) >= 5


def test_the_close_can_have_a_code(talk_to: TalkTo) -> None:
    assert talk_to(settings=FluxSettings(close_code=1000)).close_stream().close == SendClose(1000, "")


# --- errors and ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ['{"type":"KeepAlive"}', '{"type":"Finalize"}', "no JSON", "[]", '{"type":"Configure","keyterms":1}']
)
def test_what_flux_does_not_know_ends_the_session(talk_to: TalkTo, text: str) -> None:
    talk = talk_to().text(text)

    assert [message["type"] for message in talk.messages] == ["Connected", "Error"]
    assert talk.messages[1]["code"] == "UNPARSABLE_CLIENT_MESSAGE"
    assert talk.close == SendClose(1005, "")


def test_an_idle_client_is_closed_after_a_minute(talk_to: TalkTo) -> None:
    talk = talk_to(settings=FluxSettings(reason_style=ReasonStyle.CODE)).audio(1.0).wait(59.9)
    assert talk.close is None

    assert talk.wait(0.2).close == SendClose(1011, "NET-0001")


def test_that_time_can_be_chosen(talk_to: TalkTo) -> None:
    talk = talk_to(settings=FluxSettings(timers=FluxTimers(idle_after_s=None))).wait(3600.0)

    assert talk.close is None


def test_a_turn_does_not_end_while_no_audio_comes(talk_to: TalkTo) -> None:
    talk = talk_to(query=f"{QUERY}&eot_timeout_ms=500").audio(1.0).wait(30.0)

    assert talk.of("EndOfTurn") == []


def test_bytes_that_are_no_audio_are_refused(talk_to: TalkTo) -> None:
    talk = talk_to(query="model=flux-general-en", settings=FluxSettings(reason_style=ReasonStyle.CODE))
    talk.audio(1.0)

    assert talk.close == SendClose(1008, "DATA-0000")


def test_audio_that_nothing_answers_ends_the_session_and_says_so(talk_to: TalkTo) -> None:
    talk = talk_to(Replies()).audio(1.0).close_stream()

    assert talk.of("Error")[0]["code"] == "DGHARNESS_NO_RECORDING"
    assert "this server has no recordings" in talk.of("Error")[0]["description"]
    notes = talk.connection.journal.recording().of(Note)
    assert any("no recordings" in note.text for note in notes)


# --- a client that comes back -----------------------------------------------------------------------------------------


def test_a_client_that_was_cut_off_hears_the_rest(talk_to: TalkTo, real: Recording) -> None:
    source, legs = RecordedSource("real", real), Legs()
    pcm = Random(7).randbytes(22 * BYTES_PER_SECOND)
    first = talk_to(source, ASKED, legs=legs).send(pcm[: 10 * BYTES_PER_SECOND])
    first.connection.let_go("a fault", first.now_s)
    first.connection.finish(first.now_s)
    second = talk_to(source, ASKED, legs=legs).send(pcm[9 * BYTES_PER_SECOND :]).close_stream()
    (ended,) = second.of("EndOfTurn")

    assert first.of("EndOfTurn") == []
    assert ended["transcript"].startswith("defense, promote the general welfare,")
    assert ended["transcript"].endswith("for the United States of America.")
    assert (ended["turn_index"], ended["audio_window_start"]) == (0, 0.0)
    notes = [note.text for note in second.connection.journal.recording().of(Note)]
    assert notes == ["connection 2 of its session: goes on at 9.000 s of the source"]


def test_one_that_had_everything_begins_anew(talk_to: TalkTo, real: Recording) -> None:
    source, legs = RecordedSource("real", real), Legs()
    pcm = Random(7).randbytes(4 * BYTES_PER_SECOND)
    first = talk_to(source, ASKED, legs=legs).send(pcm).close_stream()
    first.connection.receive_close(1005, "", first.now_s)
    first.connection.finish(first.now_s)
    second = talk_to(source, ASKED, legs=legs).send(pcm).close_stream()

    assert second.texts == first.texts


# --- what year it is --------------------------------------------------------------------------------------------------


def test_clients_of_2025_get_words_without_times_and_no_trigger(talk_to: TalkTo) -> None:
    talk = talk_to(settings=FluxSettings(details_of_2026=False)).audio(6.0)
    ended = talk.of("EndOfTurn")

    assert len(ended) == 2
    assert all("trigger" not in message for message in ended)
    assert {tuple(word) for message in ended for word in message["words"]} == {("word", "confidence")}


# --- the journal ------------------------------------------------------------------------------------------------------


def test_the_journal_can_be_replayed(talk_to: TalkTo) -> None:
    first = talk_to().audio(6.0).close_stream()
    first.connection.receive_close(1005, "", first.now_s)
    first.connection.finish(first.now_s)
    taped = first.connection.journal.recording("taped")
    second = talk_to(RecordedSource("taped", taped)).audio(6.0).close_stream()

    assert second.texts == first.texts
    assert [entry.text for entry in taped.texts(Direction.DOWNSTREAM)] == first.texts
    assert [close.code for close in taped.of(Close)] == [1005, 1005]
    assert len(list(taped.of(Text))) == len(first.texts) + 1


def test_a_client_that_answers_the_close_has_everything(talk_to: TalkTo) -> None:
    talk = talk_to().close_stream()
    talk.connection.receive_close(1005, "", 1.0)

    assert talk.connection.closed_in_order


def test_a_connection_that_was_let_go_is_over(talk_to: TalkTo) -> None:
    talk = talk_to().audio(1.0)
    talk.connection.let_go("a fault", talk.now_s)

    assert talk.connection.closed
    assert talk.connection.next_wakeup_s is None
    assert not talk.connection.closed_in_order


@pytest.mark.parametrize(("max_speed", "takes_s"), [(1.25, 9.0 / 1.25), (None, 0.0)])
def test_a_burst_delays_turns_replies_and_the_close(talk_to: TalkTo, max_speed: float | None, takes_s: float) -> None:
    """Ten seconds at once: all but the first of them wait to be transcribed, and what was asked after them too."""
    talk = talk_to(settings=FluxSettings(max_speed=max_speed))
    talk._take(talk.connection.receive_binary(bytes(10 * BYTES_PER_SECOND), 0.0))
    talk.text(CONFIGURE).wait(0.2)
    early = len(talk.of("EndOfTurn"))
    talk.close_stream().wait(max(0.0, takes_s - 0.4))
    assert (talk.close is None) is bool(takes_s)

    talk.wait(1.0)

    assert talk.close is not None
    assert len(talk.of("EndOfTurn")) == 2
    assert early == (0 if takes_s else 2)
    kinds = [message.get("event", message["type"]) for message in talk.messages]
    assert kinds.index("ConfigureSuccess") > kinds.index("EndOfTurn")
    assert all(message["audio_window_end"] <= 10.0 + 1e-3 for message in talk.of("Update"))


def test_close_stream_said_again_while_audio_waits_changes_nothing(talk_to: TalkTo) -> None:
    pcm = Random(7).randbytes(10 * BYTES_PER_SECOND)
    audio = Audio(to_float(pcm, SampleType.S16, 1), 16_000)
    spoken = Known(loading.say("Hello there."), audio=audio)
    once, twice = talk_to(Replies([spoken])), talk_to(Replies([spoken]))
    for talk in (once, twice):
        talk._take(talk.connection.receive_binary(pcm, 0.0))
    once.close_stream().wait(10.0)
    twice.close_stream().close_stream().wait(10.0)

    assert len(once.of("EndOfTurn")) == 1
    assert (twice.texts, twice.close) == (once.texts, SendClose(1005, ""))

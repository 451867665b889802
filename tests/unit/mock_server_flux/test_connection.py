"""What the server does on one Flux connection, in virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from harness.audio.decode import Audio
from harness.audio.pcm import to_float
from harness.audio.wav import SampleType
from harness.protocol.closing import ReasonStyle
from harness.protocol.flux_options import FluxOptions, parse_flux_query
from harness.protocol.flux_session import FluxTimers
from harness.recording.document import Recording
from harness.recording.entries import Close, Direction, Note, Text
from mock_server import loading
from mock_server.connection import Action
from mock_server.faults.steps import SendClose, SendText
from mock_server.flux.settings import FluxSettings
from mock_server.flux_connection import FluxConnection
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Known, Replies
from mock_server.sources import RecordedSource, Source

REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
QUERY = "model=flux-general-en&encoding=linear16&sample_rate=16000"
ASKED = f"{QUERY}&eot_threshold=0.7&eager_eot_threshold=0.5"
CONFIGURE = '{"type":"Configure","thresholds":{"eot_threshold":0.8},"keyterms":["Deepgram"]}'
BYTES_PER_SECOND = 32_000


@dataclass
class Talk:
    """One connection in virtual time; every move first lets pass what is due before it."""

    connection: FluxConnection
    now_s: float = 0.0
    texts: list[str] = field(default_factory=list)
    close: SendClose | None = None

    def audio(self, duration_audio_s: float, frame_ms: int = 80) -> Talk:
        """Silence at the pace of a microphone."""
        return self.send(bytes(round(duration_audio_s * BYTES_PER_SECOND)), frame_ms)

    def send(self, pcm: bytes, frame_ms: int = 80) -> Talk:
        """Audio at the pace of a microphone: each frame is sent when it has been heard."""
        size = BYTES_PER_SECOND * frame_ms // 1000
        for begin in range(0, len(pcm), size):
            frame = pcm[begin : begin + size]
            self.wait(len(frame) / BYTES_PER_SECOND)
            self._take(self.connection.receive_binary(frame, self.now_s))
        return self

    def text(self, text: str) -> Talk:
        self.wait(0.0)
        self._take(self.connection.receive_text(text, self.now_s))
        return self

    def close_stream(self) -> Talk:
        return self.text('{"type":"CloseStream"}')

    def wait(self, duration_s: float) -> Talk:
        until_s = self.now_s + duration_s
        while (wakeup_s := self.connection.next_wakeup_s) is not None and wakeup_s <= until_s:
            self.now_s = max(self.now_s, wakeup_s)
            self._take(self.connection.wake(self.now_s))
        self.now_s = until_s
        return self

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message.get("event", message["type"]) == kind]

    def _take(self, actions: list[Action]) -> None:
        for action in actions:
            assert self.close is None, "nothing may be said after the close"
            if isinstance(action, SendText):
                self.texts.append(action.text)
            else:
                self.close = action


TalkTo = Callable[..., Talk]


@pytest.fixture
def talk_to() -> TalkTo:
    """Connect to a server that hears this text, or this source, in whatever is sent."""

    def connect(
        said: str | Source | Replies = "Hello there, how are you today? I am fine.",
        query: str = QUERY,
        settings: FluxSettings | None = None,
        legs: Legs | None = None,
    ) -> Talk:
        options = parse_flux_query(query)
        assert isinstance(options, FluxOptions), options
        source = loading.say(said) if isinstance(said, str) else said
        replies = source if isinstance(source, Replies) else Replies(always=source)
        journal = Journal("/v2/listen", query, "2026-11-20T09:14:33.207Z", "dgharness test", 0.0)
        chosen = settings or FluxSettings()
        return Talk(FluxConnection(options, replies, REQUEST_ID, journal, chosen, 0.0, legs=legs, client="client"))

    return connect


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


# --- Configure --------------------------------------------------------------------------------------------------------


def test_a_configure_changes_what_comes_after_it(talk_to: TalkTo) -> None:
    before = talk_to().audio(6.0)
    after = talk_to().text('{"type":"Configure","thresholds":{"eot_threshold":1.0}}').audio(6.0)

    assert len(before.of("EndOfTurn")) == 2
    assert after.of("EndOfTurn") == []


def test_what_it_leaves_out_stays(talk_to: TalkTo) -> None:
    talk = talk_to(query=f"{ASKED}&keyterm=tretinoin").text('{"type":"Configure","thresholds":{"eot_timeout_ms":900}}')
    (success,) = talk.of("ConfigureSuccess")

    assert success["thresholds"] == {"eot_threshold": 0.7, "eager_eot_threshold": 0.5, "eot_timeout_ms": 900}
    assert success["keyterms"] == ["tretinoin"]


def test_lists_replace_and_may_be_emptied(talk_to: TalkTo) -> None:
    talk = talk_to(query=f"{QUERY}&keyterm=one").text('{"type":"Configure","keyterms":[]}')

    assert talk.of("ConfigureSuccess")[0]["keyterms"] == []


@pytest.mark.parametrize(
    ("configure", "why"),
    [
        ('{"thresholds":{"eot_threshold":0.4}}', "eot_threshold is 0.4; it must be from 0.5 to 1"),
        ('{"thresholds":{"eager_eot_threshold":0.2}}', "eager_eot_threshold is 0.2; it must be from 0.3 to 0.9"),
        ('{"thresholds":{"eot_timeout_ms":100}}', "eot_timeout_ms is 100; it must be from 500 to 60000"),
        ('{"thresholds":{"eager_eot_threshold":0.8}}', "eager_eot_threshold 0.8 exceeds eot_threshold 0.7"),
        ('{"language_hints":["de"]}', "language_hints are only supported by the model flux-general-multi"),
    ],
)
def test_what_cannot_be_changes_nothing(talk_to: TalkTo, configure: str, why: str) -> None:
    talk = talk_to().text('{"type":"Configure","keyterms":["x"],' + configure[1:]).text('{"type":"Configure"}')
    (failure,), (success,) = talk.of("ConfigureFailure"), talk.of("ConfigureSuccess")

    assert failure["description"] == why
    assert failure["code"]
    assert success["keyterms"] == []
    assert success["thresholds"] == {"eot_threshold": 0.7, "eot_timeout_ms": 5000}


def test_a_whole_number_may_be_written_as_a_decimal_one(talk_to: TalkTo) -> None:
    talk = talk_to().text('{"type":"Configure","thresholds":{"eot_timeout_ms":6000.0,"eot_threshold":1}}')

    assert talk.of("ConfigureSuccess")[0]["thresholds"] == {"eot_threshold": 1.0, "eot_timeout_ms": 6000}
    assert '"eot_timeout_ms":6000}' in talk.texts[-1]


def test_a_single_keyterm_may_stand_without_its_list(talk_to: TalkTo) -> None:
    assert talk_to().text('{"type":"Configure","keyterms":"one"}').of("ConfigureSuccess")[0]["keyterms"] == ["one"]


@pytest.mark.parametrize(
    ("configure", "why"),
    [
        ('{"type":"Configure","language_hints":["de",""]}', "language_hints hold an empty value"),
        ('{"type":"Configure","keyterms":["a:2"]}', "the keyterm 'a:2' has a weight; wanted the term alone"),
    ],
)
def test_what_the_query_may_not_say_a_configure_may_not(talk_to: TalkTo, configure: str, why: str) -> None:
    talk = talk_to(query=QUERY.replace("-en", "-multi")).text(configure)

    assert talk.of("ConfigureFailure")[0]["description"] == why


def test_hints_are_for_the_multilingual_model(talk_to: TalkTo) -> None:
    query = QUERY.replace("-en", "-multi")
    talk = talk_to(query=query).text('{"type":"Configure","language_hints":["de","en"]}')

    assert talk.of("ConfigureSuccess")[0]["language_hints"] == ["de", "en"]


def test_so_many_configures_may_wait_for_their_answer(talk_to: TalkTo) -> None:
    """Each is answered when the audio before it was transcribed; then the next may come."""
    talk = talk_to(settings=FluxSettings(pending_configures=2))
    talk._take(talk.connection.receive_binary(bytes(3 * BYTES_PER_SECOND), 0.0))
    for _ in range(4):
        talk.text(CONFIGURE)
    refused = talk.of("ConfigureFailure")
    assert [message["code"] for message in refused] == ["CONFIGURE_ALREADY_PENDING"] * 2
    assert refused[0]["description"] == "2 Configures are not answered yet; wait for ConfigureSuccess before the next"
    assert talk.of("ConfigureSuccess") == []

    talk.wait(3.0).text(CONFIGURE)

    assert len(talk.of("ConfigureSuccess")) == 3
    assert len(talk.of("ConfigureFailure")) == 2


def test_any_number_may_where_that_is_chosen(talk_to: TalkTo) -> None:
    talk = talk_to(settings=FluxSettings(pending_configures=None))
    talk._take(talk.connection.receive_binary(bytes(3 * BYTES_PER_SECOND), 0.0))
    for _ in range(20):
        talk.text(CONFIGURE)

    assert len(talk.wait(3.0).of("ConfigureSuccess")) == 20


# --- ForceEndTurn -----------------------------------------------------------------------------------------------------


def test_a_turn_is_ended_by_force_at_the_audio_received(talk_to: TalkTo) -> None:
    talk = talk_to().audio(1.03).text('{"type":"ForceEndTurn"}').audio(1.0)
    (ended,) = talk.of("EndOfTurn")
    following = talk.messages[talk.messages.index(ended) + 1]

    assert (ended["trigger"], ended["audio_window_end"]) == ("manual", 0.96)
    assert (following["turn_index"], following["audio_window_start"]) == (1, 0.96)


def test_without_a_turn_it_is_ignored(talk_to: TalkTo) -> None:
    talk = talk_to().text('{"type":"ForceEndTurn"}').close_stream()

    assert [message["type"] for message in talk.messages] == ["Connected"]


def test_a_server_of_before_september_2026_does_not_know_it(talk_to: TalkTo) -> None:
    talk = talk_to(settings=FluxSettings(force_end_turn=False)).audio(1.0).text('{"type":"ForceEndTurn"}')

    assert talk.of("Error")[0]["code"] == "UNPARSABLE_CLIENT_MESSAGE"


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

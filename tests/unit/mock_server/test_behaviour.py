"""The switches for what is disputed about the live service: each makes the difference that it says it makes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.errors import BadInput
from harness.protocol.closing import ReasonStyle
from harness.protocol.messages import Metadata, Results, Sync, UtteranceEnd
from mock_server.behaviour import ConnectionSettings, FinalizeReply, Undecodable
from mock_server.sources import SpokenSource
from mock_server.timeline import Timeline, spoken

RAW = "model=nova-3&encoding=linear16&sample_rate=16000"
CHATTY = RAW + "&interim_results=true&utterance_end_ms=1000&punctuate=true"
TEXT = "Please book a table for two. Tomorrow at seven, by the window."
SAY = SpokenSource("say", spoken(TEXT))
AT_ONCE = ConnectionSettings(max_speed=None)
NET_0002 = "Deepgram did not receive audio data within the timeout window. See https://dpgr.am/net0002"


def _silence(duration_s: float) -> bytes:
    return bytes(round(duration_s * 32_000))


# --- a burst is transcribed in its own time ---------------------------------------------------------------------------


def test_a_burst_delays_results_and_the_close(talk_to: Any) -> None:
    talk = talk_to(SAY, CHATTY, settings=ConnectionSettings())
    talk.binary(_silence(26.0)).close_stream()
    assert not talk.closes
    talk.wait(60.0)
    assert talk.closed_with == (1000, "")
    assert talk.closes[0][0] == pytest.approx(25.0 / 1.25, abs=0.01)
    for at_s, _, text in talk.said:
        message = json.loads(text)
        if message["type"] == "Results":
            assert message["start"] + message["duration"] <= 1.0 + 1.25 * at_s + 1e-3
    assert talk.transcript == TEXT
    assert talk.metadata.duration == 26.0


def test_a_burst_says_what_a_paced_stream_says(talk_to: Any) -> None:
    burst = talk_to(SAY, CHATTY, settings=ConnectionSettings()).binary(_silence(12.0)).close_stream().wait(20.0)
    paced = talk_to(SAY, CHATTY, settings=ConnectionSettings()).audio(_silence(12.0)).close_stream().wait(20.0)
    assert burst.texts == paced.texts


@pytest.mark.parametrize("settings", [AT_ONCE, ConnectionSettings(lag_scale=0.0)])
def test_the_limit_can_be_lifted(settings: ConnectionSettings, talk_to: Any) -> None:
    talk = talk_to(SAY, settings=settings).binary(_silence(60.0)).close_stream()
    assert (talk.now_s, talk.closed_with) == (0.0, (1000, ""))


def test_finalize_and_sync_wait_for_the_audio_before_them(talk_to: Any) -> None:
    talk = talk_to(SAY, settings=ConnectionSettings()).binary(_silence(6.0)).finalize().text('{"type":"Sync","id":4}')
    assert not any(isinstance(message, Sync) for message in talk.messages)
    talk.binary(_silence(2.0)).wait(3.9)
    assert not any(final.from_finalize for final in talk.finals)
    talk.wait(0.2)
    *_, flagged, sync = talk.messages
    assert isinstance(flagged, Results)
    assert (flagged.from_finalize, flagged.end_audio_s) == (True, 6.0)
    assert sync == Sync(id=4)


def test_a_second_close_stream_in_a_burst_changes_nothing(talk_to: Any) -> None:
    talk = talk_to(SAY, settings=ConnectionSettings()).binary(_silence(6.0)).close_stream().close_stream().wait(10.0)
    assert isinstance(talk.metadata, Metadata)
    assert talk.closed_with == (1000, "")


# --- Finalize ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "with_text", "without"),
    [
        (FinalizeReply.FLAGGED, [True], [True]),
        (FinalizeReply.WHEN_PENDING, [True], []),
        (FinalizeReply.TEXT_THEN_EMPTY, [False, True], [True]),
    ],
)
def test_finalize_is_answered_as_chosen(
    reply: FinalizeReply, with_text: list[bool], without: list[bool], talk_to: Any
) -> None:
    settings = ConnectionSettings(max_speed=None, finalize_reply=reply)
    talk = talk_to(SAY, settings=settings).audio(_silence(1.5))
    assert [final.from_finalize for final in talk.finalize().finals] == with_text
    assert bool(talk.finals[-1].transcript) is (len(with_text) == 1)
    heard = len(talk.finals)
    assert [final.from_finalize for final in talk.finalize().finals[heard:]] == without


# --- UtteranceEnd -----------------------------------------------------------------------------------------------------


def _ends(talk: Any) -> list[UtteranceEnd]:
    return [message for message in talk.messages if isinstance(message, UtteranceEnd)]


def test_an_utterance_that_was_final_already_may_say_so(talk_to: Any) -> None:
    settings = ConnectionSettings(max_speed=None, utterance_end_sentinel=True)
    assert [end.last_word_end for end in _ends(talk_to(SAY, CHATTY, settings=settings).audio(_silence(9)))] == [-1.0]
    endless = talk_to(SAY, CHATTY + "&endpointing=false", settings=settings).audio(_silence(9))
    assert [end.last_word_end for end in _ends(endless)] == [SAY.timeline.channels[0][-1].end]


def test_utterance_end_may_come_after_the_next_turn_has_begun(talk_to: Any) -> None:
    first, second = spoken("Good morning.").channels[0], spoken("And good night.").channels[0]
    moved = [type(w)(word=w.word, start=w.start + 3, end=w.end + 3, confidence=w.confidence) for w in second]
    turns = SpokenSource("turns", Timeline(((*first, *moved),)))

    def order(settings: ConnectionSettings) -> list[str]:
        said = talk_to(turns, CHATTY, settings=settings).audio(_silence(10)).messages
        return [type(m).__name__ if isinstance(m, UtteranceEnd) else m.transcript for m in said]

    usual = order(AT_ONCE)
    late = order(ConnectionSettings(max_speed=None, utterance_end_late_audio_s=3.0))
    assert sorted(usual) == sorted(late)
    assert not any("and" in text for text in usual[: usual.index("UtteranceEnd")])
    assert any("and" in text for text in late[: late.index("UtteranceEnd")])


# --- closes for a fault -----------------------------------------------------------------------------------------------


def test_audio_that_stays_away_may_end_in_net_0002_though_the_client_keeps_alive(talk_to: Any) -> None:
    talk = talk_to(SAY, settings=ConnectionSettings(audio_after_s=12.0)).audio(_silence(1))
    for _ in range(5):
        talk.wait(3.0).keep_alive() if not talk.closes else None
    assert talk.closes == [(pytest.approx(13.0), 1011, NET_0002)]


def test_first_audio_may_be_demanded_within_ten_seconds(talk_to: Any) -> None:
    talk = talk_to(SAY, settings=ConnectionSettings(first_audio_after_s=10.0, reason_style=ReasonStyle.CODE))
    talk.wait(5.0).keep_alive().wait(6.0)
    assert talk.closes == [(10.0, 1011, "NET-0001")]


@pytest.mark.parametrize(
    ("undecodable", "ending"), [(Undecodable.METADATA, (1000, "")), (Undecodable.DATA_0000, (1008, "DATA-0000"))]
)
def test_what_is_no_audio_ends_as_chosen(undecodable: Undecodable, ending: tuple[int, str], talk_to: Any) -> None:
    settings = ConnectionSettings(undecodable=undecodable, reason_style=ReasonStyle.CODE)
    talk = talk_to(SAY, "model=nova-3", settings=settings).binary(b"this is no audio at all" * 100)
    if not talk.closes:
        talk.close_stream()
        assert (talk.metadata.duration, talk.metadata.channels) == (0.0, 0)
    assert talk.closed_with == ending


@pytest.mark.parametrize("debug", [True, False])
def test_an_error_frame_comes_before_the_close_only_when_debugging(debug: bool, talk_to: Any) -> None:
    talk = talk_to(SAY, f"{RAW}&debug={str(debug).lower()}").wait(11.0)
    said = [(message.variant, message.code) for message in talk.messages]
    assert said == ([("Closing", "NET-0001")] if debug else [])
    assert talk.closed_with[0] == 1011


# --- fields -----------------------------------------------------------------------------------------------------------


def test_what_was_asked_for_stands_in_every_result_and_nothing_else_does(talk_to: Any) -> None:
    query = RAW + "&diarize_model=latest&search=table&detect_entities=true&language=multi&extra=who:me"
    for result in talk_to(SAY, query).audio(_silence(9)).close_stream().finals:
        assert all((w.speaker, w.language) == (0, "en") for w in result.words)
        assert [term.query for term in result.channel.search] == ["table"]
        assert result.metadata.extra == {"who": "me"}
        assert set(result.metadata.diarize_info) == {"model_uuid", "arch"}
        assert isinstance(result.entities, tuple)
    for text in talk_to(SAY, RAW).audio(_silence(9)).close_stream().texts:
        for field in ("speaker", "language", "search", "extra", "diarize_info", "entities", "punctuated_word"):
            assert f'"{field}"' not in text


def test_extra_comes_back_in_metadata(talk_to: Any) -> None:
    talk = talk_to(SAY, RAW + "&extra=who:me&extra=who:you&extra=at:10:30").audio(_silence(1)).close_stream()
    assert talk.metadata.extra == {"who": "you", "at": "10:30"}


def test_entities_and_the_fields_of_2026_can_be_left_out(talk_to: Any) -> None:
    query = RAW + "&detect_entities=true&diarize_model=latest"
    settings = ConnectionSettings(max_speed=None, live_entities=False, details_of_2026=False)
    talk = talk_to(SAY, query, settings=settings).audio(_silence(9)).close_stream()
    assert talk.transcript == TEXT  # punctuated still
    assert not any('"entities"' in text or '"diarize_info"' in text for text in talk.texts)
    assert all(word.speaker == 0 for final in talk.finals for word in final.words)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("max_speed", 0.0, "max_speed is 0.0; wanted a number above 0, or None for no limit"),
        ("audio_after_s", -1.0, "audio_after_s is -1.0; wanted a number above 0, or None for no limit"),
        ("first_audio_after_s", 0.0, "first_audio_after_s is 0.0; wanted a number above 0, or None for no limit"),
        ("utterance_end_late_audio_s", -1.0, "utterance_end_late_audio_s is -1.0; wanted 0 or more"),
    ],
)
def test_a_switch_out_of_range_is_refused(field: str, value: float, sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        ConnectionSettings(**{field: value})  # type: ignore[arg-type]
    assert str(raised.value) == sentence

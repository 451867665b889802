"""Sessions of `/v1/listen` in which the server breaks one rule."""

from __future__ import annotations

from typing import Any

from harness.recording.entries import Binary, Direction
from tests.unit.conformance.breaking.table import Breaks, Make

DOWN = Direction.DOWNSTREAM
breaks = Breaks()


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

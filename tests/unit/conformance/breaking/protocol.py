"""Sessions of `/v1/listen` in which the client says what it should not, or not when it should."""

from __future__ import annotations

from typing import Any

from harness.recording.entries import Direction, Side
from tests.unit.conformance.breaking.table import Breaks, Make

UP = Direction.UPSTREAM
breaks = Breaks()


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

"""Every kind of fault on a real socket, seen by a client that is not ours (the `websockets` package)."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from harness.pytest_support import DeepgramServer
from harness.recording.entries import Close, Direction, Lost, Note, Side
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.table import FAULTS

pytestmark = pytest.mark.deepgram(say="one two three four five six seven eight", verdict="off")
CLOSE_STREAM = '{"type":"CloseStream"}'
SILENT_FOR_S = 0.3
SECOND = bytes(32_000)


def faulty(*faults: str) -> pytest.MarkDecorator:
    return pytest.mark.deepgram(faults=list(faults))


def cut(line: Any) -> ConnectionClosed:
    """Send two seconds and listen until the connection is gone; how it went."""
    try:
        line.send(SECOND)
        line.send(SECOND)
        while True:
            line.recv(timeout=5)
    except ConnectionClosed as gone:
        return gone


def read_to_the_end(raw: Any) -> bytes:
    said = b""
    while data := raw.recv(4096):
        said += data
    return said


def read_all(line: Any) -> None:
    """Listen until nothing has come for a while; nothing may be the end."""
    while True:
        assert "Metadata" not in line.recv(timeout=SILENT_FOR_S)


def lost(server: DeepgramServer) -> Lost:
    (session,) = server.wait_for_sessions()
    return next(session.of(Lost))


def whole(wire: Any) -> Any:
    """Three seconds of audio and CloseStream; everything that was said."""
    with wire.connect() as line:
        for _ in range(3):
            line.send(SECOND)
        line.send(CLOSE_STREAM)
        return wire.told(line)


# --- ends of the connection -------------------------------------------------------------------------------------------


@faulty("reset at_audio_s=1")
def test_reset(wire: Any) -> None:
    with wire.connect() as line:
        gone = cut(line)

    assert gone.rcvd is None
    assert isinstance(gone.__cause__, ConnectionResetError | BrokenPipeError | None)
    assert lost(wire.server).by is Side.SERVER


@faulty("reset at_audio_s=1")
def test_a_reset_is_a_reset_and_no_end_of_stream(wire: Any) -> None:
    with wire.socket() as raw:
        raw.sendall(wire.upgrade_head())
        assert raw.recv(4096).startswith(b"HTTP/1.1 101")
        raw.sendall(b"\x82\xfe\x7d\x00" + bytes(4) + SECOND)
        with pytest.raises(ConnectionResetError):
            read_to_the_end(raw)


@faulty("fin at_audio_s=1")
def test_fin(wire: Any) -> None:
    with wire.socket() as raw:
        raw.sendall(wire.upgrade_head())
        assert raw.recv(4096).startswith(b"HTTP/1.1 101")
        raw.sendall(b"\x82\xfe\x7d\x00" + bytes(4) + SECOND)
        said = read_to_the_end(raw)
        raw.sendall(b"\x82\x84" + bytes(4) + bytes(4))  # the other half is open still

    assert b"\x88" not in said[:1]
    assert lost(wire.server).by is Side.SERVER


@faulty("close code=1012 reason='going down' at_audio_s=1")
def test_close(wire: Any) -> None:
    with wire.connect() as line:
        gone = cut(line)

    assert gone.rcvd is not None
    assert (gone.rcvd.code, gone.rcvd.reason) == (1012, "going down")


# --- connections that hang --------------------------------------------------------------------------------------------


@faulty("stall at_audio_s=1 direction=downstream duration_s=0.3")
def test_stall_downstream_holds_answers_back(wire: Any) -> None:
    with wire.connect() as line:
        line.send(SECOND)
        began_s = time.monotonic()
        line.send(SECOND)
        line.send(CLOSE_STREAM)
        told = wire.told(line)

    assert time.monotonic() - began_s >= 0.29
    assert told.code == 1000
    assert told.of("Metadata")[0]["duration"] == 2.0


@faulty("stall at_audio_s=1 direction=upstream duration_s=0.3")
def test_stall_upstream_takes_nothing_in_meanwhile(wire: Any) -> None:
    with wire.connect() as line:
        line.send(SECOND)
        began_s = time.monotonic()
        line.send(SECOND)
        line.send(CLOSE_STREAM)
        told = wire.told(line)

    assert time.monotonic() - began_s >= 0.29
    assert told.of("Metadata")[0]["duration"] == 2.0


@faulty("black-hole at_audio_s=1")
def test_black_hole_says_nothing_and_answers_no_close(wire: Any) -> None:
    with wire.connect(close_timeout=SILENT_FOR_S) as line:
        line.send(SECOND)
        line.send(CLOSE_STREAM)
        with pytest.raises(TimeoutError):
            read_all(line)
        assert not line.ping().wait(SILENT_FOR_S)
        began_s = time.monotonic()
    assert time.monotonic() - began_s >= SILENT_FOR_S * 0.9  # the close handshake was waited for in vain


@faulty("slow-reader bytes_per_s=64000")
def test_slow_reader(wire: Any) -> None:
    began_s = time.monotonic()

    told = whole(wire)

    assert time.monotonic() - began_s >= 1.0  # 96,000 bytes, of which the last is waited for
    assert told.of("Metadata")[0]["duration"] == 3.0


@faulty("latency by_s=0.2")
def test_latency(wire: Any) -> None:
    with wire.connect() as line:
        began_s = time.monotonic()
        assert line.ping().wait(5)
        assert time.monotonic() - began_s >= 0.39  # a ping and its pong pass it, once each


@faulty("bandwidth bytes_per_s=2000 direction=downstream")
def test_bandwidth(wire: Any) -> None:
    began_s = time.monotonic()

    told = whole(wire)

    said_bytes = sum(len(json.dumps(message, separators=(",", ":"))) for message in told.messages)
    assert time.monotonic() - began_s >= said_bytes / 2000 * 0.9


@faulty("no-pongs")
def test_no_pongs(wire: Any) -> None:
    with wire.connect() as line:
        assert not line.ping().wait(SILENT_FOR_S)
        line.send(CLOSE_STREAM)
        assert wire.told(line).code == 1000


# --- the upgrade ------------------------------------------------------------------------------------------------------


@faulty("refuse status=503 retry_after_s=2 times=2")
def test_refuse_so_many_times(wire: Any) -> None:
    for _ in range(2):
        with pytest.raises(InvalidStatus) as refused:
            wire.connect()
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["retry-after"] == "2"
        assert refused.value.response.headers["dg-request-id"]

    assert whole(wire).code == 1000


@faulty("handshake-delay by_s=0.3")
def test_handshake_delay(wire: Any) -> None:
    began_s = time.monotonic()
    with wire.connect() as line:
        assert time.monotonic() - began_s >= 0.29
        line.send(CLOSE_STREAM)
        assert wire.told(line).code == 1000


@faulty("handshake-delay by_s=60")
def test_a_client_may_leave_while_it_waits_for_the_upgrade(wire: Any) -> None:
    with wire.socket() as raw:
        raw.sendall(wire.upgrade_head())
        raw.settimeout(SILENT_FOR_S)
        with pytest.raises(TimeoutError):
            raw.recv(1)
    assert wire.http("GET", "/health").json()["status"] == "ok"


# --- single messages --------------------------------------------------------------------------------------------------


def kinds(told: Any) -> list[str]:
    return [message["type"] for message in told.messages]


def finals(told: Any) -> list[str]:
    return [m["channel"]["alternatives"][0]["transcript"] for m in told.of("Results") if m["is_final"]]


@faulty("drop message=final nth=1")
def test_drop(wire: Any) -> None:
    assert "one" not in " ".join(finals(whole(wire)))


@faulty("duplicate message=final nth=1")
def test_duplicate(wire: Any) -> None:
    said = finals(whole(wire))
    assert said[0] == said[1]


@faulty("delay message=Metadata by_s=0.3")
def test_delay(wire: Any) -> None:
    began_s = time.monotonic()
    told = whole(wire)
    assert time.monotonic() - began_s >= 0.29
    assert told.of("Metadata")
    assert told.code == 1000


@faulty("reorder message=interim nth=1")
def test_reorder(wire: Any) -> None:
    starts = [(m["start"], m["duration"]) for m in whole(wire).of("Results") if not m["is_final"]]
    assert starts != sorted(starts)


@faulty("truncate message=final nth=1 keep_share=0.5")
def test_truncate(wire: Any) -> None:
    with wire.connect() as line:
        line.send(SECOND * 3)
        line.send(CLOSE_STREAM)
        with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
            wire.told(line)


@faulty("corrupt message=Metadata characters=500")
def test_corrupt(wire: Any) -> None:
    with wire.connect() as line:
        line.send(SECOND)
        line.send(CLOSE_STREAM)
        with pytest.raises(ValueError, match=r"Expecting|Extra data"):
            wire.told(line)


@faulty("""inject text='{"type":"Novel","n":1}' at_audio_s=1""")
def test_inject(wire: Any) -> None:
    assert whole(wire).of("Novel") == [{"type": "Novel", "n": 1}]


@faulty("split message=Metadata fragments=7")
def test_split(wire: Any) -> None:
    with wire.connect() as line:
        line.send(CLOSE_STREAM)
        fragments = list(line.recv_streaming())

    assert len(fragments) == 7
    assert json.loads("".join(map(str, fragments)))["type"] == "Metadata"


@faulty("no-metadata")
def test_no_metadata(wire: Any) -> None:
    told = whole(wire)
    assert "Metadata" not in kinds(told)
    assert told.code == 1000


@faulty("no-from-finalize")
def test_no_from_finalize(wire: Any) -> None:
    with wire.connect() as line:
        line.send(SECOND)
        line.send('{"type":"Finalize"}')
        line.send(CLOSE_STREAM)
        told = wire.told(line)
    assert not any(results.get("from_finalize") for results in told.of("Results"))


# --- together ---------------------------------------------------------------------------------------------------------


@faulty("close code=1011 at_audio_s=1 leg=0", "close code=1013 at_audio_s=1 leg=1")
def test_each_leg_has_its_own_and_a_new_run_begins_anew(wire: Any) -> None:
    codes = []
    for _ in range(4):
        with wire.connect() as line:
            try:
                for _ in range(2):
                    line.send(SECOND)
                line.send(CLOSE_STREAM)
            except ConnectionClosed:
                pass
            codes.append(wire.told(line).code)

    assert codes == [1011, 1013, 1000, 1011]


@faulty("close code=1011 at_audio_s=1 leg=0")
def test_a_second_client_at_the_same_time_has_a_run_of_its_own(wire: Any) -> None:
    with wire.connect() as first:
        first.send(SECOND[:320])
        with wire.connect() as second:
            endings = [cut(line).rcvd for line in (first, second)]

    assert [ending.code for ending in endings if ending is not None] == [1011, 1011]


@faulty("reset at_audio_s=1", "duplicate message=final")
def test_the_journal_notes_what_fired(wire: Any) -> None:
    with wire.connect() as line:
        cut(line)

    (session,) = wire.server.wait_for_sessions()
    assert "fault reset: connection" in [note.text for note in session.of(Note)]
    assert [firing.kind for firing in wire.server.fired].count("reset") == 1


@faulty("drop message=interim nth=2", "close code=1012 message=final nth=1")
def test_the_journal_has_what_went_out_and_not_what_was_meant(wire: Any) -> None:
    with wire.connect() as line:
        with suppress(ConnectionClosed):  # it may be closed before the last second is out
            for _ in range(6):
                line.send(SECOND)
        told = wire.told(line)

    (session,) = wire.server.wait_for_sessions()
    assert [json.loads(entry.text) for entry in session.texts(Direction.DOWNSTREAM)] == told.messages
    close, *_ = session.of(Close)
    assert (close.direction, close.code) == (Direction.DOWNSTREAM, 1012)


def test_every_kind_is_seen_here() -> None:
    tested = {
        parse_fault_text(str(fault)).kind
        for test in globals().values()
        for marker in getattr(test, "pytestmark", [])
        if callable(test) and marker.name == "deepgram"
        for fault in marker.kwargs.get("faults", ())
    }
    assert tested == set(FAULTS)

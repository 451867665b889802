"""Broken and hostile clients. Each loses its own connection and nothing else: a good session runs beside every one."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

import pytest
from websockets.frames import Close as ClosePayload
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from harness.recording.entries import Close, Direction, End, Lost, Note
from mock_server.port import PortProtocol
from mock_server.settings import Limits, ServerSettings
from mock_server.websocket_peer import WebSocketPeer

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

    Beside = Callable[[], AbstractContextManager[None]]

LIMITS = Limits(
    head_bytes=8_000,
    message_bytes=100_000,
    unsent_bytes=10_000,
    head_timeout_s=0.15,
    body_timeout_s=0.15,
    close_timeout_s=0.15,
)
pytestmark = pytest.mark.deepgram(
    script="../../fixtures/references/booking.json", settings=ServerSettings(limits=LIMITS)
)


class RawWebSocket:
    """A WebSocket whose frames are written by hand."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line

    def send(self, opcode: Opcode, data: bytes, *, fin: bool = True, mask: bool = True) -> None:
        self.line.sendall(Frame(opcode, data, fin).serialize(mask=mask))

    def read_to_end(self) -> bytes:
        """Everything until the server's half is closed; a reset ends it too."""
        said = b""
        with suppress(ConnectionResetError):
            while piece := self.line.recv(65536):
                said += piece
        return said

    def frames(self) -> list[Frame]:
        """Every frame until the server's half is closed."""
        return parsed(self.read_to_end())

    def close_code(self) -> int:
        (close,) = [frame for frame in self.frames() if frame.opcode is Opcode.CLOSE]
        return ClosePayload.parse(bytes(close.data)).code


def parsed(said: bytes) -> list[Frame]:
    reader, frames = StreamReader(), []
    reader.feed_data(said)
    reader.feed_eof()
    while True:
        parsing = Frame.parse(reader.read_exact, mask=False)
        try:
            next(parsing)
        except StopIteration as done:
            frames.append(done.value)
        except EOFError:
            return frames


def upgraded(line: socket.socket, wire: Wire) -> RawWebSocket:
    """The same connection, once the upgrade has been answered."""
    line.sendall(wire.upgrade_head())
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        said += line.recv(1)
    assert said.startswith(b"HTTP/1.1 101 ")
    return RawWebSocket(line)


# --- before the answer ------------------------------------------------------------------------------------------------


def test_frames_that_come_with_the_request_are_read_once_it_is_answered(wire: Wire) -> None:
    with wire.socket() as line:
        line.sendall(wire.upgrade_head() + Frame(Opcode.TEXT, b'{"type":"CloseStream"}').serialize(mask=True))
        said = RawWebSocket(line).read_to_end()

    head, _, frames = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert [frame.opcode for frame in parsed(frames)] == [Opcode.TEXT, Opcode.CLOSE]


def test_frames_that_break_the_rules_do_not_keep_a_refusal_from_being_said(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        line.sendall(wire.upgrade_head().replace(b"/v1/listen", b"/v1/nothing") + b"\xff\xff\xff\xff" * 8)
        said = RawWebSocket(line).read_to_end()

    assert said.startswith(b"HTTP/1.1 404 ")


# --- heads ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9.9\r\n\r\n",
        b"GET /v1/listen HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\nHost: x\nbroken header\n\n",
        b"POST /v1/listen HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\n",
        b"POST /v1/listen HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400(wire: Wire, bystander: Beside, data: bytes) -> None:
    with bystander():
        answer = wire.request(data)

    assert answer.status == 400
    assert answer.headers["connection"] == "close"
    assert "dg-request-id" in answer.headers


@pytest.mark.parametrize("ending", [b"", b"\r\n\r\n"])
def test_a_head_too_large_is_431(wire: Wire, bystander: Beside, ending: bytes) -> None:
    with bystander():
        answer = wire.request(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 50_000 + ending)

    assert answer.status == 431


@pytest.mark.parametrize("data", [b"", b"G", b"GET /v1/listen HTTP/1.1\r\nHost: x\r\nUpgra"])
def test_half_a_head_and_then_silence_is_cut(wire: Wire, bystander: Beside, data: bytes) -> None:
    with bystander(), wire.socket() as line:
        line.sendall(data)
        assert RawWebSocket(line).read_to_end() == b""


def test_a_second_head_that_never_ends_is_cut(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.answer(line).status == 200
        line.sendall(b"GET /health HT")
        assert RawWebSocket(line).read_to_end() == b""


def test_a_head_that_comes_byte_by_byte_is_read(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n":
            line.sendall(bytes([byte]))
        assert wire.answer(line).status == 200


def test_a_chunked_body_that_breaks_off_is_400(wire: Wire, bystander: Beside) -> None:
    with bystander():
        answer = wire.request(
            b"POST /v1/listen?model=nova-3 HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno size\r\n"
        )

    assert answer.status == 400


def test_a_client_that_vanishes_in_mid_upload_is_forgotten(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        line.sendall(
            b"POST /v1/listen?model=nova-3 HTTP/1.1\r\nHost: x\r\nAuthorization: Token secret\r\n"
            b"Content-Length: 100000\r\n\r\nRIFF"
        )
        reset(line)

    assert wire.server.errors == []


# --- frames -----------------------------------------------------------------------------------------------------------


def test_a_message_too_large_is_1009(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        peer.send(Opcode.BINARY, b"\0" * 200_000)
        assert peer.close_code() == 1009

    assert broken_off(wire, 1009)


def test_a_message_too_large_in_pieces_is_1009(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        peer.send(Opcode.BINARY, b"\0" * 60_000, fin=False)
        peer.send(Opcode.CONT, b"\0" * 60_000, fin=True)
        assert peer.close_code() == 1009


def test_text_that_is_not_utf_8_is_1007(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        peer.send(Opcode.TEXT, b'{"type":"\xff"}')
        peer.send(Opcode.TEXT, b'{"type":"CloseStream"}')  # too late
        assert peer.close_code() == 1007

    assert broken_off(wire, 1007)


@pytest.mark.parametrize(
    "data",
    [
        Frame(Opcode.BINARY, b"\0" * 100).serialize(mask=False),
        b"\xc2\x81\0\0\0\0a",  # the bit of a compression that was not agreed on
        Frame(Opcode.CONT, b"\0" * 100).serialize(mask=True),
        Frame(Opcode.BINARY, b"a", fin=False).serialize(mask=True) + Frame(Opcode.TEXT, b"a").serialize(mask=True),
        b"\x83\x80\0\0\0\0",  # a reserved opcode
        b"\x89\xfe\x00\x7e\0\0\0\0" + b"a" * 126,  # a ping with more than 125 bytes
        b"\x09\x80\0\0\0\0",  # a ping in pieces
    ],
    ids=["unmasked", "reserved bit", "stray continuation", "interleaved", "opcode 3", "long ping", "fragmented ping"],
)
def test_frames_against_the_rules_are_1002(wire: Wire, bystander: Beside, data: bytes) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        line.sendall(data)
        assert peer.close_code() == 1002

    assert broken_off(wire, 1002)


def test_messages_in_pieces_with_pings_between_are_whole_messages(wire: Wire, booking: Clip, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        for frame in booking.frames(32_000):
            peer.send(Opcode.BINARY, frame[:1001], fin=False)
            peer.send(Opcode.PING, b"are you there")
            peer.send(Opcode.CONT, b"", fin=False)
            peer.send(Opcode.CONT, frame[1001:])
        peer.send(Opcode.TEXT, b'{"type":"Clo', fin=False)
        peer.send(Opcode.CONT, b'seStream"}')
        frames = peer.frames()

    pongs = [frame.data for frame in frames if frame.opcode is Opcode.PONG]
    assert pongs == [b"are you there"] * len(booking.frames(32_000))
    session = wire.server.wait_for_sessions(2)[-1]
    sizes = {tuple(entry.size for entry in session.audio_frames()) for session in wire.server.sessions}
    assert tuple(len(frame) for frame in booking.frames(32_000)) in sizes
    assert session.audio is not None


def test_frames_that_come_byte_by_byte_are_frames(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        for byte in Frame(Opcode.TEXT, b'{"type":"CloseStream"}').serialize(mask=True):
            line.sendall(bytes([byte]))
        assert peer.close_code() == 1000


# --- clients that do not behave ---------------------------------------------------------------------------------------


def test_a_client_that_vanishes_is_a_lost_connection(wire: Wire, booking: Clip, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        peer.send(Opcode.BINARY, booking.pcm[:6400])
        reset(line)
        session = wire.server.wait_for_sessions()[0]

    (lost,) = session.of(Lost)
    assert lost.why == "the client's side of the connection ended without a close frame"
    assert isinstance(session.entries[-1], End)


def test_a_client_that_closes_its_half_without_a_close_frame_is_lost(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        line.shutdown(socket.SHUT_WR)
        assert peer.read_to_end() == b""
        session = wire.server.wait_for_sessions()[0]

    assert len(list(session.of(Lost))) == 1


def test_a_client_that_never_reads_is_cut_when_too_much_waits_for_it(
    wire: Wire, bystander: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = PortProtocol.connection_made

    def narrow(protocol: PortProtocol, transport: asyncio.BaseTransport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        made(protocol, transport)

    with bystander(), monkeypatch.context() as patch, socket.socket() as line:
        patch.setattr(PortProtocol, "connection_made", narrow)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(10)
        line.connect(("127.0.0.1", wire.server.port))
        upgraded(line, wire)
        # So little that it arrives whole: with both directions full the kernel lets neither go on, at times.
        line.sendall(Frame(Opcode.TEXT, b"?").serialize(mask=True) * 1000)  # each is answered with an Error
        session = wire.server.wait_for_sessions()[0]

    assert len(list(session.of(Lost))) == 1
    assert [note.text for note in session.of(Note)] == ["cut: more than 10000 bytes waited to be read by the client"]


def test_a_client_that_never_answers_a_close_is_cut(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        peer.send(Opcode.TEXT, b'{"type":"CloseStream"}')
        peer.read_to_end()
        session = wire.server.wait_for_sessions()[0]

    (close,) = session.of(Close)
    assert (close.direction, close.code) == (Direction.DOWNSTREAM, 1000)


def test_a_client_that_never_hangs_up_after_the_close_is_cut(wire: Wire, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        peer.send(Opcode.CLOSE, ClosePayload(1000, "").serialize())
        assert peer.close_code() == 1000
        session = wire.server.wait_for_sessions()[0]

    (close,) = session.of(Close)
    assert (close.direction, close.code) == (Direction.UPSTREAM, 1000)


@pytest.mark.parametrize("code", [b"", struct.pack("!H", 1000) + "\u00fc".encode()])
def test_a_close_is_answered_in_kind(wire: Wire, bystander: Beside, code: bytes) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        peer.send(Opcode.CLOSE, code)
        (close,) = peer.frames()

    assert close.data == code


def test_audio_after_close_stream_is_not_counted(wire: Wire, booking: Clip, bystander: Beside) -> None:
    with bystander(), wire.socket() as line:
        peer = upgraded(line, wire)
        peer.send(Opcode.BINARY, booking.pcm[:3200])
        peer.send(Opcode.TEXT, b'{"type":"CloseStream"}')
        peer.send(Opcode.BINARY, booking.pcm[3200:6400])
        said = peer.read_to_end()

    assert b'"duration":0.1,' in said


def test_a_bug_in_the_server_ends_one_session_and_is_reported(
    wire: Wire, bystander: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = ZeroDivisionError("a bug")

    def break_down(self: WebSocketPeer, data: bytes) -> None:
        raise broken

    with bystander(), monkeypatch.context() as patch, wire.socket() as line:
        patch.setattr(WebSocketPeer, "_text", break_down)
        peer = upgraded(line, wire)
        peer.send(Opcode.TEXT, b'{"type":"KeepAlive"}')
        assert peer.close_code() == 1011

    assert wire.server.errors == [broken]
    wire.forgive_errors()


def broken_off(wire: Wire, code: int) -> bool:
    """Whether the journal of the first session tells that the server broke it off with this code."""
    closes = [close for session in wire.server.wait_for_sessions(2) for close in session.of(Close)]
    return (Direction.DOWNSTREAM, code) in [(close.direction, close.code) for close in closes]


def reset(line: socket.socket) -> None:
    """Vanish: the server gets a reset instead of an orderly end."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()

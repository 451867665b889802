"""WebSocket sessions in HAR files: `_webSocketMessages`, as Chrome, Playwright and mitmproxy write them.

HAR 1.2 knows no WebSocket; the field is Chrome's: `{"type": "send" | "receive" | "error", "time": seconds since 1970,
"opcode": 1 | 2, "data": text, or base64 for binary}`. A HAR holds everything a browser sent, keys included: of the
request nothing is taken but the host, the path and the cleaned query. Close frames are not part of Chrome's field;
`har_export` writes them with opcode 8 and `code`, and the recording's header as `_recording`, which other tools pass
over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput
from harness.recording.document import Recording
from harness.recording.entries import (
    AnyEntry,
    Audio,
    Binary,
    Close,
    Count,
    Direction,
    Header,
    Lost,
    Opened,
    Refused,
    Side,
    Text,
)
from harness.recording.foreign import ImportedSession, ending, fitting, read_json, unix_s
from harness.recording.scrub import clean_headers, clean_query, mask, secrets_in

MAX_HAR_BYTES: Final = 512 * 1024 * 1024
"""An hour of 16 kHz linear16 is 154 MB in base64."""
MAX_FRAME_BYTES: Final = 64 * 1024 * 1024

TEXT, BINARY, CLOSE = 1, 2, 8
"""Opcodes (RFC 6455, section 5.2)."""

_PATHS: Final = ("/v1/listen", "/v2/listen")
_DIRECTIONS: Final = {"send": Direction.UPSTREAM, "receive": Direction.DOWNSTREAM}
_NO_CLOSE_CODE: Final = 1005


class _Pair(msgspec.Struct):
    name: str
    value: str


class _Request(msgspec.Struct):
    url: str
    headers: list[_Pair] = []


class _Content(msgspec.Struct):
    text: str | None = None


class _Response(msgspec.Struct):
    status: int = 0
    headers: list[_Pair] = []
    content: _Content | None = None


class _Message(msgspec.Struct):
    type: str
    time: float
    opcode: int = TEXT
    data: str = ""
    code: int = _NO_CLOSE_CODE
    size: Count | None = msgspec.field(name="_size", default=None)


class _Entry(msgspec.Struct):
    started: str = msgspec.field(name="startedDateTime")
    request: _Request
    response: _Response | None = None
    timings: dict[str, float | None] | None = None
    messages: list[_Message] = msgspec.field(name="_webSocketMessages", default_factory=list)
    recording: Header | None = msgspec.field(name="_recording", default=None)


class _Peek(msgspec.Struct):
    """Enough of an entry to know whether it is a listen connection; all else in a HAR may be as odd as it likes."""

    request: Any = None
    kind: Any = msgspec.field(name="_resourceType", default=None)
    messages: msgspec.Raw = msgspec.field(name="_webSocketMessages", default=msgspec.Raw())


class _Creator(msgspec.Struct):
    name: str = "HAR"
    version: str = ""


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]
    creator: _Creator | None = None


class _Har(msgspec.Struct):
    log: _Log


def from_har(data: bytes, name: str) -> tuple[ImportedSession, ...]:
    """The listen connections of a HAR file, one recording each, with the audio that was sent.

    Args:
        data: the whole file.
        name: what to call it in errors; the recordings are named after it.

    Raises:
        BadInput: the file is too large or no HAR, or a listen connection in it is malformed; the sentence names the
            file and the entry, counted from 0.
    """
    if len(data) > MAX_HAR_BYTES:
        raise BadInput(f"{name}: {len(data)} bytes; at most {MAX_HAR_BYTES} are read")
    log = read_json(data, _Har, name, "a HAR file with log.entries").log
    creator = log.creator or _Creator()
    tool = f"{creator.name} {creator.version}".strip()
    stem = name.rsplit("/", 1)[-1].removesuffix(".har")
    listening = [(at, raw) for at, raw in enumerate(log.entries) if _is_listen(raw)]
    return tuple(
        _imported(raw, f"{name}, entry {at}", tool, stem if len(listening) == 1 else f"{stem}-{count}")
        for count, (at, raw) in enumerate(listening, start=1)
    )


def _is_listen(raw: msgspec.Raw) -> bool:
    try:
        peek = msgspec.json.decode(raw, type=_Peek)
    except (msgspec.MsgspecError, RecursionError):
        return False
    url = peek.request.get("url") if isinstance(peek.request, dict) else None
    if not isinstance(url, str) or _path(url) is None:
        return False
    return (
        bytes(peek.messages) not in (b"", b"null")
        or str(peek.kind).lower() == "websocket"
        or url.startswith(("ws:", "wss:"))
    )


def _path(url: str) -> str | None:
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        return None
    return next((known for known in _PATHS if path.endswith(known)), None)


def _imported(raw: msgspec.Raw, where: str, tool: str, name: str) -> ImportedSession:
    entry: _Entry = read_json(raw, _Entry, where, "a WebSocket connection as Chrome or mitmproxy writes it")
    url = urlsplit(entry.request.url)
    secrets = secrets_in(url.query, _pairs(entry.request.headers))
    query = mask(clean_query(url.query), secrets)
    told = entry.recording
    header = Header(
        side=told.side if told else Side.CLIENT,
        path=_path(entry.request.url) or _PATHS[0],
        query=query,
        created=entry.started,
        tool=mask(tool, secrets),
        replies=mask(told.replies if told else url.netloc.rpartition("@")[2], secrets),
        synthetic=told.synthetic if told else None,
    )
    reader = _Reader(entry, where, query, secrets)
    entries = reader.entries()
    audio = bytes(reader.audio)
    summary = (_audio_entry(audio, reader),) if audio and len(audio) == reader.size else ()
    return ImportedSession(Recording(header, (*entries, *summary, ending(entries)), name), audio)


class _Reader:
    """Turns the messages of one HAR entry into recording entries."""

    def __init__(self, entry: _Entry, where: str, query: str, secrets: frozenset[str]) -> None:
        # The decoder brings numpy along, which who only reads the format need not load.
        from harness.audio.stream_decoder import StreamDecoder

        self.audio = bytearray()
        self.size = 0
        self.raw_format = _raw_format(query)
        self.decoder = StreamDecoder(self.raw_format, keep_audio_s=0.0)
        self._entry = entry
        self._where = where
        self._secrets = secrets
        self._messages = sorted(enumerate(entry.messages), key=lambda numbered: numbered[1].time)
        started_s = unix_s(entry.started, f"{where}: startedDateTime")
        self._zero_s = min([started_s, *(message.time for message in entry.messages)])

    def entries(self) -> tuple[AnyEntry, ...]:
        """The upgrade's answer and every message after it."""
        answer = self._answer()
        frames = () if isinstance(answer, Refused | Lost) else (self._frame(at, each) for at, each in self._messages)
        return (answer, *(frame for frame in frames if frame is not None))

    def _answer(self) -> Opened | Refused | Lost:
        response, wall_s = self._entry.response or _Response(), self._opened_wall_s()
        if response.status in (101, 200) or self._messages:  # 200 answers a WebSocket over HTTP/2 (RFC 8441)
            return Opened(leg=0, wall_s=wall_s, status=response.status or 101, headers=self._headers(response))
        if not response.status:
            return Lost(leg=0, wall_s=wall_s, audio_s=0.0, why="the upgrade was not answered")
        body = mask((response.content and response.content.text) or "", self._secrets)
        return Refused(leg=0, wall_s=wall_s, status=response.status, headers=self._headers(response), body=body)

    def _headers(self, response: _Response) -> dict[str, str]:
        cleaned = clean_headers(_pairs(response.headers))
        return {mask(name, self._secrets): mask(value, self._secrets) for name, value in cleaned.items()}

    def _opened_wall_s(self) -> float:
        timings = self._entry.timings or {}
        parts = (timings.get(part) or 0.0 for part in ("blocked", "dns", "connect", "send", "wait"))
        handshake_s = sum(part for part in parts if part > 0) / 1000
        first_s = self._messages[0][1].time - self._zero_s if self._messages else handshake_s
        return round(min(handshake_s, first_s), 6)

    def _frame(self, at: int, message: _Message) -> AnyEntry | None:
        where = f"{self._where}, message {at}"
        wall_s, audio_s = round(message.time - self._zero_s, 6), round(self.decoder.audio_s, 6)
        if message.type == "error":
            return Lost(leg=0, wall_s=wall_s, audio_s=audio_s, why=mask(message.data, self._secrets))
        direction = _DIRECTIONS.get(message.type)
        if direction is None:
            raise BadInput(f"{where}: type {message.type!r}; wanted send, receive or error")
        if message.opcode == TEXT:
            text = mask(message.data, self._secrets)
            return fitting(Text(leg=0, direction=direction, wall_s=wall_s, audio_s=audio_s, text=text), where)
        if message.opcode == BINARY:
            size = self._take_binary(message, direction, where)
            audio_s = round(self.decoder.audio_s, 6)
            return Binary(leg=0, direction=direction, wall_s=wall_s, audio_s=audio_s, size=size)
        if message.opcode == CLOSE:
            reason = mask(message.data, self._secrets)
            return Close(leg=0, direction=direction, wall_s=wall_s, audio_s=audio_s, code=message.code, reason=reason)
        return None  # pings and pongs are no part of a recording

    def _take_binary(self, message: _Message, direction: Direction, where: str) -> int:
        try:
            data = base64.b64decode(message.data, validate=True)
        except (binascii.Error, ValueError):
            raise BadInput(f"{where}: data of a binary frame is no base64") from None
        size = message.size if message.size is not None and not data else len(data)
        if size > MAX_FRAME_BYTES:
            raise BadInput(f"{where}: a frame of {size} bytes; at most {MAX_FRAME_BYTES} are read")
        if direction is Direction.UPSTREAM:
            self.audio += data
            self.size += size
            self.decoder.feed(data or bytes(size))
        return size


def _audio_entry(audio: bytes, reader: _Reader) -> Audio:
    raw = reader.raw_format
    return Audio(
        sha256=hashlib.sha256(audio).hexdigest(),
        size=len(audio),
        duration_audio_s=round(reader.decoder.audio_s, 6),
        encoding=str(raw.encoding) if raw else None,
        sample_rate=reader.decoder.sample_rate or None,
        channels=reader.decoder.channels or None,
        container=None if raw else reader.decoder.container,
    )


def _raw_format(query: str) -> AudioFormat | None:
    asked = {key: values[-1] for key, values in parse_qs(query).items()}
    try:
        return AudioFormat(Encoding(asked["encoding"]), int(asked["sample_rate"]), int(asked.get("channels", "1")))
    except (KeyError, ValueError, BadInput):
        return None


def _pairs(headers: Iterable[_Pair]) -> list[tuple[str, str]]:
    return [(header.name, header.value) for header in headers]

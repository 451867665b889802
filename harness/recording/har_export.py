"""A recording as a HAR file, for the tools that show one; `har_import` reads it back, and describes the format."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from harness.errors import BadInput
from harness.recording.document import Recording
from harness.recording.entries import (
    AnyEntry,
    Binary,
    Close,
    Direction,
    Header,
    Lost,
    Note,
    Opened,
    Refused,
    Text,
)
from harness.recording.foreign import iso, unix_s
from harness.recording.har_import import BINARY, CLOSE, TEXT
from harness.recording.scrub import clean_query

_TYPES: Final = {Direction.UPSTREAM: "send", Direction.DOWNSTREAM: "receive"}
_ERROR: Final = -1
"""Chrome's opcode of what was no frame."""
_HOST: Final = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_NO_HOST: Final = "recording.invalid"  # RFC 2606 keeps `.invalid` free
_Legged = Opened | Refused | Text | Binary | Close | Lost | Note


def to_har(recording: Recording, audio: bytes = b"") -> bytes:
    """The recording as a HAR file, one entry for each connection.

    Args:
        recording: what to write.
        audio: the bytes of its upstream binary frames, joined; without them the frames are written empty, with their
            size as `_size`.

    Raises:
        BadInput: the audio's size is not that of the frames.
    """
    size = sum(frame.size for frame in recording.audio_frames())
    if audio and len(audio) != size:
        raise BadInput(f"{recording.name}: the audio has {len(audio)} bytes, its frames {size}")
    tool, _, version = recording.header.tool.rpartition(" ")
    creator = {"name": tool, "version": version} if tool else {"name": version, "version": ""}
    payloads = _payloads(recording, audio) if audio else {}
    entries = [_exported(leg, payloads) for leg in recording.legs]
    return msgspec.json.encode({"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}})


def _payloads(recording: Recording, audio: bytes) -> dict[int, Iterator[memoryview]]:
    """The bytes of the upstream binary frames, in order for each leg: connections may overlap in time."""
    pieces: dict[int, list[memoryview]] = {}
    start = 0
    for frame in recording.audio_frames():
        pieces.setdefault(frame.leg, []).append(memoryview(audio)[start : start + frame.size])
        start += frame.size
    return {leg: iter(of_leg) for leg, of_leg in pieces.items()}


def _exported(leg: Recording, payloads: dict[int, Iterator[memoryview]]) -> dict[str, Any]:
    header = msgspec.structs.replace(leg.header, query=clean_query(leg.header.query))
    answer = next((entry for entry in leg.entries if isinstance(entry, Opened | Refused)), None)
    created_s = _created_s(header)
    # The recording's clock starts with the first connection; a later one starts with the first that is known of it.
    offset_s = next((entry.wall_s for entry in leg.entries if isinstance(entry, _Legged) and entry.leg > 0), 0.0)
    wait_ms = (answer.wall_s - offset_s) * 1000 if answer else 0.0
    messages = (_message(entry, created_s, payloads) for entry in leg.entries)
    return {
        "startedDateTime": iso(created_s + offset_s),
        "time": wait_ms,
        "request": _request(header),
        "response": _response(answer),
        "cache": {},
        "timings": {"send": 0, "wait": wait_ms, "receive": 0},
        "_resourceType": "websocket",
        "_webSocketMessages": [message for message in messages if message is not None],
        "_recording": header,
    }


def _created_s(header: Header) -> float:
    try:
        return unix_s(header.created, "created")
    except BadInput:
        return 0.0


def _request(header: Header) -> dict[str, Any]:
    host = header.replies if _HOST.fullmatch(header.replies) else _NO_HOST
    return {
        "method": "GET",
        "url": f"wss://{host}{header.path}" + (f"?{header.query}" if header.query else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "queryString": [
            {"name": name, "value": value} for name, value in parse_qsl(header.query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": 0,
    }


def _response(answer: Opened | Refused | None) -> dict[str, Any]:
    body = answer.body if isinstance(answer, Refused) else ""
    return {
        "status": answer.status if answer else 0,
        "statusText": "Switching Protocols" if isinstance(answer, Opened) else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in answer.headers.items()] if answer else [],
        "content": {"size": len(body.encode()), "mimeType": "x-unknown", "text": body},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _message(entry: AnyEntry, created_s: float, payloads: dict[int, Iterator[memoryview]]) -> dict[str, Any] | None:
    match entry:
        case Text():
            return {**_frame(entry, created_s), "opcode": TEXT, "data": entry.text}
        case Binary():
            is_audio = entry.direction is Direction.UPSTREAM and entry.leg in payloads
            data = base64.b64encode(next(payloads[entry.leg])).decode() if is_audio else ""
            return {**_frame(entry, created_s), "opcode": BINARY, "data": data, "_size": entry.size}
        case Close():
            return {**_frame(entry, created_s), "opcode": CLOSE, "data": entry.reason, "code": entry.code}
        case Lost():
            return {"type": "error", "time": created_s + entry.wall_s, "opcode": _ERROR, "data": entry.why}
    return None


def _frame(entry: Text | Binary | Close, created_s: float) -> dict[str, Any]:
    return {"type": _TYPES[entry.direction], "time": created_s + entry.wall_s}

"""The JSON layout in which Deepgram's support toolkit keeps a streaming session (`stt_stream_file/`).

One array: first `{"type": "OpenStream", "headers": [[name, value], …], "received": DATE}`, then every server message
with two keys added: `received` (ISO 8601) and `audio_cursor` (seconds of audio sent so far). There is no query, nothing
that the client sent, and no close.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from harness.errors import BadInput
from harness.protocol.codec import decode_server
from harness.protocol.messages import UnknownMessage
from harness.recording.document import Recording
from harness.recording.entries import AnyEntry, Direction, Header, Opened, Side, Text
from harness.recording.foreign import ending, fitting, iso, read_json, unix_s
from harness.recording.scrub import clean_headers, clean_query

MAX_TOOLKIT_BYTES: Final = 256 * 1024 * 1024
TOOL: Final = "deepgram support-toolkit"

_ADDED: Final = frozenset({"received", "audio_cursor"})
_FLUX_TYPES: Final = frozenset({"Connected", "TurnInfo"})


class _OpenStream(msgspec.Struct):
    type: str
    received: str
    headers: list[tuple[str, str]] | dict[str, str] = []


class _Stamp(msgspec.Struct):
    """The two keys that the toolkit adds to a message."""

    received: str
    audio_cursor: float


def from_toolkit(data: bytes, name: str, query: str = "") -> Recording:
    """Read a session as the support toolkit wrote it.

    Args:
        data: the whole file.
        name: what to call it in errors and in the recording.
        query: the query string of the session, which the layout does not have.

    Raises:
        BadInput: the file is too large, no such array, or a message lacks its date or cursor; the sentence names the
            file and the message, counted from 0.
    """
    if len(data) > MAX_TOOLKIT_BYTES:
        raise BadInput(f"{name}: {len(data)} bytes; at most {MAX_TOOLKIT_BYTES} are read")
    items = read_json(data, list[msgspec.Raw], name, "the JSON array of Deepgram's support toolkit")
    if not items:
        raise BadInput(f"{name}: the array is empty; wanted an OpenStream and the messages after it")
    opened = read_json(items[0], _OpenStream, f"{name}, item 0", "an OpenStream object")
    if opened.type != "OpenStream":
        raise BadInput(f"{name}, item 0: type {opened.type!r}; wanted OpenStream")
    zero_s = unix_s(opened.received, f"{name}, item 0: received")
    pairs = opened.headers.items() if isinstance(opened.headers, dict) else opened.headers
    messages = [_message(raw, f"{name}, item {at}", zero_s) for at, raw in enumerate(items[1:], start=1)]
    entries: list[AnyEntry] = [Opened(leg=0, wall_s=0.0, headers=clean_headers(pairs)), *messages]
    header = Header(
        side=Side.CLIENT,
        path="/v2/listen" if any(_is_flux(entry) for entry in messages) else "/v1/listen",
        query=clean_query(query),
        created=opened.received,
        tool=TOOL,
        replies="an unknown host",
    )
    return Recording(header, (*entries, ending(entries)), name.rsplit("/", 1)[-1].removesuffix(".json"))


def to_toolkit(recording: Recording) -> bytes:
    """Write one connection in the support toolkit's layout; only its downstream JSON objects have a place there.

    Raises:
        BadInput: the recording has no open connection, or several: each of `recording.legs` has its own file.
    """
    openings = list(recording.of(Opened))
    if len(openings) != 1:
        raise BadInput(f"{recording.name}: {len(openings)} connections were opened; the layout holds exactly one")
    began_s = unix_s(recording.header.created, f"{recording.name}: created")
    opening = {
        "type": "OpenStream",
        "headers": list(openings[0].headers.items()),
        "received": iso(began_s + openings[0].wall_s),
    }
    return msgspec.json.format(msgspec.json.encode([opening, *_items(recording, began_s)]), indent=2)


def _message(raw: msgspec.Raw, where: str, zero_s: float) -> Text:
    wanted = "a message with received and audio_cursor"
    stamp = read_json(raw, _Stamp, where, wanted)
    fields = read_json(raw, dict[str, msgspec.Raw], where, wanted)
    entry = Text(
        leg=0,
        direction=Direction.DOWNSTREAM,
        wall_s=round(max(0.0, unix_s(stamp.received, f"{where}: received") - zero_s), 6),
        audio_s=stamp.audio_cursor,
        text=_joined({key: value for key, value in fields.items() if key not in _ADDED}),
    )
    return fitting(entry, where)


def _items(recording: Recording, began_s: float) -> Iterator[msgspec.Raw]:
    for entry in recording.texts(Direction.DOWNSTREAM):
        try:
            fields = msgspec.json.decode(entry.text, type=dict[str, msgspec.Raw])
        except msgspec.MsgspecError:
            continue
        fields["received"] = msgspec.Raw(msgspec.json.encode(iso(began_s + entry.wall_s)))
        fields["audio_cursor"] = msgspec.Raw(msgspec.json.encode(entry.audio_s))
        yield msgspec.Raw(_joined(fields).encode())


def _joined(fields: dict[str, msgspec.Raw]) -> str:
    # The values stay literal: 2.0000002 is not formatted anew.
    return msgspec.json.format(msgspec.json.encode(fields), indent=-1).decode()


def _is_flux(entry: Text) -> bool:
    message = decode_server(entry.text).message
    return isinstance(message, UnknownMessage) and message.type in _FLUX_TYPES

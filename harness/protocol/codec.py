"""Text frames to messages and back. Nothing that a peer sends raises here: what is not understood is a value too.

msgspec does the work: it checks types while it parses, at about the cost of parsing alone, and its structs are the
frozen values of `messages`. The literal text stays with the message, because Deepgram's floats come from 32-bit numbers
(`2.0000002`) and a replay that formats them anew is no longer the recording.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import msgspec

from harness.protocol.messages import (
    ClientMessage,
    MalformedMessage,
    Message,
    NotUnderstood,
    ServerMessage,
    UnknownMessage,
)
from harness.protocol.prerecorded import PrerecordedResponse

_SERVER = msgspec.json.Decoder(ServerMessage)
_CLIENT = msgspec.json.Decoder(ClientMessage)
_ENCODER = msgspec.json.Encoder()
_REQUEST_ID = re.compile(r'("request_id"\s*:\s*")[^"\\]*(")')
_SERVER_TYPES = frozenset(
    {
        "Results",
        "SpeechStarted",
        "UtteranceEnd",
        "Metadata",
        "Error",
        "ConfigureSuccess",
        "ConfigureFailure",
        "Sync",
    }
)
_CLIENT_TYPES = frozenset({"KeepAlive", "Finalize", "CloseStream", "Configure", "Sync"})


class Decoded:
    """One text frame, understood or not.

    Attributes:
        message: the typed message, or `UnknownMessage` / `MalformedMessage`.
        text: the frame exactly as it came.
    """

    __slots__ = ("__dict__", "message", "text")

    def __init__(self, message: ServerMessage | ClientMessage | NotUnderstood, text: str) -> None:
        self.message = message
        self.text = text

    def __repr__(self) -> str:
        return f"Decoded({self.message!r})"

    @cached_property
    def unmodelled(self) -> dict[str, Any]:
        """Fields that the message carries and `messages` does not know, by path: `{"channel.novel": 1}`."""
        if isinstance(self.message, MalformedMessage | UnknownMessage):
            return {}
        return dict(_unmodelled(msgspec.json.decode(self.text), msgspec.to_builtins(self.message), ""))


def decode_server(text: str) -> Decoded:
    """Read one downstream text frame."""
    return _decode(text, _SERVER, _SERVER_TYPES)


def decode_client(text: str) -> Decoded:
    """Read one upstream text frame."""
    return _decode(text, _CLIENT, _CLIENT_TYPES)


def encode(message: Message) -> str:
    """One message as the text of a frame: compact JSON, the wire's key order, whole floats printed as `1.0`."""
    return _ENCODER.encode(message).decode()


def decode_prerecorded(body: bytes | str) -> PrerecordedResponse:
    """Read the JSON body of `POST /v1/listen`.

    Raises:
        msgspec.ValidationError: a field has the wrong shape; the message names its path.
        msgspec.DecodeError: the body is not JSON.
    """
    return msgspec.json.decode(body, type=PrerecordedResponse)


def encode_prerecorded(response: PrerecordedResponse) -> bytes:
    """The JSON body of `POST /v1/listen`."""
    return _ENCODER.encode(response)


def with_request_id(text: str, request_id: str) -> str:
    """The same literal text with every `request_id` replaced; all else, float formatting included, stays."""
    return _REQUEST_ID.sub(lambda found: found[1] + request_id + found[2], text)


def _decode(text: str, decoder: msgspec.json.Decoder[Any], known: frozenset[str]) -> Decoded:
    try:
        return Decoded(decoder.decode(text), text)
    except msgspec.MsgspecError as error:
        return Decoded(_not_understood(text, str(error), known), text)
    except UnicodeEncodeError:  # a lone surrogate: such text cannot have come from a UTF-8 frame
        return Decoded(MalformedMessage(None, "the text is not valid Unicode"), text)


def _not_understood(text: str, problem: str, known: frozenset[str]) -> NotUnderstood:
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        return MalformedMessage(None, f"not JSON: {error}")
    if not isinstance(fields, dict):
        return MalformedMessage(None, f"a JSON {type(fields).__name__} where an object is wanted")
    kind = fields.get("type")
    if isinstance(kind, str) and kind in known:
        return MalformedMessage(kind, problem)
    return UnknownMessage(kind if isinstance(kind, str) else None, fields)


def _unmodelled(raw: Any, known: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, value in raw.items():
            where = f"{path}.{key}" if path else key
            if key in known:
                yield from _unmodelled(value, known[key], where)
            elif value is not None:
                yield where, value
    elif isinstance(raw, list) and isinstance(known, list | tuple):
        for index, (value, other) in enumerate(zip(raw, known, strict=False)):
            yield from _unmodelled(value, other, f"{path}[{index}]")

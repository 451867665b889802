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
_PRERECORDED = msgspec.json.Decoder(PrerecordedResponse)
_ENCODER = msgspec.json.Encoder()
# A quote inside a JSON string is always escaped, so a quote without a backslash before it begins a key.
_REQUEST_ID = re.compile(r'(?<!\\)("request_id"\s*:\s*)"(?:[^"\\]|\\.)*"')
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
_FREE_FORM = frozenset(
    {
        "diarize_info",
        "extra",
        "features",
        "intents",
        "intents_info",
        "sentiment_info",
        "sentiments",
        "summaries",
        "summary",
        "summary_info",
        "topics",
        "topics_info",
        "warnings",
    }
)
"""Fields whose inside is not modelled, so that a null there may mean something."""


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
        """Fields that the message carries and `messages` does not know, by path: `{"channel.novel": 1}`.

        When such a field is itself unreadable, say a number of 5,000 digits, the answer is `{"": why}`.
        """
        if isinstance(self.message, MalformedMessage | UnknownMessage):
            return {}
        try:
            return dict(_unmodelled(msgspec.json.decode(self.text), msgspec.to_builtins(self.message), ""))
        except (msgspec.MsgspecError, RecursionError) as error:
            return {"": str(error)}


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
    """Read the JSON body of `POST /v1/listen`; `null` in a field that may be absent counts as absent.

    Raises:
        msgspec.ValidationError: a field has the wrong shape; the message names its path.
        msgspec.DecodeError: the body is not JSON.
    """
    try:
        try:
            return _PRERECORDED.decode(body)
        except msgspec.ValidationError:
            return msgspec.convert(_without_nulls(msgspec.json.decode(body)), PrerecordedResponse)
    except (UnicodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None


def encode_prerecorded(response: PrerecordedResponse) -> bytes:
    """The JSON body of `POST /v1/listen`."""
    return _ENCODER.encode(response)


def with_request_id(text: str, request_id: str) -> str:
    """The same literal text with every `request_id` replaced; all else, float formatting included, stays."""
    literal = _ENCODER.encode(request_id).decode()
    return _REQUEST_ID.sub(lambda found: found[1] + literal, text)


def _decode(text: str, decoder: msgspec.json.Decoder[Any], known: frozenset[str]) -> Decoded:
    try:
        return Decoded(decoder.decode(text), text)
    except msgspec.ValidationError as error:
        problem = str(error)
    except (msgspec.DecodeError, RecursionError) as error:  # RecursionError: nested deeper than Python's stack
        return Decoded(MalformedMessage(None, f"not readable as JSON: {error}"), text)
    except UnicodeEncodeError:  # a lone surrogate: such text cannot have come from a UTF-8 frame
        return Decoded(MalformedMessage(None, "the text is not valid Unicode"), text)
    return Decoded(_second_look(text, decoder, problem, known), text)


def _second_look(
    text: str, decoder: msgspec.json.Decoder[Any], problem: str, known: frozenset[str]
) -> ServerMessage | ClientMessage | NotUnderstood:
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        return MalformedMessage(None, f"not readable as JSON: {error}")
    if not isinstance(fields, dict):
        return MalformedMessage(None, f"a JSON {type(fields).__name__} where an object is wanted")
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in known:
        return UnknownMessage(kind if isinstance(kind, str) else None, fields)
    try:
        message: ServerMessage | ClientMessage = msgspec.convert(_without_nulls(fields), decoder.type)
    except (msgspec.ValidationError, RecursionError):
        return MalformedMessage(kind, problem)
    return message


def _without_nulls(value: Any) -> Any:
    # Serialisers differ on whether an optional field that has no value is left out or null: both mean the same here.
    if isinstance(value, dict):
        kept = ((key, inner) for key, inner in value.items() if inner is not None)
        return {key: inner if key in _FREE_FORM else _without_nulls(inner) for key, inner in kept}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


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

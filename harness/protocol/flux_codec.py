"""Text frames of `/v2/listen` to messages and back. As in `codec`, nothing that a peer sends raises here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from harness.protocol.codec import with_request_id
from harness.protocol.flux_messages import FluxClientMessage, FluxMessage, FluxServerMessage
from harness.protocol.messages import MalformedMessage, NotUnderstood, UnknownMessage

_SERVER: Final = msgspec.json.Decoder(FluxServerMessage)
_CLIENT: Final = msgspec.json.Decoder(FluxClientMessage)
_ENCODER: Final = msgspec.json.Encoder()
_SERVER_TYPES: Final = frozenset({"Connected", "TurnInfo", "ConfigureSuccess", "ConfigureFailure", "Warning", "Error"})
_CLIENT_TYPES: Final = frozenset({"Configure", "ForceEndTurn", "CloseStream"})
FATAL_ERROR: Final = "FatalError"
"""What the schema of Error is called, and an example of Deepgram's for JavaScript calls the message itself."""

# A quote inside a JSON string is always escaped, so a quote without a backslash before it begins a key.
_SEQUENCE_ID: Final = re.compile(r'(?<!\\)("sequence_id"\s*:\s*)-?[0-9]+')


@dataclass(frozen=True)
class FluxDecoded:
    """One text frame, understood or not.

    Attributes:
        message: the typed message, or `UnknownMessage` / `MalformedMessage`.
        text: the frame exactly as it came.
    """

    message: FluxServerMessage | FluxClientMessage | NotUnderstood
    text: str


def decode_flux_server(text: str) -> FluxDecoded:
    """Read one downstream text frame."""
    return _decode(text, _SERVER, _SERVER_TYPES)


def decode_flux_client(text: str) -> FluxDecoded:
    """Read one upstream text frame."""
    return _decode(text, _CLIENT, _CLIENT_TYPES)


def encode_flux(message: FluxMessage) -> str:
    """One message as the text of a frame: compact JSON, the wire's key order, whole floats printed as `1.0`."""
    return _ENCODER.encode(message).decode()


def with_ids(text: str, request_id: str, sequence_id: int) -> str:
    """The same literal text with a connection's own id and place in its sequence; float formatting stays."""
    return _SEQUENCE_ID.sub(rf"\g<1>{sequence_id}", with_request_id(text, request_id))


def _decode(text: str, decoder: msgspec.json.Decoder[Any], known: frozenset[str]) -> FluxDecoded:
    try:
        return FluxDecoded(decoder.decode(text), text)
    except msgspec.ValidationError as error:
        problem = str(error)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        return FluxDecoded(MalformedMessage(None, f"not readable as JSON: {error}"), text)
    return FluxDecoded(_second_look(text, decoder, problem, known), text)


def _second_look(
    text: str, decoder: msgspec.json.Decoder[Any], problem: str, known: frozenset[str]
) -> FluxServerMessage | FluxClientMessage | NotUnderstood:
    """What a frame that did not fit is: of an unknown type, of a known one with nulls for absent fields, or broken."""
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        return MalformedMessage(None, f"not readable as JSON: {error}")
    if not isinstance(fields, dict):
        return MalformedMessage(None, f"a JSON {type(fields).__name__} where an object is wanted")
    if fields.get("type") == FATAL_ERROR:
        fields = {**fields, "type": "Error"}
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in known:
        return UnknownMessage(kind if isinstance(kind, str) else None, fields)
    try:
        message: FluxServerMessage | FluxClientMessage = msgspec.convert(_without_nulls(fields), decoder.type)
    except (msgspec.ValidationError, RecursionError):
        return MalformedMessage(kind, problem)
    return message


def _without_nulls(value: Any) -> Any:
    # Some SDKs write an option that is not set as null.
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value

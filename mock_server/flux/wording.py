"""The text of each message of a connection: its own ids, its place in the sequence, the fields of the chosen year."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import UNSET
from msgspec.structs import replace

from harness.protocol.flux_codec import encode_flux, with_ids
from harness.protocol.flux_messages import Connected, FluxConfigureFailure, FluxConfigureSuccess, FluxError, TurnInfo
from mock_server.flux.settings import FatalType, FluxSettings
from mock_server.flux.turns import Saying

Worded: TypeAlias = Saying | Connected | FluxConfigureSuccess | FluxConfigureFailure | FluxError


def worded(saying: Worded, request_id: str, sequence_id: int, settings: FluxSettings) -> str:
    """One message as the text of a frame; a recorded one stays literal but for its ids.

    Args:
        saying: what is to be said.
        request_id: of the connection.
        sequence_id: the message's place among all that the connection has said, from 0.
        settings: which fields are sent, and what a fatal error is called.
    """
    if isinstance(saying, FluxError):
        return _fatal(encode_flux(replace(saying, sequence_id=sequence_id)), settings.fatal_type)
    if isinstance(saying, FluxConfigureFailure) and not settings.failure_reasons:
        saying = replace(saying, code=UNSET, description=UNSET)
    if not isinstance(saying, Saying):
        return encode_flux(replace(saying, request_id=request_id, sequence_id=sequence_id))
    if saying.text is not None and settings.details_of_2026:
        return with_ids(saying.text, request_id, sequence_id)
    message = saying.message if settings.details_of_2026 else _as_of_2025(saying.message)
    return encode_flux(replace(message, request_id=request_id, sequence_id=sequence_id))


def _as_of_2025(message: TurnInfo) -> TurnInfo:
    words = tuple(replace(word, start=UNSET, end=UNSET) for word in message.words)
    return replace(message, words=words, trigger=UNSET, languages=UNSET, languages_hinted=UNSET)


def _fatal(text: str, fatal_type: FatalType) -> str:
    return text.replace('"type":"Error"', f'"type":"{fatal_type}"', 1)

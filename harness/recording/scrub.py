"""Keeps secrets out of recordings: queries, headers and text are cleaned here before the first byte is written.

Deepgram takes a key or a temporary token in `Authorization` and, from browsers, in `Sec-WebSocket-Protocol`; people
also put one into the query or into the user part of a callback URL, where Deepgram does not look and logs do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote_plus

from harness.protocol.auth import MASK, scrub

SECRET_PARAMETERS: Final = frozenset(
    {
        "access_token",
        "api_key",
        "apikey",
        "auth",
        "authorization",
        "bearer",
        "jwt",
        "key",
        "password",
        "secret",
        "token",
    }
)
SHORTEST_SECRET: Final = 8
"""A shorter value is a stand-in such as `test`; masking it would tear holes into ordinary text."""

_SCHEMES: Final = frozenset({"token", "bearer"})
_DROPPED_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
_USER_PART: Final = re.compile(r"(?<=//)[^/?#@]*(?:@[^/?#@]*)*@")


def clean_query(query: str) -> str:
    """The query string without the parameters that carry a secret; all others stay as they were written.

    The user part of a URL in a value, such as `callback=https://user:password@host`, is taken out.
    """
    pieces = [piece for piece in query.split("&") if _name(piece) not in SECRET_PARAMETERS]
    return "&".join(_without_user(piece) for piece in pieces)


def clean_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Response headers for a recording: lower-case names, no cookies, of the subprotocol only its name.

    A header that is given several times becomes one value, joined by commas (RFC 9110, 5.3).
    """
    cleaned: dict[str, str] = {}
    for name, value in ((name.lower(), value) for name, value in headers):
        if name in _DROPPED_HEADERS:
            continue
        kept = _first_known_protocol(value) if name == "sec-websocket-protocol" else value
        cleaned[name] = f"{cleaned[name]}, {kept}" if name in cleaned else kept
    return cleaned


def secrets_in(query: str, request_headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The secret values that a request carried, for `mask`."""
    found = {unquote_plus(piece.partition("=")[2]) for piece in query.split("&") if _name(piece) in SECRET_PARAMETERS}
    for name, value in ((name.lower(), value) for name, value in request_headers):
        if name in ("authorization", "proxy-authorization"):
            found.update(value.split())
        elif name == "sec-websocket-protocol":
            found.update(item.strip() for item in value.split(","))
    return frozenset(secret for secret in found if len(secret) >= SHORTEST_SECRET)


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret, plain or percent-encoded, replaced by `***`."""
    return scrub(text, secrets)


def _name(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0]).strip().lower()


def _without_user(piece: str) -> str:
    name, equals, value = piece.partition("=")
    plain = unquote_plus(value)
    cleaned = _USER_PART.sub("", plain)
    return piece if cleaned == plain else f"{name}{equals}{quote(cleaned, safe='')}"


def _first_known_protocol(value: str) -> str:
    items = [item.strip() for item in value.split(",")]
    return next((item for item in items if item.lower() in _SCHEMES), MASK)

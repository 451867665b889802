"""Who is asking: credentials from the request head, and keeping them out of everything that is written down.

A client authenticates by header, or, where a browser lets it set none, by subprotocol
(https://developers.deepgram.com/docs/using-the-sec-websocket-protocol):

    Authorization: Token <API key>             Sec-WebSocket-Protocol: token, <API key>
    Authorization: Bearer <temporary JWT>      Sec-WebSocket-Protocol: bearer, <temporary JWT>
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"


class Scheme(StrEnum):
    """The two schemes, spelled as the subprotocol is."""

    TOKEN = "token"
    BEARER = "bearer"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client showed.

    Attributes:
        scheme: `token` for an API key, `bearer` for a temporary token.
        secret: the key or token itself; never part of `repr`.
        subprotocol: what the upgrade must echo, or None when the client offered none of the two. A browser fails the
            handshake when it offered subprotocols and the server chose none.
    """

    scheme: Scheme
    secret: str = field(repr=False)
    subprotocol: str | None = None


def credentials(authorization: str | None, subprotocols: Sequence[str] = ()) -> Credentials | None:
    """Read the credentials of a request; None when it carries none that are well formed.

    The header is preferred; the subprotocol is echoed either way.

    Args:
        authorization: the value of `Authorization`, whose scheme is case-insensitive (Go and .NET send `token`).
        subprotocols: the values of `Sec-WebSocket-Protocol`, split or not. The first `token` or `bearer` counts, the
            item after it is the secret; other items, such as the JavaScript SDK's session id, are ignored.
    """
    offered = _from_subprotocols(subprotocols)
    scheme, _, secret = (authorization or "").strip().partition(" ")
    if scheme.lower() in set(Scheme) and secret.strip():
        return Credentials(Scheme(scheme.lower()), secret.strip(), offered.subprotocol if offered else None)
    return offered


def _from_subprotocols(subprotocols: Sequence[str]) -> Credentials | None:
    items = [item.strip() for line in subprotocols for item in line.split(",")]
    for name, secret in pairwise(items):
        if name in set(Scheme):
            return Credentials(Scheme(name), secret, subprotocol=name) if secret else None
    return None


def accepts(shown: Credentials | None, api_keys: frozenset[str] | None) -> bool:
    """Whether the credentials open the door.

    Args:
        shown: what `credentials` returned.
        api_keys: the secrets that do, keys and issued tokens alike; None lets any non-empty secret pass.
    """
    if shown is None or not shown.secret:
        return False
    if api_keys is None:
        return True
    secret = shown.secret.encode(errors="surrogatepass")
    # Every key is compared, in constant time each: how long it takes tells nothing about which came close.
    matches = [hmac.compare_digest(secret, key.encode(errors="surrogatepass")) for key in api_keys]
    return any(matches)


def scrub(text: str, secrets: Iterable[str]) -> str:
    """`text` with every occurrence of every secret replaced by `MASK`, as it stands or percent-encoded."""
    forms = {form for secret in secrets if secret for form in _spellings(secret)}
    if not forms:
        return text
    # Longest first: a secret that begins with another one must not leave its tail behind.
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.sub(pattern, MASK, text)


def _spellings(secret: str) -> tuple[str, str, str]:
    return secret, quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace")

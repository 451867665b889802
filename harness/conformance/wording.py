"""How numbers and excerpts are written in findings, the same in every sentence."""

from __future__ import annotations

import re
from typing import Final

EXCERPT_CHARACTERS: Final = 120

# A key must never reach a report, not even out of a client's own error text. Deepgram's keys are 40 hex digits, its
# temporary tokens JWTs; both may follow the scheme of an Authorization header or of a WebSocket subprotocol.
_SECRET = re.compile(
    r"\b(?:token|bearer)\b[\s,:]+(?P<credential>[\w.~+/=-]{8,})|\b[0-9a-f]{40}\b|\beyJ[\w-]+\.[\w-]+\.[\w-]*",
    re.IGNORECASE,
)


def seconds(value: float) -> str:
    """Seconds with at most three decimals: `3.2 s`."""
    return f"{number(value)} s"


def milliseconds(value_s: float) -> str:
    """A number of seconds as milliseconds: `20 ms`."""
    return f"{number(value_s * 1000)} ms"


def number(value: float) -> str:
    """At most three decimals, without idle zeros, `-0` or an exponent that nobody reads."""
    if abs(value) >= 1e9:
        return f"{value:.3g}"
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plural(count: int, noun: str) -> str:
    """`1 frame`, `3,200 frames`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def has_secret(text: str) -> bool:
    """Whether the text seems to hold an API key or a token."""
    return _SECRET.search(text) is not None


def excerpt(text: str) -> str:
    """The text on one line, cut to a readable length, keys and tokens blotted out."""
    clean = " ".join(_SECRET.sub("***", text).split())
    return clean if len(clean) <= EXCERPT_CHARACTERS else clean[: EXCERPT_CHARACTERS - 1] + "…"

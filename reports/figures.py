"""How numbers and untrusted text are written, in one place for every format."""

from __future__ import annotations

from typing import Final

UNDEFINED: Final = "–"
"""Stands where a figure has no value; the reason goes with it."""

# Joiners are invisible and harmless, and Persian, Hindi and emoji cannot be written without them.
_JOINERS: Final = frozenset("\u200c\u200d")


def undefined(reason: str) -> str:
    """The sign for a figure that has no value, with the reason."""
    return f"{UNDEFINED} ({reason})"


def percent(share: float) -> str:
    """A share as a percentage: 0.0342 is `3.42 %`."""
    return f"{share * 100:z.2f} %"


def points(difference: float) -> str:
    """A difference of two shares in percentage points, signed."""
    return f"{difference * 100:+z.2f} pp"


def duration(seconds: float, *, signed: bool = False) -> str:
    """A span of time: milliseconds below one second, seconds from there on."""
    sign = "+" if signed else ""
    if abs(seconds) < 1:
        return f"{seconds * 1000:{sign}z.1f} ms"
    return f"{seconds:{sign}z.2f} s"


def duration_or(seconds: float | None, reason: str) -> str:
    """A span of time, or why there is none."""
    return undefined(reason) if seconds is None else duration(seconds)


def milliseconds(value: float) -> str:
    """A number that is in milliseconds already, without needless zeros."""
    return f"{value:zg} ms"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 case`, `8 cases`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def one_line(text: str) -> str:
    r"""Text from outside on one line, with nothing in it that a terminal obeys or that hides or reorders what is read.

    Runs of white space become one space. Control, bidirectional, zero-width, private and unassigned characters become
    visible escapes such as `\x1b` and `\u202e`.
    """
    flat = " ".join(text.split())
    if flat.isprintable():
        return flat
    return "".join(char if char.isprintable() or char in _JOINERS else _escaped(char) for char in flat)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def shorten(text: str, limit: int) -> str:
    """`one_line` of the text, cut to `limit` characters; the sign of the cut is one of them."""
    # Cut first: nothing beyond can be shown, and a text from a recording may be megabytes long.
    flat = one_line(text[: limit * 8])
    return flat if len(flat) <= limit and len(text) <= limit * 8 else flat[: limit - 1].rstrip() + "…"

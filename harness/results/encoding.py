"""Results to JSON and back."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec

from harness.results.run import LAYOUT_VERSION, RunResult


def to_json(result: msgspec.Struct, *, indent: int = 2) -> str:
    """A result as JSON text, keys in the order they are declared."""
    return msgspec.json.format(msgspec.json.encode(result), indent=indent).decode()


def from_json(data: bytes) -> RunResult:
    """Read a run's result.

    Raises:
        msgspec.MsgspecError: it is not JSON, or not of this layout.
    """
    run: RunResult = msgspec.json.decode(data, type=RunResult)
    return run


class _Head(msgspec.Struct):
    """What every version's results begin with."""

    layout: int
    tool: str = ""


def why_unread(data: bytes, error: Exception) -> str:
    """Why results could not be read, for a sentence: those of another layout say of which, and who wrote them."""
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return str(error)
    if head.layout == LAYOUT_VERSION:
        return str(error)
    writer = f", as {head.tool[:60]} writes them" if head.tool else ""
    return f"results of layout {head.layout}{writer}, and this version reads layout {LAYOUT_VERSION}"


def to_builtins(result: msgspec.Struct) -> Any:
    """A result as plain dicts and lists."""
    return msgspec.to_builtins(result)


def schema(layout: type[msgspec.Struct] = RunResult) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of results of one layout; unless told otherwise of those of a run."""
    described: dict[str, Any] = msgspec.json.schema(layout)
    for struct in described["$defs"].values():
        # Docstrings are indented as in the source up to Python 3.12, and not from 3.13 on.
        if "description" in struct:
            struct["description"] = cleandoc(struct["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"dgharness {layout.__name__}",
        **described,
    }

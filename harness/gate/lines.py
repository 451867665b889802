"""JSON in a file that somebody named: what is broken is told in one sentence with its place."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import msgspec

from harness.errors import BadInput

WANTED: Final = (
    "wanted a baseline, the results of `run --json-file`, the lines of `score --utterances-file` or the folder of a "
    "`corpus`"
)


def decoded(data: bytes, kind: type[Any], place: str) -> Any:
    """A value of that kind.

    Raises:
        BadInput: it is none.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{place}: {error}; {WANTED}") from None


def numbered(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """The lines that hold something, each with its place."""
    for number, line in enumerate(BytesIO(data), start=1):
        if line.strip():
            yield f"{name}, line {number}", line

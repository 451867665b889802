"""What the layouts of other tools have in common: civil time instead of a session clock, and no closing frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from harness.errors import BadInput
from harness.protocol.codec import decode_server
from harness.protocol.messages import Metadata
from harness.recording.document import MAX_LINE_BYTES, Recording, line
from harness.recording.entries import AnyEntry, Close, Direction, End, Lost, Refused, Text


@dataclass(frozen=True)
class ImportedSession:
    """A session out of another tool's file.

    Attributes:
        recording: what happened.
        audio: the bytes of its upstream binary frames, joined; empty where the file does not hold them.
    """

    recording: Recording
    audio: bytes


def read_json(raw: bytes | msgspec.Raw, kind: Any, where: str, wanted: str) -> Any:
    """JSON from strangers as a value of a type.

    Raises:
        BadInput: it is none; the sentence begins with `where` and ends with what was wanted.
    """
    try:
        if isinstance(raw, bytes):
            raw.decode()  # msgspec takes values that it skips, or leaves raw, without a look at their encoding
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{where}: {error}; wanted {wanted}") from None


def fitting(text: Text, where: str) -> Text:
    """The entry, if a recording can hold it.

    Raises:
        BadInput: its line would be longer than a recording's line may be.
    """
    size = len(line(text).encode())
    if size > MAX_LINE_BYTES:
        raise BadInput(
            f"{where}: its line in a recording would have {size} bytes; at most {MAX_LINE_BYTES} are allowed"
        )
    return text


def unix_s(moment: str, where: str) -> float:
    """Seconds since 1970 of an ISO 8601 date; one without a zone is taken for UTC.

    Raises:
        BadInput: it is no such date; the sentence begins with `where`.
    """
    try:
        parsed = datetime.fromisoformat(moment)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise BadInput(f"{where} is {moment!r}; wanted a date such as 2026-11-20T09:14:33.207Z") from None


def iso(unix_seconds: float) -> str:
    """An ISO 8601 date in UTC, to the microsecond."""
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="microseconds")


def ending(entries: Sequence[AnyEntry]) -> End:
    """The `End` of a session whose file may not say how it ended: complete after a close, a refusal or `Metadata`."""
    wall_s = max((getattr(entry, "wall_s", 0.0) for entry in entries), default=0.0)
    if any(isinstance(entry, Lost) for entry in entries):
        return End(wall_s=wall_s, partial=True, why="the connection was lost")
    complete = any(isinstance(entry, Close | Refused) or _is_metadata(entry) for entry in entries)
    return (
        End(wall_s=wall_s) if complete else End(wall_s=wall_s, partial=True, why="neither Metadata nor a close frame")
    )


def _is_metadata(entry: AnyEntry) -> bool:
    if not isinstance(entry, Text) or entry.direction is Direction.UPSTREAM:
        return False
    return isinstance(decode_server(entry.text).message, Metadata)

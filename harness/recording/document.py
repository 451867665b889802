"""A whole recording, read from lines and written to them. Its counterpart on disk is `store`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, TypeVar

import msgspec

from harness.errors import BadInput
from harness.recording.entries import (
    FORMAT,
    VERSION,
    AnyEntry,
    Audio,
    Binary,
    Direction,
    End,
    Header,
    Opened,
    Refused,
    Text,
)

MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""Longest line taken: a recording is data from strangers, and real messages are a few kB."""


class _Preamble(msgspec.Struct):
    """What every version of the format says of itself on its first line."""

    entry: str = ""
    format: str = ""
    version: int = 0


_PREAMBLE = msgspec.json.Decoder(_Preamble)
_HEADER = msgspec.json.Decoder(Header)
_DECODER = msgspec.json.Decoder(AnyEntry)
_ENCODER = msgspec.json.Encoder()

E = TypeVar("E", bound=AnyEntry)
T = TypeVar("T")


@dataclass(frozen=True)
class Recording:
    """One session: its header and everything that happened, in order.

    Attributes:
        header: what was asked, by whom, of whom.
        entries: all lines after the header.
        name: what to call it, usually the file's name without its ending.
    """

    header: Header
    entries: tuple[AnyEntry, ...]
    name: str = "recording"

    @cached_property
    def audio(self) -> Audio | None:
        """What was sent, when the recording says so."""
        return next(self.of(Audio), None)

    @cached_property
    def partial(self) -> bool:
        """Whether the session or its recording was cut short."""
        last = self.entries[-1] if self.entries else None
        return not isinstance(last, End) or last.partial

    @cached_property
    def legs(self) -> tuple[Recording, ...]:
        """One recording for each connection, with its own entries and those of no connection."""
        numbers = sorted({entry.leg for entry in self.entries if hasattr(entry, "leg")})
        return tuple(
            replace(self, entries=tuple(e for e in self.entries if getattr(e, "leg", number) == number))
            for number in numbers
        )

    def of(self, kind: type[E]) -> Iterator[E]:
        """All entries of one kind, in order."""
        return (entry for entry in self.entries if isinstance(entry, kind))

    def texts(self, direction: Direction) -> Iterator[Text]:
        """The text frames that went one way."""
        return (entry for entry in self.of(Text) if entry.direction is direction)

    def audio_frames(self) -> Iterator[Binary]:
        """The binary frames that the client sent."""
        return (entry for entry in self.of(Binary) if entry.direction is Direction.UPSTREAM)

    @property
    def request_id(self) -> str | None:
        """The `dg-request-id` of the first upgrade, opened or refused."""
        answers = (e for e in self.entries if isinstance(e, Opened | Refused))
        return next((e.headers["dg-request-id"] for e in answers if "dg-request-id" in e.headers), None)


def line(entry: AnyEntry) -> str:
    """One entry as one line, with its line feed."""
    return _ENCODER.encode(entry).decode() + "\n"


def lines(recording: Recording) -> Iterator[str]:
    """The whole recording as lines."""
    yield line(recording.header)
    yield from map(line, recording.entries)


def parse(source: Iterable[bytes], name: str) -> Recording:
    """Read a recording from its lines.

    A last line without its line feed is a write that was cut short: it is left out, and the recording is partial.

    Raises:
        BadInput: a line is not an entry, the header is missing or of another format or version, or a line is too long;
            the sentence names the file and the line.
    """
    header: Header | None = None
    entries: list[AnyEntry] = []
    damage: BadInput | None = None
    for number, raw in enumerate(source, start=1):
        if damage is not None:
            raise damage
        where = f"{name}, line {number}"
        if len(raw) > MAX_LINE_BYTES:
            raise BadInput(f"{where}: longer than the {MAX_LINE_BYTES} bytes that a line may have")
        if header is None:
            header = _read_header(raw, where)
            continue
        try:
            entries.append(_read_entry(raw, where))
        except BadInput as error:
            if raw.endswith(b"\n"):
                raise
            damage = error  # a write cut short, if this is the last line
    if header is None:
        raise BadInput(f"{name}: the file is empty; a recording starts with a header line")
    return Recording(header, tuple(entries), name.rsplit("/", 1)[-1].removesuffix(".jsonl"))


def _read_header(raw: bytes, where: str) -> Header:
    preamble = _decode(_PREAMBLE, raw, where, "the header of a dgharness recording")
    if preamble.entry != "header" or preamble.format != FORMAT:
        raise BadInput(f"{where}: not the header of a dgharness recording")
    if preamble.version != VERSION:
        raise BadInput(f"{where}: recording version {preamble.version}; this dgharness reads version {VERSION}")
    return _decode(_HEADER, raw, where, "the header of a dgharness recording")


def _read_entry(raw: bytes, where: str) -> AnyEntry:
    entry: AnyEntry = _decode(_DECODER, raw, where, "an entry of a dgharness recording")
    if isinstance(entry, Header):
        raise BadInput(f"{where}: a second header; a recording has one, on its first line")
    return entry


def _decode(decoder: msgspec.json.Decoder[T], raw: bytes, where: str, wanted: str) -> T:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{where}: {error}; wanted {wanted}") from None

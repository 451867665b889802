"""The lines of a recording: one frozen value each, tagged by `entry`.

A recording is a JSON-lines file: `header` first, then one line for everything that happened, then `audio` (what was
sent) and `end`. `leg` counts the connections of one session from 0. `wall_s` is monotonic seconds since the first leg's
connect began; `audio_s` is the position in the audio sent on that leg at that instant, so that a reader needs no sums.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec

FORMAT: Final = "dgharness-recording"
VERSION: Final = 1

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
"""A whole number from 0, checked where a recording is read."""


class Direction(StrEnum):
    """Which way a frame went."""

    UPSTREAM = "up"
    DOWNSTREAM = "down"


class Side(StrEnum):
    """Which end of the connection wrote the recording: where its clock ran."""

    CLIENT = "client"
    SERVER = "server"


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", omit_defaults=True):
    """Base of every line."""


class Header(Entry, tag="header", frozen=True, kw_only=True, omit_defaults=False):
    """The first line.

    Attributes:
        side: which end wrote it.
        path: `/v1/listen` or `/v2/listen`.
        query: the query string as sent; secrets never travel there.
        created: RFC 3339 UTC.
        tool: name and version of the writer.
        replies: what produced the answers, in words: a host name, `recording NAME`, `script (seed 7)`.
        synthetic: whether those answers were made up rather than recognised.
    """

    format: str = FORMAT
    version: int = VERSION
    side: Side
    path: str
    query: str
    created: str
    tool: str
    replies: str
    synthetic: bool | None = None


class Opened(Entry, tag="opened", frozen=True, kw_only=True):
    """The upgrade succeeded; `headers` are the response's, lower-case names."""

    leg: Count
    wall_s: float
    status: int = 101
    headers: dict[str, str] = {}


class Refused(Entry, tag="refused", frozen=True, kw_only=True):
    """The upgrade was refused with an HTTP answer."""

    leg: Count
    wall_s: float
    status: int
    headers: dict[str, str] = {}
    body: str = ""


class Text(Entry, tag="text", frozen=True, kw_only=True):
    """A text frame, literally."""

    leg: Count
    direction: Direction
    wall_s: float
    audio_s: float
    text: str


class Binary(Entry, tag="binary", frozen=True, kw_only=True):
    """A binary frame: its size; the bytes stand in the audio beside the recording, in this order.

    `due_s` is when a paced sender meant to send it, on the same clock as `wall_s`. `source_audio_s` is where in the
    source its audio begins, said at the start of a later leg and behind audio that was given up.
    """

    leg: Count
    direction: Direction
    wall_s: float
    audio_s: float
    size: Count
    due_s: float | None = None
    source_audio_s: float | None = None


class Close(Entry, tag="close", frozen=True, kw_only=True):
    """A close frame; `code` 1005 when it carried none."""

    leg: Count
    direction: Direction
    wall_s: float
    audio_s: float
    code: int
    reason: str = ""


class Lost(Entry, tag="lost", frozen=True, kw_only=True):
    """The connection ended without a close frame (1006), and why as far as this end knows.

    `by` is the end that let go; None where that cannot be told, as when the network did.
    """

    leg: Count
    wall_s: float
    audio_s: float
    why: str
    by: Side | None = None


class Note(Entry, tag="note", frozen=True, kw_only=True):
    """Something the writer noticed, such as a stream that left its recording."""

    leg: Count
    wall_s: float
    audio_s: float
    text: str


class Audio(Entry, tag="audio", frozen=True, kw_only=True):
    """What was sent on all legs together; raw formats have `encoding`, containers have `container`.

    Attributes:
        sha256: of the bytes sent.
        size: how many.
        duration_audio_s: how long they play.
        pcm_sha256: of the decoded audio, blind to headers (`harness.audio.identity.pcm_sha256`).
        file: name of the file that holds the bytes, beside the recording; None when they were not kept.
        source: where the audio came from, a file name or `-`.
    """

    sha256: str
    size: Count
    duration_audio_s: float
    encoding: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    container: str | None = None
    pcm_sha256: str | None = None
    file: str | None = None
    source: str | None = None


class End(Entry, tag="end", frozen=True, kw_only=True):
    """The last line; a recording without it, or with `partial`, was cut short."""

    wall_s: float
    partial: bool = False
    why: str = ""


Framed: TypeAlias = Text | Binary | Close
AnyEntry: TypeAlias = Header | Opened | Refused | Text | Binary | Close | Lost | Note | Audio | End

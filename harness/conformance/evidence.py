"""A recording laid out for rules: frames, messages and ends of each leg, with their place and the audio clock.

**Assumption about the clocks.** The audio clock of an entry is the audio sent on its leg before and including it: an
upstream binary frame counts itself. For raw formats it is computed here from the sizes, so a writer that counts
otherwise is not believed; for containers the entry's own `audio_s` is taken. `wall_s` is that of the side that wrote
the recording (`header.side`): a client's shows when frames were handed to the socket, a server's when they arrived.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias, TypeVar

import msgspec

from harness.conformance.asked import Asked
from harness.conformance.settings import ClientClaim, JudgeSettings
from harness.protocol import messages
from harness.protocol.codec import decode_client, decode_server
from harness.recording.document import Recording
from harness.recording.entries import AnyEntry, Binary, Close, Direction, Lost, Opened, Refused, Side, Text

HEAD_BYTES: Final = 256
"""As much of a frame as rules look at: a control message fits in, and so does any container's signature."""

CONTROL_SIZES: Final = {
    len(template % kind): kind
    for template in ('{"type": "%s"}', '{"type":"%s"}')
    for kind in ("Finalize", "KeepAlive", "CloseStream")
}
"""Sizes of the control messages as JSON writers format them; bytes that were not kept can only be told by size."""

_SMALL: Final = 5  # a frame of audio is at least so many times longer than a control message taken for one

LegEntry: TypeAlias = Opened | Refused | Text | Binary | Close | Lost
Said: TypeAlias = messages.ServerMessage | messages.ClientMessage | messages.UnknownMessage | messages.MalformedMessage
E = TypeVar("E", bound=LegEntry)
M = TypeVar("M", bound=Said)


class Frame(NamedTuple):
    """One frame of audio.

    `at` is its index in the recording, `before_audio_s` the audio before it on the leg and `audio_s` its own length.
    `ends_run` marks the last frame of a leg and one before a text message: what is left over may be short there.
    """

    at: int
    entry: Binary
    before_audio_s: float
    audio_s: float
    ends_run: bool

    @property
    def wall_s(self) -> float:
        """When it was sent, or arrived, on the recording side's clock."""
        return self.entry.wall_s


class Heard(NamedTuple):
    """One text frame, decoded, with its index in the recording and the audio sent on the leg up to then."""

    at: int
    entry: Text
    message: Said
    audio_s: float


class Place(NamedTuple):
    """One entry and its index in the recording."""

    at: int
    entry: LegEntry


@dataclass(frozen=True)
class Leg:
    """One connection.

    Attributes:
        number: its number in the recording.
        places: its entries in order.
        asked: what the query string asked.
        side: whose clock `wall_s` is.
        settings: the judge's limits.
        complete: whether the recording goes on to the end of the session.
        heads: the first bytes of binary frames, by index, as far as they are known; the last one may be cut short.
    """

    number: int
    places: tuple[Place, ...]
    asked: Asked
    side: Side
    settings: JudgeSettings
    complete: bool = True
    heads: dict[int, bytes] = field(default_factory=dict)

    # --- entries ----------------------------------------------------------------------------------------------------

    def of(self, kind: type[E]) -> Iterator[tuple[int, E]]:
        """All entries of one kind with their indices."""
        return ((place.at, place.entry) for place in self.places if isinstance(place.entry, kind))

    @cached_property
    def opened(self) -> tuple[int, Opened] | None:
        """The successful upgrade."""
        return next(self.of(Opened), None)

    @cached_property
    def upstream(self) -> tuple[tuple[int, Text | Binary | Close], ...]:
        """Everything the client sent, in order."""
        return tuple(
            (index, entry)
            for index, entry in ((place.at, place.entry) for place in self.places)
            if isinstance(entry, Text | Binary | Close) and entry.direction is Direction.UPSTREAM
        )

    @cached_property
    def end(self) -> tuple[int, Close | Lost] | None:
        """The first close frame of either side, or the loss of the connection."""
        return next(((place.at, place.entry) for place in self.places if isinstance(place.entry, Close | Lost)), None)

    @cached_property
    def last_wall_s(self) -> float | None:
        """When the last thing happened on the leg."""
        return max((place.entry.wall_s for place in self.places), default=None)

    # --- audio ------------------------------------------------------------------------------------------------------

    @cached_property
    def binaries(self) -> tuple[tuple[int, Binary], ...]:
        """Every binary frame the client sent."""
        return tuple((index, entry) for index, entry in self.upstream if isinstance(entry, Binary))

    @cached_property
    def empties(self) -> tuple[int, ...]:
        """Indices of the empty binary frames, which Deepgram takes for CloseStream."""
        return tuple(index for index, entry in self.binaries if entry.size <= 0)

    @cached_property
    def typical_bytes(self) -> int:
        """The commonest size of a binary frame; the larger of two equally common; 0 without any."""
        sizes = Counter(entry.size for _, entry in self.binaries if entry.size > 0)
        return max(sizes, key=lambda size: (sizes[size], size), default=0)

    @cached_property
    def controls(self) -> dict[int, str]:
        """Binary frames that are control messages: the message by index, or its likely name where bytes are unknown."""
        found = ((index, self._control_in(index, entry.size)) for index, entry in self.binaries)
        return {index: control for index, control in found if control is not None}

    def _control_in(self, index: int, size: int) -> str | None:
        head = self.heads.get(index)
        if head is not None and len(head) >= min(size, HEAD_BYTES):
            return head.decode(errors="replace") if _is_message(head) else None
        kind = CONTROL_SIZES.get(size)
        if kind is None or size * _SMALL > self.typical_bytes:
            return None
        whole_samples = self.asked.format is None or size % self.asked.format.frame_bytes == 0
        return None if whole_samples and index in self._run_ends else kind

    @cached_property
    def _run_ends(self) -> frozenset[int]:
        sent = self.upstream
        ends = {index for (index, _), (_, after) in pairwise(sent) if isinstance(after, Text | Close)}
        return frozenset(ends | ({sent[-1][0]} if sent else set()))

    @cached_property
    def clock_audio_s(self) -> dict[int, float]:
        """The audio clock at each entry, by index."""
        clock: dict[int, float] = {}
        sent = 0
        for index, entry in self.places:
            if isinstance(entry, Binary) and entry.direction is Direction.UPSTREAM and index not in self.controls:
                sent += max(entry.size, 0)
            clock[index] = self.asked.format.seconds(sent) if self.asked.format else getattr(entry, "audio_s", 0.0)
        return clock

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """The frames that hold audio."""
        frames: list[Frame] = []
        before_s = 0.0
        for index, entry in self.binaries:
            after_s = self.clock_audio_s[index]
            if entry.size > 0 and index not in self.controls:
                frames.append(Frame(index, entry, before_s, max(after_s - before_s, 0.0), index in self._run_ends))
            before_s = after_s
        return tuple(frames)

    @cached_property
    def full_frames(self) -> tuple[Frame, ...]:
        """The frames that must keep to a size: those that end a run may hold what was left over."""
        typical = self.typical_bytes
        return tuple(frame for frame in self.frames if not (frame.ends_run and frame.entry.size < typical))

    @property
    def typical_audio_s(self) -> float | None:
        """How long a frame of the typical size plays; None when that does not follow from bytes."""
        return None if self.asked.format is None else self.asked.format.seconds(self.typical_bytes)

    @cached_property
    def sent_audio_s(self) -> float:
        """Seconds of audio sent on the leg."""
        return sum(frame.audio_s for frame in self.frames)

    # --- messages ---------------------------------------------------------------------------------------------------

    @cached_property
    def heard(self) -> tuple[Heard, ...]:
        """The server's text frames."""
        return self._texts(Direction.DOWNSTREAM)

    @cached_property
    def told(self) -> tuple[Heard, ...]:
        """The client's text frames."""
        return self._texts(Direction.UPSTREAM)

    def _texts(self, direction: Direction) -> tuple[Heard, ...]:
        decode = decode_server if direction is Direction.DOWNSTREAM else decode_client
        return tuple(
            Heard(index, entry, decode(entry.text).message, self.clock_audio_s[index])
            for index, entry in self.of(Text)
            if entry.direction is direction
        )

    @cached_property
    def results(self) -> tuple[tuple[Heard, messages.Results], ...]:
        """The server's Results in order."""
        return tuple((heard, heard.message) for heard in self.heard if isinstance(heard.message, messages.Results))

    @cached_property
    def metadata(self) -> tuple[int, messages.Metadata] | None:
        """The first Metadata."""
        found = (heard for heard in self.heard)
        return next(((h.at, h.message) for h in found if isinstance(h.message, messages.Metadata)), None)

    @cached_property
    def close_stream(self) -> int | None:
        """Index of the first CloseStream message."""
        return next((told.at for told in self.told if isinstance(told.message, messages.CloseStream)), None)

    @cached_property
    def asked_to_close(self) -> int | None:
        """Index of the first CloseStream in either form: the message, or the deprecated empty frame."""
        return min((index for index in (self.close_stream, *self.empties[:1]) if index is not None), default=None)


@dataclass(frozen=True)
class Session:
    """The whole case before the judge."""

    recording: Recording
    legs: tuple[Leg, ...]
    asked: Asked
    settings: JudgeSettings
    claim: ClientClaim | None

    @property
    def version(self) -> int:
        """2 for Flux (`/v2/listen`), else 1."""
        return 2 if self.recording.header.path.rstrip("/").endswith("/v2/listen") else 1


def lay_out(
    recording: Recording, claim: ClientClaim | None, settings: JudgeSettings, lead_bytes: bytes | None
) -> Session:
    """Lay a recording out for the rules; costs one pass here, the rest when a rule asks."""
    asked = Asked(recording.header.query)
    heads = dict(_heads(recording.entries, lead_bytes or b""))
    places: dict[int, list[Place]] = {}
    for index, entry in enumerate(recording.entries):
        if isinstance(entry, LegEntry):
            places.setdefault(entry.leg, []).append(Place(index, entry))
    legs = tuple(
        Leg(number, tuple(places[number]), asked, recording.header.side, settings, not recording.partial, heads)
        for number in sorted(places)
    )
    return Session(recording, legs, asked, settings, claim)


def _heads(entries: Sequence[AnyEntry], lead: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    for index, entry in enumerate(entries):
        if not isinstance(entry, Binary) or entry.direction is not Direction.UPSTREAM or entry.size <= 0:
            continue
        if offset >= len(lead):
            return
        yield index, lead[offset : offset + min(entry.size, HEAD_BYTES)]
        offset += entry.size


def _is_message(head: bytes) -> bool:
    if not head.lstrip().startswith(b"{"):
        return False
    try:
        fields = msgspec.json.decode(head)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return isinstance(fields, dict) and "type" in fields

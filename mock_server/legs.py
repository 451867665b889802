"""Recognises the connections of one session: a client that was cut off comes back and goes on where the audio says.

The live service forgets a connection that is gone: a new one counts its audio from 0. But what it *hears* is the same
speech further on. Here the recording is what hears, so it must be found out where in the recording the new audio lies.
First by its bytes: a client that sends again what was not final sends bytes that came before. Else by its sound: within
the recording's audio, where that is at hand. Else it is a new session from the beginning.

Pure: bytes, positions and times come in; places come out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from harness.audio.fingerprint import Fingerprint
from harness.audio.format import AudioFormat
from harness.audio.locate import locate
from harness.audio.pcm import Samples
from mock_server.transcriber import StreamSource

REMEMBERED_AUDIO_S: Final = 60.0
"""How much of an unfinished connection's audio is kept to find its continuation in."""

REMEMBERED_WALL_S: Final = 300.0
"""How long an unfinished connection is remembered."""

SILENT_WALL_S: Final = 2.0
"""A connection that was sent nothing for so long may be cut off without our having noticed."""

REMEMBERED_LEGS: Final = 64

PROBE_AUDIO_S: Final = 0.25
"""How much audio a continuation is first looked for by; doubled while several places match, such as silence."""

SOUND_AUDIO_S: Final = 1.0
"""How much audio a continuation is looked for by its sound; less may be a pause, and pauses sound alike."""

GIVE_UP_AUDIO_S: Final = 2.0
"""After so much audio a continuation that was not found is a new session."""

LAST_BYTES: Final = 64
"""How much of two pieces is compared before all of them is."""


@dataclass
class Leg:
    """One connection, as far as a continuation needs to know it.

    Attributes:
        number: which connection of its session, from 0.
        place_audio_s: where its audio began in the source's timeline.
        source: what answered it; None when it was never found out.
        fmt: of its raw audio; None for containers, whose continuation cannot be told by bytes.
        tail: the latest of its bytes.
        tail_start: position of the first byte of the tail on this connection.
        heard_s: when it was last sent audio.
        heard_audio_s: how much audio it was sent.
        ended_s: when it ended; None while it runs.
    """

    number: int
    fmt: AudioFormat | None
    place_audio_s: float = 0.0
    source: StreamSource | None = None
    known: Fingerprint | None = None
    tail: bytearray = field(default_factory=bytearray)
    tail_start: int = 0
    heard_s: float = 0.0
    heard_audio_s: float = 0.0
    ended_s: float | None = None

    def __post_init__(self) -> None:
        self._tail_bytes = 0 if self.fmt is None else self.fmt.aligned_bytes(REMEMBERED_AUDIO_S)

    def heard(self, data: bytes) -> None:
        """The client sent audio."""
        if self.fmt is None:
            return
        self.tail += data
        surplus = len(self.tail) - self._tail_bytes
        if surplus > self._tail_bytes // 4:  # now and then, so that the rest is not moved for every frame
            del self.tail[:surplus]
            self.tail_start += surplus

    def position_audio_s(self, byte: int) -> float:
        """Where in the source's timeline a byte of this connection lies."""
        assert self.fmt is not None
        return self.place_audio_s + self.fmt.seconds(byte)


@dataclass(frozen=True)
class Place:
    """Where a connection begins in its source's timeline; `continues` is the connection it goes on from, or None."""

    audio_s: float
    continues: Leg | None


class Legs:
    """Remembers unfinished connections, by client."""

    def __init__(self) -> None:
        self._unfinished: OrderedDict[str, Leg] = OrderedDict()

    def begin(self, client: str, fmt: AudioFormat | None, now_s: float) -> tuple[Leg, Leg | None]:
        """A client connects; returns its new leg, and the unfinished one that it may go on from.

        Args:
            client: who it is, as far as that can be told: its key and its query string.
            fmt: of its raw audio, or None.
            now_s: monotonic seconds.
        """
        before = self._unfinished.pop(client, None)
        if before is not None and not (before.fmt == fmt and _gone(before, now_s)):
            before = None
        return Leg(0 if before is None else before.number + 1, fmt, heard_s=now_s), before

    def runs(self, client: str, leg: Leg) -> None:
        """A connection has found what answers it; it may be gone without our noticing, so it is remembered."""
        self._remember(client, leg)

    def ended(self, client: str, leg: Leg, now_s: float, *, finished: bool) -> None:
        """A connection is over; one that was not closed in good order may be continued."""
        if finished or leg.source is None:
            if self._unfinished.get(client) is leg:
                del self._unfinished[client]
            return
        leg.ended_s = now_s
        self._remember(client, leg)

    def _remember(self, client: str, leg: Leg) -> None:
        self._unfinished[client] = leg
        self._unfinished.move_to_end(client)
        while len(self._unfinished) > REMEMBERED_LEGS:
            self._unfinished.popitem(last=False)


def _gone(leg: Leg, now_s: float) -> bool:
    """Whether a connection is over, though not for long; one that was sent nothing for a while may be half-open."""
    if leg.ended_s is None:
        return now_s - leg.heard_s > SILENT_WALL_S
    return now_s - leg.ended_s <= REMEMBERED_WALL_S


def find_place(leg: Leg, before: Leg, samples: Samples, sample_rate: int, *, last_chance: bool = False) -> Place | None:
    """Where a new connection goes on from an unfinished one; None as long as that is open.

    Args:
        leg: the new connection, with what it heard so far.
        before: the one it may continue.
        samples: what it heard, decoded, of shape (frames, channels).
        sample_rate: of the samples.
        last_chance: no more audio will come, so it must be decided now.
    """
    if leg.heard_audio_s < PROBE_AUDIO_S and not last_chance:
        return None
    give_up = last_chance or leg.heard_audio_s >= GIVE_UP_AUDIO_S
    # A container begins with its header again, so only how it sounds tells where it goes on.
    found = _occurrences(bytes(leg.tail), before) if leg.tail else []
    if len(found) == 1 or (found and give_up):
        return Place(before.position_audio_s(found[0]), before)
    listens = leg.heard_audio_s >= SOUND_AUDIO_S or last_chance
    if not found and listens and before.known is not None and len(samples):
        expected_audio_s = before.place_audio_s + before.heard_audio_s
        audio_s = locate(samples, sample_rate, before.known, expected_audio_s)
        if audio_s is not None:
            return Place(audio_s, before)
    return Place(0.0, None) if give_up else None


def _occurrences(heard: bytes, before: Leg) -> list[int]:
    """The last places of the old connection, in bytes, at which the new one's audio stood; two at most.

    The new audio may run past the end of the old, so as much of it is compared as the old has from there on.
    """
    places = chain(_at_the_end(heard, before), _inside(heard, before))
    return [before.tail_start + at for at in islice(places, 2)]


def _at_the_end(heard: bytes, before: Leg) -> Iterator[int]:
    """Where the new audio runs past the end of the old, from the latest place on."""
    assert before.fmt is not None
    tail, width = before.tail, before.fmt.frame_bytes
    least = min(len(heard), len(tail), before.fmt.aligned_bytes(PROBE_AUDIO_S))
    for at in range(_aligned(len(tail) - least, before), max(-1, len(tail) - len(heard)), -width):
        size = len(tail) - at
        # The last bytes first: in silence everything else is alike nearly everywhere.
        if heard[max(0, size - LAST_BYTES) : size] == tail[-min(size, LAST_BYTES) :] and heard.startswith(tail[at:]):
            yield at


def _inside(heard: bytes, before: Leg) -> Iterator[int]:
    """Where the old connection has all of the new audio, from the latest place on."""
    at = before.tail.rfind(heard)
    while at >= 0:
        if at == _aligned(at, before):
            yield at
        at = before.tail.rfind(heard, 0, at + len(heard) - 1)


def _aligned(at: int, before: Leg) -> int:
    """The last beginning of a frame up to a place in the tail."""
    assert before.fmt is not None
    return at - (before.tail_start + at) % before.fmt.frame_bytes

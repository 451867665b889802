"""Puts the messages of every connection onto the one timeline of the source, and joins them without a doubled word.

Each connection counts its audio from 0 and starts a new `request_id`. Where it began in the source, and what it left
out later, is known to the sender; so every time is moved there. A connection repeats a little of what the one before
it had made final; words that were given already are taken out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from harness.audio.format import MAX_CHANNELS
from harness.protocol.messages import (
    Alternative,
    Message,
    Results,
    Search,
    SearchHit,
    SpeechStarted,
    UtteranceEnd,
    Word,
)

TOLERANCE_AUDIO_S: Final = 2e-3
"""Deepgram's times are 32-bit floats: after an hour they are a quarter of a millisecond apart."""


@dataclass
class LegMap:
    """Where the audio of one connection lies in the source: pieces, each from a leg position to a source position."""

    leg_audio_s: list[float] = field(default_factory=list)
    source_audio_s: list[float] = field(default_factory=list)

    def begin(self, leg_audio_s: float, source_audio_s: float) -> None:
        """From this leg position on, the audio comes from this source position."""
        self.leg_audio_s.append(leg_audio_s)
        self.source_audio_s.append(source_audio_s)

    def to_source(self, leg_audio_s: float) -> float:
        """The source position of a leg position."""
        piece = max(0, bisect_right(self.leg_audio_s, leg_audio_s + TOLERANCE_AUDIO_S / 2) - 1)
        return leg_audio_s - self.leg_audio_s[piece] + self.source_audio_s[piece]

    def end_to_source(self, leg_audio_s: float) -> float:
        """The same for an end: one that lies where a new piece begins belongs to the piece before it."""
        piece = max(0, bisect_left(self.leg_audio_s, leg_audio_s - TOLERANCE_AUDIO_S / 2) - 1)
        return leg_audio_s - self.leg_audio_s[piece] + self.source_audio_s[piece]


@dataclass
class _Channel:
    covered_audio_s: float = 0.0
    last_word: Word | None = None
    # As of the beginning of this connection: what it repeats lies before the one, or is the other over again.
    given_audio_s: float = 0.0
    given_word: Word | None = None


class Seam:
    """Joins connections; `covered_audio_s` is how far the source has been made final."""

    def __init__(self) -> None:
        self._channels: dict[int, _Channel] = {}

    @property
    def covered_audio_s(self) -> float:
        """Up to where every channel is final; 0 before each has had its first final."""
        return min((channel.covered_audio_s for channel in self._channels.values()), default=0.0)

    def begin_leg(self) -> None:
        """A new connection begins; it may repeat what is covered so far."""
        for channel in self._channels.values():
            channel.given_audio_s, channel.given_word = channel.covered_audio_s, channel.last_word

    def rebase(self, message: Message, leg: LegMap) -> Message | None:
        """The message on the source's timeline; None when all of it was given before."""
        match message:
            case Results():
                return self._results(message, leg)
            case SpeechStarted():
                return replace(message, timestamp=_rounded(leg.to_source(message.timestamp)))
            case UtteranceEnd() if message.last_word_end >= 0:
                return replace(message, last_word_end=_rounded(leg.end_to_source(message.last_word_end)))
        return message

    def _results(self, results: Results, leg: LegMap) -> Results | None:
        number, total = results.channel_index
        for other in range(min(total, MAX_CHANNELS)):  # one that was not heard from yet is not final anywhere
            self._channels.setdefault(other, _Channel())
        channel = self._channels.setdefault(number, _Channel())
        start_audio_s, end_audio_s = leg.to_source(results.start), leg.end_to_source(results.end_audio_s)
        # All of it is final already: it was said on an earlier connection, or this one says it twice.
        said_before = end_audio_s <= channel.covered_audio_s + TOLERANCE_AUDIO_S and channel.covered_audio_s > 0
        if said_before and not results.from_finalize:
            return None
        alternatives = tuple(_alternative(given, channel, leg) for given in results.channel.alternatives)
        fresh = alternatives[0].words if alternatives else ()
        start_audio_s = max(start_audio_s, channel.given_audio_s)
        if results.is_final:
            channel.covered_audio_s = max(end_audio_s, channel.covered_audio_s)
            channel.last_word = fresh[-1] if fresh else channel.last_word
        return replace(
            results,
            start=_rounded(start_audio_s),
            duration=_rounded(max(0.0, end_audio_s - start_audio_s)),
            channel=replace(
                results.channel, alternatives=alternatives, search=_search(results.channel.search, channel, leg)
            ),
            # They count words from the segment's first.
            entities=results.entities if len(fresh) == len(results.words) else UNSET,
        )


def _alternative(given: Alternative, channel: _Channel, leg: LegMap) -> Alternative:
    """A reading with the words that are left; the text stays literal as long as none was taken out."""
    words = _fresh((_moved(word, leg) for word in given.words), channel)
    if len(words) == len(given.words):
        return replace(given, words=words)
    return replace(given, words=words, transcript=" ".join(word.display for word in words))


def _fresh(words: Iterable[Word], channel: _Channel) -> tuple[Word, ...]:
    """The words that no earlier connection had final: they lie in what that covered, or are its last word again.

    That last word is said again once at most; the same word after it is a word of its own.
    """
    fresh: list[Word] = []
    last = channel.given_word
    for word in words:
        again = last is not None and word.word == last.word and word.start < last.end - TOLERANCE_AUDIO_S
        if again and word.end > (last.start if last else 0.0):
            last = None
        elif (word.start + word.end) / 2 >= channel.given_audio_s - TOLERANCE_AUDIO_S:
            fresh.append(word)
    return tuple(fresh)


def _moved(word: Word, leg: LegMap) -> Word:
    return replace(word, start=_rounded(leg.to_source(word.start)), end=_rounded(leg.end_to_source(word.end)))


def _search(found: tuple[Search, ...] | UnsetType, channel: _Channel, leg: LegMap) -> tuple[Search, ...] | UnsetType:
    if found is UNSET:
        return UNSET
    return tuple(replace(search, hits=tuple(_hits(search.hits, channel, leg))) for search in found)


def _hits(hits: Iterable[SearchHit], channel: _Channel, leg: LegMap) -> Iterator[SearchHit]:
    for hit in hits:
        start_audio_s, end_audio_s = leg.to_source(hit.start), leg.end_to_source(hit.end)
        if (start_audio_s + end_audio_s) / 2 >= channel.given_audio_s - TOLERANCE_AUDIO_S:
            yield replace(hit, start=_rounded(start_audio_s), end=_rounded(end_audio_s))


def _rounded(audio_s: float) -> float:
    return round(audio_s, 6)

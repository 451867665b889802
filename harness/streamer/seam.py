"""Puts the messages of every connection onto the one timeline of the source, and joins them without a doubled word.

Each connection counts its audio from 0 and starts a new `request_id`. Where it began in the source, and what it left
out later, is known to the sender; so every time is moved there. A connection repeats a little of what the one before
it had made final; words that were given already are taken out.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from harness.protocol.messages import Alternative, Message, Results, SpeechStarted, UtteranceEnd, Word

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
        """Up to where every channel heard from is final; 0 before the first final."""
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
                return replace(message, last_word_end=_rounded(leg.to_source(message.last_word_end)))
        return message

    def _results(self, results: Results, leg: LegMap) -> Results | None:
        channel = self._channels.setdefault(results.channel_index[0], _Channel())
        start_audio_s, end_audio_s = leg.to_source(results.start), leg.to_source(results.end_audio_s)
        if end_audio_s <= channel.given_audio_s + TOLERANCE_AUDIO_S and channel.given_audio_s > 0:
            return None
        moved = tuple(_moved(word, leg) for word in results.words)
        fresh = tuple(word for word in moved if not _was_given(word, channel))
        start_audio_s = max(start_audio_s, channel.given_audio_s)
        if results.is_final:
            channel.covered_audio_s = max(end_audio_s, channel.covered_audio_s)
            channel.last_word = fresh[-1] if fresh else channel.last_word
        return replace(
            results,
            start=_rounded(start_audio_s),
            duration=_rounded(max(0.0, end_audio_s - start_audio_s)),
            channel=replace(results.channel, alternatives=_alternatives(results, fresh)),
        )


def _was_given(word: Word, channel: _Channel) -> bool:
    """Whether an earlier connection had this word final: it lies in what that covered, or is its last word again."""
    if (word.start + word.end) / 2 < channel.given_audio_s - TOLERANCE_AUDIO_S:
        return True
    last = channel.given_word
    return last is not None and word.word == last.word and word.start < last.end - TOLERANCE_AUDIO_S


def _moved(word: Word, leg: LegMap) -> Word:
    return replace(word, start=_rounded(leg.to_source(word.start)), end=_rounded(leg.to_source(word.end)))


def _alternatives(results: Results, words: tuple[Word, ...]) -> tuple[Alternative, ...]:
    """The alternatives with the words that are left; the text stays literal as long as none was taken out."""
    if not results.channel.alternatives:
        return ()
    first = results.channel.alternatives[0]
    if len(words) == len(first.words):
        return (replace(first, words=words), *results.channel.alternatives[1:])
    return (replace(first, words=words, transcript=" ".join(word.display for word in words)),)


def _rounded(audio_s: float) -> float:
    return round(audio_s, 6)

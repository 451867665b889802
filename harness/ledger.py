"""Where every second of the source audio went, over all connections: sent, sent again, dropped, delivered, transcribed.

Loss and doubling are computed from it, never guessed. Positions are whole frames of the source, so that sums are exact.
Invariants: what was sent, dropped or is left makes up the source, each frame once (conservation); words lie in order,
none is said twice, and none lies where no audio was delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import msgspec

from harness.protocol.messages import Word

Span: TypeAlias = tuple[int, int]
"""Frames `[start, end)` of the source."""

WORD_SLACK_AUDIO_S = 0.1
"""Word times are estimates: a word may reach so far beyond the audio it was heard in."""


@dataclass(frozen=True)
class LegSpan:
    """A stretch of the source that went out on one connection."""

    leg: int
    start: int
    end: int


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The source's seconds by what became of them. The first four add up to `source_audio_s`.

    Attributes:
        source_audio_s: how long the source plays.
        delivered_audio_s: reached the server at least once (or was sent, where the server's side is not known).
        dropped_audio_s: given up on purpose and reported, and never delivered.
        lost_audio_s: sent, and yet it never reached the server.
        unsent_audio_s: never sent nor reported as dropped.
        resent_audio_s: sent on more than one connection.
        transcribed_audio_s: delivered, and covered by finals.
    """

    source_audio_s: float
    delivered_audio_s: float
    dropped_audio_s: float
    lost_audio_s: float
    unsent_audio_s: float
    resent_audio_s: float
    transcribed_audio_s: float


@dataclass(frozen=True)
class Ledger:
    """One session's audio.

    Attributes:
        sample_rate: frames in a second.
        source_frames: length of the source, as far as it was read.
        sent: what the client sent, connection by connection.
        dropped: what it reported as given up.
        delivered: what the server proves to have received (stamps in the audio); None when that is not known.
        transcribed: what finals cover.
        source_ended: whether the source was read to its end. A session that breaks off does not know how long it is.
    """

    sample_rate: int
    source_frames: int
    sent: tuple[LegSpan, ...]
    dropped: tuple[Span, ...] = ()
    delivered: tuple[Span, ...] | None = None
    transcribed: tuple[Span, ...] = ()
    source_ended: bool = True

    def account(self) -> Account:
        """The sums."""
        source: list[Span] = [(0, self.source_frames)]
        sent = merged((span.start, span.end) for span in self.sent)
        arrived = sent if self.delivered is None else merged(self.delivered)
        dropped = minus(merged(self.dropped), arrived)
        lost = minus(minus(sent, arrived), dropped)
        unsent = minus(minus(minus(minus(source, arrived), dropped), lost), sent)
        return Account(
            source_audio_s=self._seconds(source),
            delivered_audio_s=self._seconds(arrived),
            dropped_audio_s=self._seconds(dropped),
            lost_audio_s=self._seconds(lost),
            unsent_audio_s=self._seconds(unsent),
            resent_audio_s=self._seconds(self._resent()),
            transcribed_audio_s=self._seconds(_common(arrived, merged(self.transcribed))),
        )

    def missing(self) -> tuple[tuple[float, float], ...]:
        """What never arrived, for whatever reason, in seconds of the source."""
        arrived = merged((s.start, s.end) for s in self.sent) if self.delivered is None else merged(self.delivered)
        gaps = minus([(0, self.source_frames)], arrived)
        return tuple((start / self.sample_rate, end / self.sample_rate) for start, end in gaps)

    def problems(self, words: Sequence[Word]) -> list[str]:
        """Every invariant that is broken, one sentence each.

        Args:
            words: the final words of one channel, on the source's timeline.
        """
        return [*self._conservation(), *_order(words), *self._undelivered(words)]

    def _conservation(self) -> Iterable[str]:
        outside = minus(merged((s.start, s.end) for s in self.sent), [(0, self.source_frames)])
        if outside:
            yield f"audio was sent that the source does not have: frames {outside[0][0]} to {outside[0][1]}"
        account = self.account()
        parts = account.delivered_audio_s + account.dropped_audio_s + account.lost_audio_s + account.unsent_audio_s
        if abs(parts - account.source_audio_s) > 0.5 / self.sample_rate:
            yield f"the parts make {parts:.3f} s of a source of {account.source_audio_s:.3f} s"

    def _undelivered(self, words: Sequence[Word]) -> Iterable[str]:
        gaps = self.missing()
        for word in words:
            for start_audio_s, end_audio_s in gaps:
                inside = start_audio_s + WORD_SLACK_AUDIO_S < word.start and word.end < end_audio_s - WORD_SLACK_AUDIO_S
                if inside:
                    yield f"«{word.word}» at {word.start:.2f} s lies in audio that never arrived"

    def _resent(self) -> list[Span]:
        """What went out on more than one connection."""
        seen: list[Span] = []
        again: list[Span] = []
        for leg in sorted({span.leg for span in self.sent}):
            mine = merged((span.start, span.end) for span in self.sent if span.leg == leg)
            again += _common(mine, seen)
            seen = merged([*seen, *mine])
        return merged(again)

    def _seconds(self, spans: Iterable[Span]) -> float:
        return sum(end - start for start, end in spans) / self.sample_rate


def _order(words: Sequence[Word]) -> Iterable[str]:
    for before, word in pairwise(words):
        # Flux counts in steps of 80 ms, and a word may begin one before the word that it follows (a real session).
        if word.start < before.start - WORD_SLACK_AUDIO_S:
            yield f"«{word.word}» at {word.start:.2f} s comes after «{before.word}» at {before.start:.2f} s"
        overlap = min(before.end, word.end) - max(before.start, word.start)
        if word.word == before.word and overlap > 0.5 * (word.end - word.start):
            yield f"«{word.word}» at {word.start:.2f} s is said twice"


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same frames as sorted spans that neither touch nor overlap."""
    result: list[Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _common(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What merged spans share with other merged spans."""
    return minus(spans, minus(spans, others))


def minus(spans: Iterable[Span], taken: Sequence[Span]) -> list[Span]:
    """What is left of merged spans when other merged spans are taken out."""
    left = list(spans)
    for start, end in taken:
        left = [piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return left

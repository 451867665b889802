"""What a streaming session has to say about its errors: segments, joins between connections, and audio that is missing.

All times are seconds of the source.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, takewhile

from harness.ledger import WORD_SLACK_AUDIO_S, Ledger, LegSpan
from harness.protocol.messages import Results
from harness.scoring.word_times import Interval


@dataclass(frozen=True, slots=True)
class Segment:
    """What one interim or final says of a stretch of the source.

    Attributes:
        start_audio_s: where the stretch begins.
        end_audio_s: where it ends.
        text: what was heard in it.
        endpoint: whether a pause ended it (`speech_final`), rather than its length or a request.
    """

    start_audio_s: float
    end_audio_s: float
    text: str
    endpoint: bool = False

    def shared_audio_s(self, other: Segment) -> float:
        """Seconds that both stretches have in common; 0 or less when there are none."""
        return min(self.end_audio_s, other.end_audio_s) - max(self.start_audio_s, other.start_audio_s)


@dataclass(frozen=True, slots=True)
class MissingAudio:
    """A stretch of the source that the server never had, or that was given up before it was final, and why.

    Of a source that was not read to its end nobody knows where that is: it ends at infinity.
    """

    start_audio_s: float
    end_audio_s: float
    why: str

    @property
    def sentence(self) -> str:
        """Where it lies, and why."""
        to = "s on" if self.end_audio_s == math.inf else f"to {self.end_audio_s:.2f} s"
        return f"audio from {self.start_audio_s:.2f} {to} {self.why}"


@dataclass(frozen=True, slots=True)
class Join:
    """Where one connection goes on from the one before it: from what was final then to the first audio it was sent.

    Attributes:
        leg: the connection that goes on, from 0.
        start_audio_s: the earlier of the two positions.
        end_audio_s: the later.
    """

    leg: int
    start_audio_s: float
    end_audio_s: float


@dataclass(frozen=True)
class Evidence:
    """One channel of a session.

    Attributes:
        source_audio_s: how long the source plays.
        finals: what was made final, in order.
        interims: what was said before that, in order.
        joins: one for each connection that went on from another.
        missing: what of the source was lost, in order.
        arrival_is_known: whether the server's side proves what arrived; else what was sent is taken for it.
    """

    source_audio_s: float = 0.0
    finals: tuple[Segment, ...] = ()
    interims: tuple[Segment, ...] = ()
    joins: tuple[Join, ...] = ()
    missing: tuple[MissingAudio, ...] = ()
    arrival_is_known: bool = False

    @cached_property
    def final_text(self) -> str:
        """The text of all finals."""
        return " ".join(final.text for final in self.finals if final.text)

    @cached_property
    def last_final_audio_s(self) -> float:
        """Up to where there are finals."""
        return max((final.end_audio_s for final in self.finals), default=0.0)

    @cached_property
    def last_words_audio_s(self) -> float:
        """Up to where there are finals with words."""
        return max((final.end_audio_s for final in self.finals if final.text), default=0.0)

    def final_over(self, audio_s: float) -> Segment | None:
        """The final that covers a position."""
        covering = (final for final in self.finals if final.start_audio_s <= audio_s <= final.end_audio_s)
        return next(covering, None)

    def cuts_near(self, start_audio_s: float, end_audio_s: float) -> Iterator[Segment]:
        """The finals that end there and are followed by another, in order of their ends."""
        first = bisect_left(self._cuts, start_audio_s, key=lambda final: final.end_audio_s)
        return takewhile(lambda final: final.end_audio_s < end_audio_s, self._cuts[first:])

    @cached_property
    def _cuts(self) -> list[Segment]:
        # Between finals that lie further apart something is missing, not cut.
        cuts = [
            before
            for before, after in pairwise(self.finals)
            if after.start_audio_s - before.end_audio_s <= WORD_SLACK_AUDIO_S
        ]
        return sorted(cuts, key=lambda final: final.end_audio_s)


def session_evidence(
    ledger: Ledger,
    finals: Sequence[Results],
    results: Iterable[tuple[int, Results]],
    channel: int,
    received_audio_s: float | None = None,
) -> Evidence:
    """The evidence of one channel.

    Args:
        ledger: of the session.
        finals: the channel's, as the transcript keeps them: on the source's clock.
        results: all Results as they came, with their connection and on its clock.
        channel: which.
        received_audio_s: how much audio the server says that the last connection brought it (`Metadata.duration`).
    """
    legs = _Legs(ledger)
    short = [] if received_audio_s is None or ledger.delivered is not None else list(legs.short_of(received_audio_s))
    here = [(leg, message) for leg, message in results if message.channel_index[0] == channel]
    moved = [(leg, message, legs.segment(leg, message)) for leg, message in here]
    return Evidence(
        source_audio_s=ledger.source_frames / ledger.sample_rate,
        finals=tuple(Segment(final.start, final.end_audio_s, final.transcript, final.speech_final) for final in finals),
        interims=tuple(segment for _, message, segment in moved if not message.is_final),
        joins=tuple(legs.joins([(leg, segment) for leg, message, segment in moved if message.is_final])),
        missing=tuple(sorted([*missing_audio(ledger), *short], key=lambda gap: gap.start_audio_s)),
        arrival_is_known=ledger.delivered is not None or (received_audio_s is not None and not short and legs.is_one),
    )


def missing_audio(ledger: Ledger) -> list[MissingAudio]:
    """What was given up, never arrived, or was never sent, in order of the source."""
    rate = ledger.sample_rate
    given_up = [(start / rate, end / rate) for start, end in ledger.dropped]
    sent = [(span.start / rate, span.end / rate) for span in ledger.sent]
    found = [MissingAudio(*span, "was given up: the buffer could not hold it until it was final") for span in given_up]
    for span in ledger.missing():
        if not any(_overlap(span, other) for other in given_up):
            why = "was sent and never arrived" if any(_overlap(span, other) for other in sent) else "was never sent"
            found.append(MissingAudio(*span, why))
    if not ledger.source_ended:
        found.append(MissingAudio(ledger.source_frames / rate, math.inf, "was never sent"))
    return sorted(found, key=lambda gap: gap.start_audio_s)


def _overlap(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


class _Legs:
    """Which audio went out on which connection."""

    def __init__(self, ledger: Ledger) -> None:
        self._rate = ledger.sample_rate
        self._spans: dict[int, list[LegSpan]] = {}
        for span in ledger.sent:
            self._spans.setdefault(span.leg, []).append(span)

    def segment(self, leg: int, message: Results) -> Segment:
        """What a message says, on the source's clock."""
        start_audio_s = self._to_source(leg, message.start, is_end=False)
        end_audio_s = self._to_source(leg, message.end_audio_s, is_end=True)
        return Segment(start_audio_s, end_audio_s, message.transcript, message.speech_final)

    def joins(self, finals: Sequence[tuple[int, Segment]]) -> Iterable[Join]:
        """One for each connection after the first, unless it began anew with nothing final before it."""
        for leg in sorted(self._spans)[1:]:
            begins_audio_s = self._spans[leg][0].start / self._rate
            final_audio_s = max((segment.end_audio_s for earlier, segment in finals if earlier < leg), default=0.0)
            if final_audio_s or begins_audio_s:
                yield Join(leg, min(begins_audio_s, final_audio_s), max(begins_audio_s, final_audio_s))

    @property
    def is_one(self) -> bool:
        """Whether there was no second connection."""
        return len(self._spans) <= 1

    def short_of(self, received_audio_s: float) -> Iterable[MissingAudio]:
        """The end of what the last connection was sent, as long as what the server did not count.

        Where in the connection it was lost the count does not tell; the server's clock ends so much earlier.
        """
        leg = max(self._spans, default=0)
        sent_audio_s = sum(span.end - span.start for span in self._spans.get(leg, ())) / self._rate
        if sent_audio_s - received_audio_s > WORD_SLACK_AUDIO_S:
            start_audio_s = self._to_source(leg, received_audio_s, is_end=False)
            why = f"was sent, and by its Metadata the server had {received_audio_s:.2f} of {sent_audio_s:.2f} s"
            yield MissingAudio(start_audio_s, self._spans[leg][-1].end / self._rate, why)

    def _to_source(self, leg: int, leg_audio_s: float, *, is_end: bool) -> float:
        left_audio_s = leg_audio_s
        spans = self._spans.get(leg, [])
        for span in spans:
            length_audio_s = (span.end - span.start) / self._rate
            # An end that lies where audio was left out belongs to what was sent before it, a start to what came after.
            if left_audio_s < length_audio_s or (is_end and left_audio_s == length_audio_s):
                return span.start / self._rate + left_audio_s
            left_audio_s -= length_audio_s
        # Beyond what was sent: a message that claims more than it was given.
        return (spans[-1].end / self._rate if spans else 0.0) + left_audio_s

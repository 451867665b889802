"""How late a stream's words came, and how much of them was taken back; see docs/reference/delay.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from harness.results.scores import Counts
from harness.scoring.delay_measure import DelayMeasure
from harness.scoring.error_rate import ErrorRate
from harness.scoring.latency import percentiles

if TYPE_CHECKING:
    from harness.scoring.delay import Delays
    from harness.scoring.delayed_wer import DelayedRead
    from harness.scoring.stability import Stability as Counted


class DelaySpread(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of seconds; percentiles are nearest-rank.

    Attributes:
        count: how many there are.
        min_s, mean_s, max_s: the smallest, the arithmetic mean, the largest.
        p50_s, p95_s, p99_s: percentiles.
    """

    count: int
    min_s: float
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> DelaySpread | None:
        """Of these; None when there are none."""
        ranked = percentiles(seconds)
        if ranked is None:
            return None
        return cls(
            count=ranked.count,
            min_s=min(seconds),
            mean_s=_rounded(math.fsum(seconds) / ranked.count),
            p50_s=ranked.p50,
            p95_s=ranked.p95,
            p99_s=ranked.p99,
            max_s=max(seconds),
        )


class ReadAtDelay(msgspec.Struct, frozen=True, kw_only=True):
    """What a viewer had read some time after each word was spoken.

    Attributes:
        delay_wall_s: that time; None is the end of the session, when all is final.
        final: errors against the final transcript.
        reference: errors against the reference; None without one.
    """

    delay_wall_s: float | None
    final: Counts
    reference: Counts | None


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """The delays of one stream; see `harness.scoring.delay.Delays`.

    Attributes:
        clock: whose it is: `client` or `server`.
        speed: audio seconds per wall second; None when the recording does not tell, or all went at once.
        real_time: whether audio was sent in real time, so that wall delays mean something.
        why_not: why there are no wall delays; None when there are.
        note: what is only assumed; None when nothing is.
        paused_wall_s: pauses of the sender, which are in no delay.
        interims, silent_interims, finals: messages; the silent ones are interims without words.
        words, timed_words: words of the final transcript, and those of them whose sending is known.
        turns, eager_ends_of_turn, turns_resumed: of Flux.
        spread: of each measure that has a value.
        values: every value of them.
        word_end_audio_s: where the words of `word_shown_wall_s` and `word_final_wall_s` end in the source.
        interim_end_audio_s: how far the interims of `cursor_lag_audio_s` reach into the source.
        normalizer: that `read` was scored under; None without `read`.
        read: the text at each delay.
    """

    clock: str
    speed: float | None
    real_time: bool
    why_not: str | None
    note: str | None
    paused_wall_s: float
    interims: int
    silent_interims: int
    finals: int
    words: int
    timed_words: int
    turns: int
    eager_ends_of_turn: int
    turns_resumed: int
    spread: dict[DelayMeasure, DelaySpread]
    values: dict[DelayMeasure, tuple[float, ...]]
    word_end_audio_s: tuple[float, ...]
    interim_end_audio_s: tuple[float, ...]
    normalizer: str | None = None
    read: tuple[ReadAtDelay, ...] = ()

    @classmethod
    def of(cls, delays: Delays, read: Sequence[DelayedRead] = (), normalizer: str | None = None) -> Delay:
        """What the scoring room measured as a result; seconds to the microsecond."""
        values = {measure: tuple(map(_rounded, found)) for measure, found in delays.values.items()}
        finite = delays.speed is not None and math.isfinite(delays.speed)
        return cls(
            clock=delays.clock,
            speed=round(delays.speed, 3) if finite and delays.speed is not None else None,
            real_time=delays.why_not is None,
            why_not=delays.why_not,
            note=delays.note,
            paused_wall_s=_rounded(delays.paused_wall_s),
            interims=delays.interims,
            silent_interims=delays.silent_interims,
            finals=delays.finals,
            words=delays.words,
            timed_words=delays.timed_words,
            turns=delays.turns,
            eager_ends_of_turn=delays.eager_ends_of_turn,
            turns_resumed=delays.turns_resumed,
            spread=_spreads(values),
            values=values,
            word_end_audio_s=tuple(map(_rounded, delays.word_end_audio_s)),
            interim_end_audio_s=tuple(map(_rounded, delays.interim_end_audio_s)),
            normalizer=normalizer if read else None,
            read=tuple(_row(row.delay_wall_s, row.final, row.reference) for row in read),
        )


class DelayTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The delays of many streams.

    Attributes:
        streams: how many.
        real_time: how many of them were sent in real time; only those have wall delays.
        interims, silent_interims, finals, words, timed_words, turns, eager_ends_of_turn, turns_resumed: added up.
        spread: of each measure, over the words and messages of all streams together.
        over_streams: of each measure, over the medians of the streams: a long one weighs as much as a short one.
        normalizer: that `read` was scored under; None without `read`.
        read: added up over the streams that have it; none when they were scored under several normalisers. The
            reference's counts are those of the streams that have one.
    """

    streams: int
    real_time: int
    interims: int
    silent_interims: int
    finals: int
    words: int
    timed_words: int
    turns: int
    eager_ends_of_turn: int
    turns_resumed: int
    spread: dict[DelayMeasure, DelaySpread]
    over_streams: dict[DelayMeasure, DelaySpread]
    normalizer: str | None = None
    read: tuple[ReadAtDelay, ...] = ()

    @classmethod
    def of(cls, streams: Iterable[Delay]) -> DelayTotal | None:
        """Of these; None when there are none."""
        delays = list(streams)
        if not delays:
            return None
        normalizers = {delay.normalizer for delay in delays if delay.normalizer is not None}
        read = _added([delay.read for delay in delays if delay.read]) if len(normalizers) == 1 else ()
        return cls(
            streams=len(delays),
            real_time=sum(delay.real_time for delay in delays),
            interims=sum(delay.interims for delay in delays),
            silent_interims=sum(delay.silent_interims for delay in delays),
            finals=sum(delay.finals for delay in delays),
            words=sum(delay.words for delay in delays),
            timed_words=sum(delay.timed_words for delay in delays),
            turns=sum(delay.turns for delay in delays),
            eager_ends_of_turn=sum(delay.eager_ends_of_turn for delay in delays),
            turns_resumed=sum(delay.turns_resumed for delay in delays),
            spread=_spreads({m: [s for delay in delays for s in delay.values.get(m, ())] for m in DelayMeasure}),
            over_streams=_spreads(
                {m: [delay.spread[m].p50_s for delay in delays if m in delay.spread] for m in DelayMeasure}
            ),
            normalizer=next(iter(normalizers)) if read else None,
            read=read,
        )


class Stability(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what was shown was taken back, in one stream or many; see `harness.scoring.stability.Stability`.

    Attributes:
        interims: interims that show words.
        revisions: messages that were no plain continuation of the words that stood there.
        segments: finals with words, and those without that took words back; of Flux turns.
        unstable_segments: segments with at least one revision.
        words: words of the final transcript.
        unstable_words: words shown and then replaced or removed.
        erased_words: words shown and then rewritten, because they or a word before them changed.
        reformatted_words: words shown of which only case or punctuation changed.
        unstable_word_ratio: unstable words for each word; None without words.
        unstable_segment_ratio: the share of unstable segments; None without segments.
        normalized_erasure: erased words for each word; None without words.
    """

    interims: int
    revisions: int
    segments: int
    unstable_segments: int
    words: int
    unstable_words: int
    erased_words: int
    reformatted_words: int
    unstable_word_ratio: float | None
    unstable_segment_ratio: float | None
    normalized_erasure: float | None

    @classmethod
    def of(cls, counted: Counted) -> Stability:
        """The counts of the scoring room as a result."""
        return cls(
            interims=counted.interims,
            revisions=counted.revisions,
            segments=counted.segments,
            unstable_segments=counted.unstable_segments,
            words=counted.words,
            unstable_words=counted.unstable_words,
            erased_words=counted.erased_words,
            reformatted_words=counted.reformatted_words,
            unstable_word_ratio=counted.unstable_word_ratio,
            unstable_segment_ratio=counted.unstable_segment_ratio,
            normalized_erasure=counted.normalized_erasure,
        )

    @classmethod
    def total(cls, streams: Iterable[Stability]) -> Stability | None:
        """The counts of many streams added up; None when there are none."""
        from harness.scoring.stability import Stability as Counts_

        parts = [
            Counts_(
                interims=one.interims,
                revisions=one.revisions,
                segments=one.segments,
                unstable_segments=one.unstable_segments,
                words=one.words,
                unstable_words=one.unstable_words,
                erased_words=one.erased_words,
                reformatted_words=one.reformatted_words,
            )
            for one in streams
        ]
        return cls.of(sum(parts, Counts_())) if parts else None


def _spreads(values: Mapping[DelayMeasure, Sequence[float]]) -> dict[DelayMeasure, DelaySpread]:
    spreads = {measure: DelaySpread.of(found) for measure, found in values.items()}
    return {measure: spread for measure, spread in spreads.items() if spread is not None}


def _added(streams: Sequence[Sequence[ReadAtDelay]]) -> tuple[ReadAtDelay, ...]:
    """Row by row; the delays are the same for every stream."""
    return tuple(
        _row(
            rows[0].delay_wall_s,
            sum((_counted(row.final) for row in rows), ErrorRate.zero()),
            sum((_counted(r) for row in rows if (r := row.reference)), ErrorRate.zero())
            if any(row.reference for row in rows)
            else None,
        )
        for rows in zip(*streams, strict=True)
    )


def _row(delay_wall_s: float | None, final: ErrorRate, reference: ErrorRate | None) -> ReadAtDelay:
    return ReadAtDelay(
        delay_wall_s=delay_wall_s,
        final=Counts.of(final),
        reference=Counts.of(reference) if reference is not None else None,
    )


def _counted(counts: Counts) -> ErrorRate:
    return ErrorRate(counts.hits, counts.substitutions, counts.deletions, counts.insertions)


def _rounded(seconds: float) -> float:
    return round(seconds, 6)

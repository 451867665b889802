"""Delays and revisions of one stream or of many, as rows of formatted figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.results import Delay, DelaySpread, DelayTotal, ReadAtDelay, Stability
from harness.scoring.delay_measure import DelayMeasure
from reports.figures import UNDEFINED, count, duration, one_line, percent

DELAY_HEADER: Final = ("delay", "n", "mean", "p50", "p95", "p99", "most")
STREAMS_HEADER: Final = ("median of a stream", *DELAY_HEADER[1:])
READ_HEADER: Final = ("read after", "WER to final", "WER to reference", "not yet read")

LABELS: Final[Mapping[DelayMeasure, str]] = {
    DelayMeasure.CURSOR_LAG: "audio cursor ahead of interim",
    DelayMeasure.FIRST_INTERIM: "first audio to first interim",
    DelayMeasure.FIRST_FINAL: "first audio to first final",
    DelayMeasure.WORD_SHOWN: "word spoken to shown",
    DelayMeasure.WORD_FINAL: "word spoken to final",
    DelayMeasure.END_OF_SPEECH: "end of speech to speech_final",
    DelayMeasure.ENDPOINT_WAIT: "audio heard after speech",
    DelayMeasure.UTTERANCE_END: "end of speech to UtteranceEnd",
    DelayMeasure.FINALIZE: "Finalize to its final",
    DelayMeasure.CLOSE_FINAL: "CloseStream to last final",
    DelayMeasure.CLOSE_METADATA: "CloseStream to Metadata",
    DelayMeasure.EAGER_END_OF_TURN: "end of speech to EagerEndOfTurn",
    DelayMeasure.EAGER_END_OF_TURN_WAIT: "audio heard before EagerEndOfTurn",
    DelayMeasure.END_OF_TURN: "end of speech to EndOfTurn",
    DelayMeasure.END_OF_TURN_WAIT: "audio heard before EndOfTurn",
}
"""What readers call each measure; docs/reference/delay.md defines it."""


class DelayRow(NamedTuple):
    """One measure."""

    measure: str
    number: str
    mean: str
    p50: str
    p95: str
    p99: str
    most: str


class ReadRow(NamedTuple):
    """The text at one delay; `unread` are deletions against the final transcript."""

    after: str
    to_final: str
    to_reference: str
    unread: str


@dataclass(frozen=True, slots=True)
class DelayTable:
    """How late words came and how stable they were.

    Attributes:
        title: of what, and by whose clock.
        rows: one for each measure that has a value.
        streams: over the medians of the streams, for measures that a stream has several values of; empty for one.
        read: what a viewer had read, delay by delay; empty when audio was not sent in real time.
        notes: why there are no wall delays, what is assumed, turns, and how much was taken back.
    """

    title: str
    rows: tuple[DelayRow, ...]
    streams: tuple[DelayRow, ...]
    read: tuple[ReadRow, ...]
    notes: tuple[str, ...]

    @property
    def grids(self) -> tuple[tuple[Sequence[str], Sequence[Sequence[str]]], ...]:
        """Those of `rows`, `streams` and `read` that are not empty, each below its header."""
        every = ((DELAY_HEADER, self.rows), (STREAMS_HEADER, self.streams), (READ_HEADER, self.read))
        return tuple((header, rows) for header, rows in every if rows)


def delay_table(delay: Delay | DelayTotal | None, stability: Stability | None) -> DelayTable | None:
    """Lay the delays of a stream, or of many, out; None when there are none."""
    if delay is None:
        return None
    notes = list(_why(delay))
    if delay.turns or delay.eager_ends_of_turn:
        eager = f"{delay.eager_ends_of_turn} EagerEndOfTurn, {delay.turns_resumed} TurnResumed"
        notes.append(f"{count(delay.turns, 'turn')}, {eager}")
    if stability is not None:
        notes.append(stability_line(stability))
    return DelayTable(
        title=_title(delay),
        rows=tuple(_row(measure, delay.spread[measure]) for measure in DelayMeasure if measure in delay.spread),
        streams=tuple(_over_streams(delay)) if isinstance(delay, DelayTotal) and delay.streams > 1 else (),
        read=tuple(_read(row) for row in delay.read),
        notes=tuple(notes),
    )


def stability_line(stability: Stability) -> str:
    """How much was taken back, as one line."""
    ratio = stability.unstable_word_ratio
    share = "" if ratio is None else f" ({percent(ratio)} of {count(stability.words, 'word')})"
    return (
        f"stability: {count(stability.unstable_words, 'unstable word')}{share}, "
        f"{stability.erased_words} erased, {stability.reformatted_words} reformatted; "
        f"{stability.unstable_segments} of {count(stability.segments, 'segment')} revised"
    )


def _title(delay: Delay | DelayTotal) -> str:
    if isinstance(delay, DelayTotal):
        return f"Delays over {count(delay.streams, 'stream')}, all words and messages together"
    return f"Delays on the {one_line(delay.clock)}'s clock"


def _why(delay: Delay | DelayTotal) -> Iterator[str]:
    if isinstance(delay, DelayTotal):
        if delay.real_time < delay.streams:
            yield f"wall delays: of {delay.real_time} of {count(delay.streams, 'stream')}, those sent in real time"
        return
    if delay.why_not is not None:
        yield f"no wall delays: {one_line(delay.why_not)}"
    if delay.note is not None:
        yield one_line(delay.note)
    if delay.paused_wall_s:
        yield f"{duration(delay.paused_wall_s)} of pauses in sending are in no delay"


def _over_streams(total: DelayTotal) -> Iterator[DelayRow]:
    for measure in DelayMeasure:
        pooled, spread = total.spread.get(measure), total.over_streams.get(measure)
        if pooled is not None and spread is not None and pooled.count > spread.count:
            yield _row(measure, spread)


def _row(measure: DelayMeasure, spread: DelaySpread) -> DelayRow:
    figures = (spread.mean_s, spread.p50_s, spread.p95_s, spread.p99_s, spread.max_s)
    return DelayRow(LABELS[measure], str(spread.count), *map(duration, figures))


def _read(row: ReadAtDelay) -> ReadRow:
    after = "the end" if row.delay_wall_s is None else f"{row.delay_wall_s:g} s"
    to_final = UNDEFINED if row.final.rate is None else percent(row.final.rate)
    to_reference = UNDEFINED if row.reference is None or row.reference.rate is None else percent(row.reference.rate)
    return ReadRow(after, to_final, to_reference, str(row.final.deletions))

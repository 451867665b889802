"""Rows as utterances of a page: a few numbers of each, and the worst ones in full, aligned when the page is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from harness.corpus.rows import DELAYS, Row, Scored
from harness.errors import BadInput
from harness.pairs import Gathered
from harness.results import AlignedRun, Counts, PairedUtterance
from harness.scoring.alignment import align_words
from harness.scoring.normalize import normalizer

_LONGEST_CHARACTERS: Final = 500_000
"""Ten hours of speech."""


def gather(rows: Iterable[Row], gathered: Gathered) -> Iterator[Row]:
    """The same rows, gathered as they pass, under the normaliser that was named first."""
    for row in rows:
        first = row.scores[0] if row.scores else None
        gathered.add(
            None if first is None else (first.streaming.counts, first.prerecorded.counts),
            partial(utterance_of, row),
            trouble=row.failed or bool(row.reasons),
            delays_wall_s={name: getattr(row, name) for name in DELAYS},
        )
        yield row


def utterance_of(row: Row) -> PairedUtterance:
    """A row in full."""
    first = row.scores[0] if row.scores else None
    delays = ((name, getattr(row, name)) for name in DELAYS)
    return PairedUtterance(
        id=row.id,
        audio=row.audio if row.segment is None else f"{row.audio}@{row.segment}",
        audio_s=row.audio_s,
        troubles=tuple(_troubles(row)),
        streaming=None if first is None else Counts.of(first.streaming.counts),
        prerecorded=None if first is None else Counts.of(first.prerecorded.counts),
        streaming_text=row.streaming,
        prerecorded_text=row.prerecorded,
        streaming_alignment=_aligned(row, first, row.streaming),
        prerecorded_alignment=_aligned(row, first, row.prerecorded),
        causes=row.causes or {},
        extra_errors=row.extra_errors,
        delays_wall_s={name: seconds for name, seconds in delays if seconds is not None},
    )


def _troubles(row: Row) -> Iterator[str]:
    for side, failure in (("streaming", row.streaming_failure), ("pre-recorded", row.prerecorded_failure)):
        if failure is not None:
            yield f"{side}: {failure}"
    yield from row.reasons


def _aligned(row: Row, scored: Scored | None, heard: str | None) -> tuple[AlignedRun, ...]:
    """A transcript beside its reference; nothing when the counts are those of a normaliser that is no longer there.

    Nothing, either, of texts so long that nobody would read them; two that share no word would take hours to align.
    """
    if scored is None or row.reference is None or max(len(row.reference), len(heard or "")) > _LONGEST_CHARACTERS:
        return ()
    try:
        normalise = normalizer(scored.normalizer.partition("@")[0])
    except BadInput:
        return ()
    if normalise.label != scored.normalizer:
        return ()
    [(alignment, _)] = align_words([normalise(row.reference)], [normalise(heard or "")])
    return AlignedRun.all_of(alignment)

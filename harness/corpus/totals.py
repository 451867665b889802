"""Adds rows up, and says whether streaming differs from pre-recorded over all of them."""

from __future__ import annotations

from harness.corpus.rows import Row, Scored
from harness.paired_sums import PairedSums
from harness.results import CorpusTotal
from harness.scoring.wer import CorpusScore


class Totals:
    """Adds rows up, a normaliser each.

    Args:
        seed: of the comparison's interval.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._sums: dict[str, PairedSums] = {}

    def add(self, row: Row) -> None:
        """Count a row in."""
        for scored in row.scores:
            self._sums.setdefault(scored.normalizer, PairedSums(scored.normalizer)).add(*_sides(scored))

    def result(self) -> tuple[CorpusTotal, ...]:
        """What it came to, a normaliser each."""
        return tuple(sums.total(self._seed) for sums in self._sums.values())


def _sides(scored: Scored) -> tuple[CorpusScore, CorpusScore]:
    streaming, prerecorded = scored.streaming.counts, scored.prerecorded.counts
    label = scored.normalizer
    return (
        CorpusScore(1, streaming, scored.streaming_characters.counts, label),
        CorpusScore(1, prerecorded, scored.prerecorded_characters.counts, label),
    )

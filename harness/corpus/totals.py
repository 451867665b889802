"""Adds rows up, and says whether streaming differs from pre-recorded over all of them."""

from __future__ import annotations

from array import array

from harness.corpus.rows import Row, Scored
from harness.results import Comparison, CorpusTotal, Counts, Score
from harness.scoring.error_rate import ErrorRate
from harness.scoring.significance import compare_differences


class Totals:
    """Adds rows up: sums, and two numbers for each row, which are what the comparison draws from.

    Args:
        seed: of the comparison's interval.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._sums: dict[str, _Sums] = {}

    def add(self, row: Row) -> None:
        """Count a row in."""
        for scored in row.scores:
            self._sums.setdefault(scored.normalizer, _Sums()).add(scored)

    def result(self) -> tuple[CorpusTotal, ...]:
        """What it came to, a normaliser each."""
        return tuple(sums.result(name, self._seed) for name, sums in self._sums.items())


class _Sums:
    def __init__(self) -> None:
        self._words = (ErrorRate.zero(), ErrorRate.zero())
        self._characters = (ErrorRate.zero(), ErrorRate.zero())
        self._errors_more = array("q")
        self._reference_lengths = array("q")

    def add(self, scored: Scored) -> None:
        streaming, prerecorded = scored.streaming.counts, scored.prerecorded.counts
        self._words = (self._words[0] + streaming, self._words[1] + prerecorded)
        characters = scored.streaming_characters.counts, scored.prerecorded_characters.counts
        self._characters = (self._characters[0] + characters[0], self._characters[1] + characters[1])
        self._errors_more.append(streaming.errors - prerecorded.errors)
        self._reference_lengths.append(streaming.reference_length)

    def result(self, name: str, seed: int) -> CorpusTotal:
        streaming, prerecorded = (
            Score(
                normalizer=name,
                words=Counts.of(words),
                characters=Counts.of(characters),
                mer=words.match_error_rate,
                wil=words.word_information_lost,
            )
            for words, characters in zip(self._words, self._characters, strict=True)
        )
        compared = compare_differences(self._errors_more, self._reference_lengths, seed=seed)
        return CorpusTotal(
            normalizer=name,
            utterances=len(self._errors_more),
            streaming=streaming,
            prerecorded=prerecorded,
            comparison=Comparison.of(compared),
        )

"""Scores of many utterances under one normaliser, added up; what a comparison draws from is two numbers of each."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from harness.results import Comparison, CorpusTotal, Score
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import Normalizer
from harness.scoring.paired import PairedScore
from harness.scoring.significance import compare_differences
from harness.scoring.wer import CorpusScore


@dataclass(frozen=True)
class ScoredTotal:
    """What it came to.

    Attributes:
        total: the sums, and streaming against pre-recorded over words.
        characters: the same over characters.
    """

    total: CorpusTotal
    characters: Comparison


class TextSums:
    """Adds scores up.

    Args:
        normalizer: that all of them were made under.
    """

    def __init__(self, normalizer: Normalizer) -> None:
        self._normalizer = normalizer
        self._streaming = self._prerecorded = CorpusScore.zero(normalizer)
        self._words, self._characters = _Differences(), _Differences()

    def add(self, paired: PairedScore) -> None:
        """Count some utterances in."""
        self._streaming += paired.streaming
        self._prerecorded += paired.prerecorded
        for row in paired.rows:
            self._words.add(row.streaming.words, row.prerecorded.words)
            self._characters.add(row.streaming.characters, row.prerecorded.characters)

    def result(self, seed: int, resamples: int) -> ScoredTotal:
        """The sums, and whether the sides differ.

        Args:
            seed, resamples: of the intervals.
        """
        return ScoredTotal(
            total=CorpusTotal(
                normalizer=self._normalizer.label,
                utterances=self._streaming.texts,
                streaming=Score.of(self._streaming),
                prerecorded=Score.of(self._prerecorded),
                comparison=self._words.compared(seed, resamples),
            ),
            characters=self._characters.compared(seed, resamples),
        )


class _Differences:
    """Streaming's errors less pre-recorded's, utterance by utterance."""

    def __init__(self) -> None:
        self._errors_more, self._lengths = array("q"), array("q")

    def add(self, streaming: ErrorRate, prerecorded: ErrorRate) -> None:
        self._errors_more.append(streaming.errors - prerecorded.errors)
        self._lengths.append(prerecorded.reference_length)  # alternatives may leave the sides unlike ones

    def compared(self, seed: int, resamples: int) -> Comparison:
        return Comparison.of(compare_differences(self._errors_more, self._lengths, seed=seed, resamples=resamples))

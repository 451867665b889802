"""Scores of many utterances under one normaliser, added up; what a comparison draws from is two numbers of each."""

from __future__ import annotations

from array import array

from harness.results import Comparison, CorpusTotal, Score
from harness.scoring.error_rate import ErrorRate
from harness.scoring.significance import compare_differences
from harness.scoring.wer import CorpusScore


class PairedSums:
    """Adds scores up, utterance by utterance.

    Args:
        normalizer: label of the one that all of them were made under.
    """

    def __init__(self, normalizer: str) -> None:
        self._streaming = self._prerecorded = CorpusScore(0, ErrorRate.zero(), ErrorRate.zero(), normalizer)
        self._words, self._characters = _Differences(), _Differences()

    def add(self, streaming: CorpusScore, prerecorded: CorpusScore) -> None:
        """Count an utterance in."""
        self._streaming += streaming
        self._prerecorded += prerecorded
        self._words.add(streaming.words, prerecorded.words)
        self._characters.add(streaming.characters, prerecorded.characters)

    def total(self, seed: int, resamples: int = 1000) -> CorpusTotal:
        """The sums, and whether the sides differ over words.

        Args:
            seed, resamples: of the interval.
        """
        return CorpusTotal(
            normalizer=self._streaming.normalizer,
            utterances=self._streaming.texts,
            streaming=Score.of(self._streaming),
            prerecorded=Score.of(self._prerecorded),
            comparison=self._words.compared(seed, resamples),
        )

    def characters(self, seed: int, resamples: int) -> Comparison:
        """Whether the sides differ over characters; arguments as for `total`."""
        return self._characters.compared(seed, resamples)


class _Differences:
    """Streaming's errors less pre-recorded's, utterance by utterance."""

    def __init__(self) -> None:
        self._errors_more, self._lengths = array("q"), array("q")

    def add(self, streaming: ErrorRate, prerecorded: ErrorRate) -> None:
        self._errors_more.append(streaming.errors - prerecorded.errors)
        self._lengths.append(prerecorded.reference_length)  # alternatives may leave the sides unlike ones

    def compared(self, seed: int, resamples: int) -> Comparison:
        return Comparison.of(compare_differences(self._errors_more, self._lengths, seed=seed, resamples=resamples))

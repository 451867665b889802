"""What many cases came to together: added counts, and whether streaming differs from pre-recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.results import CaseResult, Comparison, Counts, Score
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import normalizer
from harness.scoring.significance import compare
from harness.scoring.wer import score


def total(scores: list[Score]) -> Score | None:
    """Scores of several cases added up; None when there are none, or when they were made under several normalisers."""
    if not scores or len({score.normalizer for score in scores}) > 1:
        return None
    words, characters = (_added([getattr(score, part) for score in scores]) for part in ("words", "characters"))
    return Score(
        normalizer=scores[0].normalizer,
        words=Counts.of(words),
        characters=Counts.of(characters),
        mer=words.match_error_rate,
        wil=words.word_information_lost,
    )


def _added(counts: list[Counts]) -> ErrorRate:
    return sum(map(_counted, counts), ErrorRate.zero())


def _counted(counts: Counts) -> ErrorRate:
    return ErrorRate(counts.hits, counts.substitutions, counts.deletions, counts.insertions)


def comparison(cases: Iterable[tuple[CaseResult, str]], seed: int) -> Comparison | None:
    """Streaming against pre-recorded over all cases that were asked both ways; None when there are none.

    A side that failed stays in: it counts as an empty transcript, for that is what its user had. So a service cannot
    look better by failing where it would have done badly.

    Args:
        cases: each with the name of the normaliser that it was scored under.
        seed: of the interval.
    """
    pairs = [pair for result, name in cases for pair in _pair(result, name)]
    if not pairs:
        return None
    return Comparison.of(compare(*zip(*pairs, strict=True), seed=seed))


def _pair(result: CaseResult, name: str) -> Iterator[tuple[ErrorRate, ErrorRate]]:
    if result.reference is None or result.streamed is None or result.prerecorded is None:
        return
    sides = [_counted(part.score.words) if part.score else None for part in (result.streamed, result.prerecorded)]
    known = next((side for side in sides if side), None) or score(result.reference, "", normalizer(name)).words
    streaming, prerecorded = (side or ErrorRate(0, 0, known.reference_length, 0) for side in sides)
    # Channels scored one by one, and all in one, may differ in length under a normaliser that looks beyond a word.
    if streaming.reference_length == prerecorded.reference_length:
        yield streaming, prerecorded

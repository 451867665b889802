"""When the words of a normalised text were spoken: its tokens, traced back to the words that came with times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from harness.scoring.alignment import Alignment, align_words

Interval: TypeAlias = tuple[float, float]
"""Start and end, in seconds of the source."""

Apply: TypeAlias = Callable[[str], str]


class TimedWord(Protocol):
    """A word as every endpoint gives it."""

    @property
    def display(self) -> str:
        """As the transcript shows it."""
        ...

    @property
    def start(self) -> float:
        """Where it begins, in seconds of the source."""
        ...

    @property
    def end(self) -> float:
        """Where it ends."""
        ...


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one side heard.

    Attributes:
        text: its transcript.
        words: its words with their times, in order; empty when no times are known.
    """

    text: str
    words: tuple[TimedWord, ...] = ()


def origins(parts: Sequence[str], tokens: Sequence[str], normalise: Apply) -> list[int | None]:
    """For each token of a normalised text, from which part of the text it comes; None where that cannot be told.

    A normaliser may make several tokens of a part, none, or one of several parts ("twenty one" gives "21"); each part
    is normalised alone, and what comes of that is aligned with the tokens.
    """
    alone = [(token, number) for number, part in enumerate(parts) for token in normalise(part).split()]
    if [token for token, _ in alone] == list(tokens):
        return [number for _, number in alone]
    if not alone or not tokens:
        return [None] * len(tokens)
    [(alignment, _)] = align_words([" ".join(token for token, _ in alone)], [" ".join(tokens)])
    found: list[int | None] = []
    at = 0
    for run in alignment.operations:
        if run.kind == "insert":
            found += [None] * len(run.hypothesis)
        elif run.kind != "delete":
            found += [number for _, number in alone[at : at + len(run.reference)]]
        at += len(run.reference)
    return found


def token_times(hearing: Hearing, tokens: Sequence[str], normalise: Apply) -> list[Interval | None]:
    """When each token of a side's normalised text was heard; None where that is not known."""
    words = hearing.words
    numbers = origins([word.display for word in words], tokens, normalise)
    return [None if number is None else (words[number].start, words[number].end) for number in numbers]


def reference_times(
    sides: Iterable[tuple[Alignment, Sequence[Interval | None]]], length: int, source_audio_s: float
) -> list[Interval | None]:
    """When each word of the reference was spoken: as the first side that heard a word for it says, else in between.

    Words that no side has a word for share the time between their neighbours, the ends of the audio being the last
    neighbours. All are None when no word has a time.
    """
    times: list[Interval | None] = [None] * length
    for alignment, heard_times in sides:
        for place, interval in _heard_for(alignment, heard_times):
            times[place] = times[place] or interval
    known = [place for place, interval in enumerate(times) if interval is not None]
    if not known:
        return times
    for before, after in zip([None, *known], [*known, None], strict=True):
        start_audio_s = _end(times, before)
        end_audio_s = max(start_audio_s, _start(times, after, source_audio_s))
        first, last = (-1 if before is None else before) + 1, length if after is None else after
        share_audio_s = (end_audio_s - start_audio_s) / max(1, last - first)
        for number, place in enumerate(range(first, last)):
            times[place] = (start_audio_s + number * share_audio_s, start_audio_s + (number + 1) * share_audio_s)
    return times


def _end(times: Sequence[Interval | None], place: int | None) -> float:
    interval = None if place is None else times[place]
    return 0.0 if interval is None else interval[1]


def _start(times: Sequence[Interval | None], place: int | None, otherwise_audio_s: float) -> float:
    interval = None if place is None else times[place]
    return otherwise_audio_s if interval is None else interval[0]


def _heard_for(alignment: Alignment, times: Sequence[Interval | None]) -> Iterable[tuple[int, Interval]]:
    said, heard = 0, 0
    for run in alignment.operations:
        if run.kind in ("equal", "substitute"):
            for offset in range(len(run.reference)):
                interval = times[heard + offset]
                if interval is not None:
                    yield said + offset, interval
        said += len(run.reference)
        heard += len(run.hypothesis)

"""Where in the audio each error of an alignment lies."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from harness.scoring.alignment import Alignment
from harness.scoring.extra_errors import WordError, hits, word_errors
from harness.scoring.respelling import Stretch, stretches
from harness.scoring.ties import shift_of_missing
from harness.scoring.word_times import Interval, reference_times


class ErrorTimes:
    """The times of a reference, of what was heard, and of the errors between them.

    Args:
        ours: the reference and what streaming heard.
        heard_times: when streaming heard each of its words.
        theirs: the reference and what pre-recorded heard.
        their_times: when pre-recorded heard each of its words.
        source_audio_s: how long the audio plays.

    Attributes:
        heard_times: as given.
    """

    def __init__(
        self,
        ours: Alignment,
        heard_times: Sequence[Interval | None],
        theirs: Alignment,
        their_times: Sequence[Interval | None],
        source_audio_s: float,
    ) -> None:
        self.heard_times = heard_times
        self._alignment, self._source_audio_s = ours, source_audio_s
        self._said = ours.reference
        self._hits = hits(ours)
        self._said_times = reference_times(
            [(theirs, their_times), (ours, heard_times)], len(self._said), source_audio_s
        )
        self._stretches = stretches(ours)
        self._stretch_ends = [stretch.reference_to for stretch in self._stretches]
        self._shifts: dict[Stretch, int] = {}

    def stretch(self, error: WordError) -> Stretch:
        """The run of errors that this one is part of."""
        return self._stretches[bisect_left(self._stretch_ends, error.reference_at)]

    def interval(self, error: WordError) -> Interval | None:
        """When the word was spoken; of an insertion, when it was heard, or what lies between its neighbours.

        An insertion that was heard during a reference word that is wrong too is a piece of it: both have the time of
        both. None when no word has a time.
        """
        stretch = self.stretch(error)
        if error.kind == "insert":
            own = self.heard_times[error.hypothesis_at] or self._between(error.reference_at)
            others = self._said_times[stretch.reference_from : stretch.reference_to]
        else:
            own = self._said_times[error.reference_at + self._shift(stretch)]
            others = [self.heard_times[place] for place in self._inserted.get(stretch, ())]
        if own is None:
            return None
        together = [own, *(other for other in others if other and other[0] < own[1] and own[0] < other[1])]
        return min(start for start, _ in together), max(end for _, end in together)

    @cached_property
    def _inserted(self) -> dict[Stretch, list[int]]:
        """The places of the inserted words of each stretch."""
        places: dict[Stretch, list[int]] = {}
        for error in word_errors(self._alignment):
            if error.kind == "insert":
                places.setdefault(self.stretch(error), []).append(error.hypothesis_at)
        return places

    def _shift(self, stretch: Stretch) -> int:
        """How far on the words of a stretch are missing; 0 of one in which words were heard."""
        if stretch.hypothesis_from != stretch.hypothesis_to:
            return 0
        if stretch not in self._shifts:
            self._shifts[stretch] = shift_of_missing(
                stretch.reference_from, stretch.reference_to, self._said, self._hits, self._said_times, self.heard_times
            )
        return self._shifts[stretch]

    def _between(self, reference_at: int) -> Interval | None:
        times = self._said_times
        if not times or times[0] is None:  # all have a time, or none has
            return None
        before = times[reference_at - 1] if reference_at else None
        after = times[reference_at] if reference_at < len(times) else None
        ends = before[1] if before else 0.0, after[0] if after else self._source_audio_s
        return min(ends), max(ends)

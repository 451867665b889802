"""What two texts alone hint at where no times are known. A hint is no evidence of a cause, and decides nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from harness.scoring.alignment import Alignment
from harness.scoring.extra_errors import WordError, hits
from harness.scoring.normalize import Normalizer
from harness.scoring.places import Places, same_words
from harness.scoring.word_times import origins

_SENTENCE_ENDS: Final = (".", "?", "!")
_QUOTES: Final = "\"'”’)"


class TextHints:
    """Both transcripts of one reference, as written.

    Args:
        streaming: the transcript under test.
        ours: it and the reference, aligned.
        prerecorded: the other one.
        theirs: it and the reference, aligned.
        normalise: what both were aligned under.
        places: of the words of each one's reference, where the two are not the same.
    """

    def __init__(
        self,
        streaming: str,
        ours: Alignment,
        prerecorded: str,
        theirs: Alignment,
        normalise: Normalizer,
        places: tuple[Places, Places] | None = None,
    ) -> None:
        self._heard = ours.hypothesis
        self._last_heard = max(hits(ours), default=-1)
        self._places, others = places or (same_words(len(ours.reference)),) * 2
        in_theirs = {place for end in _sentence_ends(prerecorded, theirs, normalise, others) for place in end}
        ends = [end for end in _sentence_ends(streaming, ours, normalise, self._places) if not end & in_theirs]
        self._only_ours = {place for end in ends for place in end}

    def about(self, error: WordError) -> str | None:
        """What the texts hint at for one error, as the end of a sentence; None when they hint at nothing."""
        if error.kind == "delete" and error.reference_at > self._last_heard:
            return "it is missing with all that follows it, as when a tail is lost"
        beside = {error.reference_at} if error.kind == "insert" else {error.reference_at, error.reference_at + 1}
        if set(map(self._places.of_gap, beside)) & self._only_ours:
            return "streaming alone ends a sentence beside it, as where a segment was cut"
        around = self._heard[max(0, error.hypothesis_at - 1) : error.hypothesis_at + 2]
        if error.kind == "insert" and around.count(error.hypothesis) > 1:
            return "it is there twice, as where two segments or connections both heard it"
        return None


def _sentence_ends(text: str, alignment: Alignment, normalise: Normalizer, places: Places) -> list[set[int]]:
    """For each sentence end in the text, the places of the gaps in which it may lie; they are one pause.

    It lies after a word that was heard right, or before one, or both; where it lies between errors it is not known.
    """
    words = text.split()
    ending = {number for number, word in enumerate(words) if word.rstrip(_QUOTES).endswith(_SENTENCE_ENDS)}
    if not ending:
        return []
    numbers = origins(words, alignment.hypothesis, normalise)
    said_at = {heard: said for said, heard in hits(alignment).items()}
    ends: list[set[int]] = []
    for at, (number, following) in enumerate(pairwise(numbers)):
        if number != following and number in ending:
            after = {said_at[at] + 1} if at in said_at else set()
            before = {said_at[at + 1]} if at + 1 in said_at else set()
            ends.append(set(map(places.of_gap, after | before)))
    return ends

"""Errors of writing, not of hearing: words that another normaliser, or joining them, makes equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from harness.scoring.alignment import Alignment
from harness.scoring.extra_errors import WordError
from harness.scoring.normalize import Normalizer, normalizer
from harness.scoring.word_times import origins

WITNESSES: Final = ("basic", "whisper-english")
"""Normalisers that are asked besides the one that was scored under."""

LONGEST_PART: Final = 6
"""Words of a part of a stretch that is looked at by itself: a spelled-out number or date has about so many."""

LONGEST_STRETCH: Final = 40
"""Words of both sides beyond which parts are not looked at: so much is wrong for another reason."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words between two hits: places `[reference_from, reference_to)` and `[hypothesis_from, hypothesis_to)`."""

    reference_from: int
    reference_to: int
    hypothesis_from: int
    hypothesis_to: int

    @property
    def words(self) -> int:
        """Of both sides."""
        return self.reference_to - self.reference_from + self.hypothesis_to - self.hypothesis_from

    def beside(self, other: Stretch) -> bool:
        """Whether this lies before or after the other, on both sides."""
        before = self.reference_to <= other.reference_from and self.hypothesis_to <= other.hypothesis_from
        after = other.reference_to <= self.reference_from and other.hypothesis_to <= self.hypothesis_from
        return before or after

    def holds(self, error: WordError) -> bool:
        """Whether the word of this error is one of the stretch: the reference's, or the one that was inserted."""
        if error.kind == "insert":
            return self.hypothesis_from <= error.hypothesis_at < self.hypothesis_to
        return self.reference_from <= error.reference_at < self.reference_to


def stretches(alignment: Alignment) -> list[Stretch]:
    """Every run of errors, as long as it goes without a hit; no two touch."""
    found: list[Stretch] = []
    said, heard = 0, 0
    for wrong, runs in groupby(alignment.operations, key=lambda run: run.kind != "equal"):
        before = said, heard
        for run in runs:
            said += len(run.reference)
            heard += len(run.hypothesis)
        if wrong:
            found.append(Stretch(before[0], said, before[1], heard))
    return found


class Spelling:
    """Two texts and how their normalised words were written.

    Args:
        reference: what was said, as written.
        hypothesis: what was heard, as written.
        alignment: of both, normalised.
        scored_under: the normaliser that did it.
    """

    def __init__(self, reference: str, hypothesis: str, alignment: Alignment, scored_under: Normalizer) -> None:
        self._said = _Written(reference, alignment.reference, scored_under)
        self._heard = _Written(hypothesis, alignment.hypothesis, scored_under)
        self._witnesses = [normalizer(name) for name in WITNESSES if name != scored_under.name]

    def respelled(self, stretch: Stretch) -> list[tuple[Stretch, str]]:
        """The parts of a stretch that are the same words on both sides, written otherwise, and what shows each.

        Tried are the whole stretch and parts of up to `LONGEST_PART` words, the longest first. A part that is empty on
        one side is one that a normaliser leaves out, such as a filler.
        """
        longest = LONGEST_PART if stretch.words <= LONGEST_STRETCH else 0
        said = self._parts(self._said, _places(stretch.reference_from, stretch.reference_to, longest))
        heard = self._parts(self._heard, _places(stretch.hypothesis_from, stretch.hypothesis_to, longest))
        found: list[tuple[Stretch, str]] = []
        pairs = [
            (Stretch(*ours, *theirs), how)
            for (how, key), places in said.items()
            for ours in places
            for theirs in heard.get((how, key), ())
        ]
        for part, how in sorted(pairs, key=lambda pair: -pair[0].words):
            if not self._alike(part) and all(part.beside(other) for other, _ in found):
                found.append((part, how))
        return found

    def _alike(self, part: Stretch) -> bool:
        """Whether both sides are one and the same: no matter of writing, but of where the alignment put it."""
        said = self._said.tokens[part.reference_from : part.reference_to]
        return said == self._heard.tokens[part.hypothesis_from : part.hypothesis_to]

    def _parts(self, side: _Written, places: Iterable[tuple[int, int]]) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """For each way to write a part otherwise, and what comes of it, the places of the parts."""
        parts: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for first, last in places:
            for how, key in self._keys(side, first, last):
                parts.setdefault((how, key), []).append((first, last))
        return parts

    def _keys(self, side: _Written, first: int, last: int) -> Iterator[tuple[str, str]]:
        tokens, written = side.tokens[first:last], side.as_written(first, last)
        if tokens:
            yield "the same letters, joined or split otherwise", "".join(tokens).replace("'", "")
        for witness in self._witnesses:
            yield f"equal under {witness.label}", witness(" ".join(tokens))
            if written is not None:
                yield f"equal under {witness.label} as written", witness(written)


def _places(start: int, end: int, longest: int) -> list[tuple[int, int]]:
    """The whole from start to end, and its parts of up to so many words, none among them; of 0, the whole alone."""
    if not longest:
        return [(start, end)]
    parts = [(first, last) for first in range(start, end + 1) for last in range(first, min(end, first + longest) + 1)]
    return parts if (start, end) in parts else [*parts, (start, end)]


class _Written:
    """A text, its normalised words, and which of its own words each comes from."""

    def __init__(self, text: str, tokens: Sequence[str], scored_under: Normalizer) -> None:
        self.tokens = tokens
        self._words = text.split()
        self._origins = origins(self._words, tokens, scored_under)

    def as_written(self, start: int, end: int) -> str | None:
        """The text of these words as written, whole words of it; None where it cannot be told."""
        if start == end:
            return ""
        inside = self._origins[start:end]
        first, last = inside[0], inside[-1]
        if first is None or last is None:
            return None
        return " ".join(self._words[first : last + 1])

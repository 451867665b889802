"""The places of a reference at which two sides may err: its words and the gaps between them, numbered alike for both.

Sides that were scored against other alternatives of a group share the words around it and none of its own: to both it
lies in the gap between those words, with what they inserted beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.scoring.alternates import Chosen


class Places:
    """Those of one side.

    Args:
        numbers: of each word of its reference, and of the end: odd of a word that the other side's reference has, too,
            even of a gap between two such.
    """

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers

    def of_word(self, reference_at: int) -> int:
        """The place of a word."""
        return self._numbers[reference_at]

    def of_gap(self, reference_at: int) -> int:
        """The place of what is inserted before a word, or at the end."""
        number = self._numbers[reference_at]
        return number - number % 2

    def is_shared(self, reference_at: int) -> bool:
        """Whether the other side was scored against this word, too."""
        return self._numbers[reference_at] % 2 == 1


def same_words(length: int) -> Places:
    """The places of either side where both were scored against the same words, so many."""
    return Places(range(1, 2 * length + 2, 2))


def places_of(ours: Chosen, theirs: Chosen) -> tuple[Places, Places]:
    """The places of two choices of one reference."""
    mine: list[int] = []
    others: list[int] = []
    shared = 0
    for piece, other in zip(ours.pieces, theirs.pieces, strict=True):
        if piece.words == other.words:
            numbers = range(2 * shared + 1, 2 * (shared + len(piece.words)) + 1, 2)
            mine += numbers
            others += numbers
            shared += len(piece.words)
        else:
            mine += [2 * shared] * len(piece.words)
            others += [2 * shared] * len(other.words)
    return Places([*mine, 2 * shared]), Places([*others, 2 * shared])

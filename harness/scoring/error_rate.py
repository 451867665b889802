"""Counts of an edit alignment. They add; every rate is derived from them, so averaging rates cannot be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """How a hypothesis differs from its reference, in tokens (words or characters).

    Two scores combine with `+` and in no other way; a corpus is `sum(parts, ErrorRate.zero())`. The start value
    is needed: a plain `sum` of nothing would be the integer 0.

    Attributes:
        hits: reference tokens that the hypothesis has right.
        substitutions: reference tokens that it has as another token.
        deletions: reference tokens that it lacks.
        insertions: hypothesis tokens that no reference token stands for.

    Raises:
        ValueError: a count is negative.
    """

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    def __post_init__(self) -> None:
        if min(self.hits, self.substitutions, self.deletions, self.insertions) < 0:
            raise ValueError(f"a count of tokens cannot be negative: {self}")

    def __add__(self, other: Self) -> Self:
        if not isinstance(other, type(self)):
            return NotImplemented
        return type(self)(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @classmethod
    def zero(cls) -> Self:
        """The score of two empty texts; adding it changes nothing."""
        return cls(0, 0, 0, 0)

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions together: the edit distance."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def reference_length(self) -> int:
        """Tokens in the reference."""
        return self.hits + self.substitutions + self.deletions

    @property
    def hypothesis_length(self) -> int:
        """Tokens in the hypothesis."""
        return self.hits + self.substitutions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors per reference token (WER or CER), from 0 upwards: insertions can lift it above 1.

        None when the reference is empty, whatever was inserted: there is nothing to divide by. The insertions stay
        in `errors`, and count as soon as the score is added to one that has a reference.
        """
        return self.errors / self.reference_length if self.reference_length else None

    @property
    def match_error_rate(self) -> float | None:
        """MER: the share of aligned positions that are errors, from 0 to 1.

        An empty reference with insertions gives 1: every position is an error. None when both sides are empty:
        there is no position.

        Source: Morris, Maier and Green, "From WER and RIL to MER and WIL", Interspeech 2004.
        """
        positions = self.hits + self.errors
        return self.errors / positions if positions else None

    @property
    def word_information_lost(self) -> float | None:
        """WIL: 1 - (hits / reference length) * (hits / hypothesis length), from 0 to 1.

        An empty hypothesis for a reference gives 1: all of it is lost. None when the reference is empty, with or
        without insertions: there was no information to lose.

        Source: as for `match_error_rate`.
        """
        if not self.reference_length:
            return None
        if not self.hypothesis_length:
            return 1.0
        return 1 - (self.hits / self.reference_length) * (self.hits / self.hypothesis_length)

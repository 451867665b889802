"""References with alternatives, `{colour / color}`, as NIST's STM files write them: the one that fits best counts.

`@` stands for nothing: `{uh / @} yes` may have the filler or not. Where a slash stands between spaces, as NIST has it,
slashes within words divide nothing: `{24/7 / all day}` has two alternatives, and so has `{colour/color}`. Groups do not
nest. Every piece is normalised for itself, so that braces and slashes are never taken for text; a normaliser that looks
across words (numbers) does not look across the edge of a group.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import BadInput
from harness.scoring.normalize import Normalizer

_GROUP = re.compile(r"\{([^{}]*)\}")
_SPACED_SLASH = re.compile(r"(?:^|(?<=\s))/(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Piece:
    """What lies between two groups, or an alternative of one: as written, and its words, normalised."""

    written: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A reference with one alternative of each group; every choice of one reference has as many pieces.

    Attributes:
        pieces: in order.
    """

    pieces: tuple[Piece, ...]

    @property
    def written(self) -> str:
        """The text as written."""
        return " ".join(piece.written for piece in self.pieces)

    @property
    def text(self) -> str:
        """The text, normalised."""
        return " ".join(word for piece in self.pieces for word in piece.words)


@dataclass(frozen=True, slots=True)
class _Route:
    """The pieces taken so far, the last first."""

    piece: Piece
    before: _Route | None


def has_alternates(reference: str) -> bool:
    """Whether there is anything to choose."""
    return "{" in reference or "}" in reference


def best_reference(reference: str, hypothesis: str, normalizer: Normalizer, name: str) -> Chosen:
    """The reference with the alternatives that leave the fewest word errors.

    Exact: the edit distance to a network of words, as NIST sclite scores one. Of equals the one that takes the earlier
    alternative of the first group in which they differ.

    Args:
        reference: as written.
        hypothesis: as heard.
        normalizer: for both.
        name: what messages call the reference.

    Raises:
        BadInput: a brace has no partner, or groups nest.
    """
    if not has_alternates(reference):
        return Chosen((_piece(reference, normalizer),))
    return _best(_slots(reference, normalizer, name), normalizer(hypothesis).split())


def _best(slots: Sequence[Sequence[Piece]], heard: Sequence[str]) -> Chosen:
    """The rows of Wagner and Fischer's table, of which those before a group branch.

    What stands in a row is the number of errors times `size`, plus the rank of the choices on the way: where numbers
    of errors are equal, the lower rank is the smaller weight.
    """
    size = len(heard) + 1
    row = [size * place for place in range(size)]
    routes: list[_Route | None] = [None]
    for choices in slots:
        ends = [_through(row, choice.words, heard) for choice in choices]
        best = [min((weight, number) for number, weight in enumerate(column)) for column in zip(*ends, strict=True)]
        taken = sorted({(weight % size, number) for weight, number in best})
        ranks = {choice: rank for rank, choice in enumerate(taken)}
        row = [weight - weight % size + ranks[weight % size, number] for weight, number in best]
        routes = [_Route(choices[number], routes[before]) for before, number in taken]
    return _chosen(routes[row[-1] % size])


def _chosen(route: _Route | None) -> Chosen:
    pieces: list[Piece] = []
    while route is not None:
        pieces.append(route.piece)
        route = route.before
    return Chosen(tuple(reversed(pieces)))


def _slots(reference: str, normalizer: Normalizer, name: str) -> list[list[Piece]]:
    """Each stretch of the reference as what it may be."""
    slots: list[list[Piece]] = []
    for number, text in enumerate(_GROUP.split(reference)):
        if number % 2:
            slots.append([_piece(choice, normalizer) for choice in _choices(text)])
        elif has_alternates(text):
            raise BadInput(f"{name}: a brace without its partner, or braces within braces, in {reference[:60]!r}")
        else:
            slots.append([_piece(text, normalizer)])
    return slots


def _choices(group: str) -> list[str]:
    spaced = _SPACED_SLASH.split(group)
    return spaced if len(spaced) > 1 else group.split("/")


def _piece(text: str, normalizer: Normalizer) -> Piece:
    written = "" if text.strip() == "@" else text
    return Piece(written, tuple(normalizer(written).split()))


def _through(row: Sequence[int], words: Sequence[str], heard: Sequence[str]) -> list[int]:
    """The row behind these words; an insertion before the first of them is in `row` already."""
    before, error = list(row), len(row)
    for word in words:
        after = [before[0] + error]
        for place, said in enumerate(heard):
            hit_or_substitution = before[place] if said == word else before[place] + error
            after.append(min(hit_or_substitution, before[place + 1] + error, after[place] + error))
        before = after
    return before

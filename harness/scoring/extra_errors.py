"""Extra errors: what one hypothesis has wrong and the other has right, against the same reference, word by word."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.scoring.alignment import Alignment


@dataclass(frozen=True, slots=True)
class WordError:
    """One wrong word of an alignment.

    Attributes:
        kind: `substitute`, `delete` or `insert`.
        reference: the reference's word; empty in an `insert`.
        hypothesis: the word that was heard; empty in a `delete`.
        reference_at: place of the reference's word; of an `insert` that of the word before which it stands.
        hypothesis_at: place of the word that was heard; of a `delete` that of the word before which one is missing.
    """

    kind: Literal["substitute", "delete", "insert"]
    reference: str
    hypothesis: str
    reference_at: int
    hypothesis_at: int


def word_errors(alignment: Alignment) -> Iterator[WordError]:
    """Every error of an alignment, in order."""
    said, heard = 0, 0
    for run in alignment.operations:
        if run.kind == "substitute":
            for offset, (reference, hypothesis) in enumerate(zip(run.reference, run.hypothesis, strict=True)):
                yield WordError(run.kind, reference, hypothesis, said + offset, heard + offset)
        elif run.kind == "delete":
            for offset, reference in enumerate(run.reference):
                yield WordError(run.kind, reference, "", said + offset, heard)
        elif run.kind == "insert":
            for offset, hypothesis in enumerate(run.hypothesis):
                yield WordError(run.kind, "", hypothesis, said, heard + offset)
        said += len(run.reference)
        heard += len(run.hypothesis)


def hits(alignment: Alignment) -> dict[int, int]:
    """For the place of each reference word that was heard right, its place in the hypothesis; in order."""
    found: dict[int, int] = {}
    said, heard = 0, 0
    for kind, length in alignment.path:
        if kind == "equal":
            found.update(zip(range(said, said + length), range(heard, heard + length), strict=True))
        said += 0 if kind == "insert" else length
        heard += 0 if kind == "delete" else length
    return found


def extra_errors(ours: Alignment, theirs: Alignment) -> tuple[WordError, ...]:
    """The errors of `ours` that `theirs` does not have, in order.

    A reference word that is wrong in both is no extra error, whatever each heard instead. Of the words inserted at one
    place those that both inserted there are none, equal words first, then as many as the other has. Where both heard
    the same words between two that both have right, none is: of equally short alignments each may have another one.

    So `len(extra_errors(a, b)) - len(extra_errors(b, a))` is the difference of their numbers of errors.
    """
    blocks = _Blocks(ours, theirs)
    wrong_in_theirs = {error.reference_at for error in word_errors(theirs) if error.kind != "insert"}
    extra = [
        error
        for error in word_errors(ours)
        if not blocks.alike(error.reference_at)
        and (error.kind == "insert" or error.reference_at not in wrong_in_theirs)
    ]
    shared = _shared_insertions(ours, theirs)
    return tuple(error for error in extra if error not in shared)


def _shared_insertions(ours: Alignment, theirs: Alignment) -> set[WordError]:
    """The insertions of ours that stand for insertions of theirs at the same place."""
    mine, others = _insertions(ours), _insertions(theirs)
    shared: set[WordError] = set()
    for place, errors in mine.items():
        left = Counter(other.hypothesis for other in others.get(place, ()))
        unmatched: list[WordError] = []
        for error in errors:
            if left[error.hypothesis] > 0:
                left[error.hypothesis] -= 1
                shared.add(error)
            else:
                unmatched.append(error)
        shared.update(unmatched[: left.total()])
    return shared


def _insertions(alignment: Alignment) -> dict[int, list[WordError]]:
    places: dict[int, list[WordError]] = {}
    for error in word_errors(alignment):
        if error.kind == "insert":
            places.setdefault(error.reference_at, []).append(error)
    return places


class _Blocks:
    """The reference between the words that both have right, and what each heard there."""

    def __init__(self, ours: Alignment, theirs: Alignment) -> None:
        mine, others = hits(ours), hits(theirs)
        self._anchors = [place for place in mine if place in others]
        self._ours = _between(ours.hypothesis, [mine[place] for place in self._anchors])
        self._theirs = _between(theirs.hypothesis, [others[place] for place in self._anchors])

    def alike(self, reference_at: int) -> bool:
        """Whether both heard the same in the block of this place."""
        block = bisect_left(self._anchors, reference_at)
        return self._ours[block] == self._theirs[block]


def _between(tokens: Sequence[str], anchors: Sequence[int]) -> list[Sequence[str]]:
    starts = [0, *(anchor + 1 for anchor in anchors)]
    return [tokens[start:end] for start, end in zip(starts, [*anchors, len(tokens)], strict=True)]

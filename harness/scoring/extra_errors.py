"""Extra errors: what one hypothesis has wrong and the other has right, against the same reference, word by word."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.scoring.alignment import Alignment
from harness.scoring.places import Places, same_words


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


def extra_errors(
    ours: Alignment, theirs: Alignment, places: tuple[Places, Places] | None = None
) -> tuple[WordError, ...]:
    """The errors of `ours` that `theirs` does not have, in order.

    Of the errors at one place those that both have there are no extra errors, equal words first, then as many as the
    other has: a word of the reference that is wrong in both is none, whatever each heard instead. Where both heard the
    same words between two that both have right, none is: of equally short alignments each may have another one.

    So `len(extra_errors(a, b)) - len(extra_errors(b, a))` is the difference of their numbers of errors.

    Args:
        ours, theirs: both hypotheses, beside the reference.
        places: of the words of each one's reference, where the two are not the same.
    """
    mine, others = places or (same_words(len(ours.reference)),) * 2
    blocks = _Blocks(ours, theirs, mine, others)
    shared = _shared(_by_place(ours, mine), _by_place(theirs, others))
    return tuple(error for error in word_errors(ours) if error not in shared and not blocks.alike(error.reference_at))


def _by_place(alignment: Alignment, places: Places) -> dict[int, list[WordError]]:
    errors: dict[int, list[WordError]] = defaultdict(list)
    for error in word_errors(alignment):
        at = error.reference_at
        errors[places.of_gap(at) if error.kind == "insert" else places.of_word(at)].append(error)
    return errors


def _shared(mine: Mapping[int, Sequence[WordError]], others: Mapping[int, Sequence[WordError]]) -> set[WordError]:
    """The errors of ours that stand for errors of theirs at the same place."""
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


class _Blocks:
    """The reference between the words that both have right, and what each heard there."""

    def __init__(self, ours: Alignment, theirs: Alignment, mine: Places, others: Places) -> None:
        right, right_there = _right(ours, mine), _right(theirs, others)
        both = [place for place in right if place in right_there]
        self._anchors = [right[place][0] for place in both]
        self._ours = _between(ours.hypothesis, [right[place][1] for place in both])
        self._theirs = _between(theirs.hypothesis, [right_there[place][1] for place in both])

    def alike(self, reference_at: int) -> bool:
        """Whether both heard the same in the block of this place of our reference."""
        block = bisect_left(self._anchors, reference_at)
        return self._ours[block] == self._theirs[block]


def _right(alignment: Alignment, places: Places) -> dict[int, tuple[int, int]]:
    """For the place of each word that both references have, and that was heard right, where it stands in both texts."""
    return {places.of_word(said): (said, heard) for said, heard in hits(alignment).items() if places.is_shared(said)}


def _between(tokens: Sequence[str], anchors: Sequence[int]) -> list[Sequence[str]]:
    starts = [0, *(anchor + 1 for anchor in anchors)]
    return [tokens[start:end] for start, end in zip(starts, [*anchors, len(tokens)], strict=True)]

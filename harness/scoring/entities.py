"""Error rate of the words that matter: names, products, numbers, from a list, phrase by phrase."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.errors import BadInput
from harness.scoring.alignment import Alignment
from harness.scoring.normalize import Normalizer


@dataclass(frozen=True, slots=True)
class EntityCount:
    """One phrase over a corpus; two add.

    Attributes:
        phrase: as the list has it.
        occurrences: how often the references have it.
        hits: how many of these were heard whole: each of its words right, and nothing between them.
        false_alarms: how often it was heard where no reference has it.
    """

    phrase: str
    occurrences: int = 0
    hits: int = 0
    false_alarms: int = 0

    @property
    def missed(self) -> int:
        """Occurrences that were not heard whole."""
        return self.occurrences - self.hits

    @property
    def rate(self) -> float | None:
        """Missed occurrences and false alarms for each occurrence; None when the references never have it."""
        return (self.missed + self.false_alarms) / self.occurrences if self.occurrences else None


def read_entities(text: str, name: str) -> tuple[str, ...]:
    """A phrase a line; blank lines and lines that begin with # are skipped.

    Raises:
        BadInput: there is none.
    """
    lines = (line.strip() for line in text.splitlines())
    phrases = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not phrases:
        raise BadInput(f"{name}: there is no phrase in it; wanted one a line")
    return phrases


def count_entities(
    phrases: Iterable[str], alignments: Sequence[Alignment], normalizer: Normalizer
) -> tuple[EntityCount, ...]:
    """Count each phrase over aligned texts that were normalised with the same normaliser.

    Occurrences may overlap. A phrase of which the normaliser leaves nothing never occurs.
    """
    wanted = {phrase: tuple(normalizer(phrase).split()) for phrase in phrases}
    totals = {phrase: [0, 0, 0] for phrase in wanted}
    for alignment in alignments:
        said, heard = alignment.reference, alignment.hypothesis
        twin = dict(_equal(alignment))
        for phrase, words in wanted.items():
            found = list(_places(words, said))
            hits = [place for place in found if _whole(place, len(words), twin)]
            totals[phrase][0] += len(found)
            totals[phrase][1] += len(hits)
            totals[phrase][2] += len({*_places(words, heard)} - {twin[place] for place in hits})
    return tuple(EntityCount(phrase, *counts) for phrase, counts in totals.items())


def _equal(alignment: Alignment) -> Iterator[tuple[int, int]]:
    """Places in the reference that were heard right, each with its place in the hypothesis."""
    said = heard = 0
    for kind, length in alignment.path:
        if kind == "equal":
            yield from zip(range(said, said + length), range(heard, heard + length), strict=True)
        said += 0 if kind == "insert" else length
        heard += 0 if kind == "delete" else length


def _places(words: tuple[str, ...], text: tuple[str, ...]) -> Iterator[int]:
    length = len(words)
    return (place for place in range(len(text) - length + 1) if length and text[place : place + length] == words)


def _whole(place: int, length: int, twin: dict[int, int]) -> bool:
    return all(twin.get(place + offset) == twin.get(place, -length) + offset for offset in range(length))

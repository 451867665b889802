"""Error rate of the words that matter: names, products, numbers, from a list, phrase by phrase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import BadInput
from harness.scoring.alignment import Alignment
from harness.scoring.extra_errors import hits
from harness.scoring.normalize import Normalizer


@dataclass(frozen=True, slots=True)
class EntityCount:
    """One phrase over a corpus; two add.

    Attributes:
        phrase: as the list has it.
        occurrences: how often the references have it.
        hits: how many of these were heard whole: each of its words right, and nothing between them. Where several
            alignments are equally short, it is enough that one of them has it so.
        false_alarms: how often it was heard where no reference has it.
    """

    phrase: str
    occurrences: int = 0
    hits: int = 0
    false_alarms: int = 0

    def __add__(self, other: EntityCount) -> EntityCount:
        """The same phrase over both corpora.

        Raises:
            ValueError: they are of two phrases.
        """
        if self.phrase != other.phrase:
            raise ValueError(f"counts of {self.phrase!r} and {other.phrase!r} do not add")
        return EntityCount(
            self.phrase,
            self.occurrences + other.occurrences,
            self.hits + other.hits,
            self.false_alarms + other.false_alarms,
        )

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

    Occurrences may overlap. A phrase of which the normaliser leaves nothing never occurs; of phrases that it makes the
    same, the first counts for all.
    """
    wanted: dict[tuple[str, ...], str] = {}
    for phrase in phrases:
        wanted.setdefault(tuple(normalizer(phrase).split()), phrase)
    totals = {words: [0, 0, 0] for words in wanted}
    for alignment in alignments:
        said, heard, twin = _Text(alignment.reference), _Text(alignment.hypothesis), hits(alignment)
        for words, counts in totals.items():
            spoken, shown = said.places(words), heard.places(words)
            whole = {place: twin[place] for place in spoken if _whole(place, len(words), twin)}
            if len(whole) < min(len(spoken), len(shown)):
                whole = _by_other_paths(whole, spoken, shown, len(words), alignment)
            counts[0] += len(spoken)
            counts[1] += len(whole)
            counts[2] += len(shown) - len(whole)
    return tuple(EntityCount(wanted[words], *counts) for words, counts in totals.items())


def _by_other_paths(
    whole: Mapping[int, int], spoken: Sequence[int], shown: Sequence[int], length: int, alignment: Alignment
) -> dict[int, int]:
    """The hits, and those that another alignment, as short as the given one, has.

    The aligner keeps «new» of «new york» for either of «new new york»; with the second the phrase was heard whole.
    """
    from rapidfuzz.distance.Levenshtein import distance

    said, heard = alignment.reference, alignment.hypothesis
    found, taken = dict(whole), set(whole.values())
    for place in spoken:
        for other in shown if place not in found else ():
            if other in taken or not all(_agree(place, other, *hit, length) for hit in found.items()):
                continue
            outside = distance(said[:place], heard[:other]) + distance(said[place + length :], heard[other + length :])
            if outside == alignment.counts.errors:
                found[place] = other
                taken.add(other)
                break
    return found


def _agree(place: int, other: int, hit_place: int, hit_other: int, length: int) -> bool:
    """Whether one alignment can have both hits: each word has one twin at most, and the order is kept."""
    said, heard = place - hit_place, other - hit_other
    return said == heard or (min(abs(said), abs(heard)) >= length and (said > 0) == (heard > 0))


class _Text:
    """The words of a text and where each stands: most phrases do not begin in most texts."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._starts: dict[str, list[int]] = {}
        for place, word in enumerate(words):
            self._starts.setdefault(word, []).append(place)

    def places(self, phrase: tuple[str, ...]) -> list[int]:
        """Where the phrase begins; nowhere when it has no word."""
        starts = self._starts.get(phrase[0], ()) if phrase else ()
        return [place for place in starts if self._words[place : place + len(phrase)] == phrase]


def _whole(place: int, length: int, twin: Mapping[int, int]) -> bool:
    return all(twin.get(place + offset) == twin.get(place, -length) + offset for offset in range(length))

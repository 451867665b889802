"""Word and character error rates of one text, and of many joined into a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from harness.scoring.alignment import Alignment, align_words, count_characters
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import Normalizer


class _Rates:
    """The rates that follow from word and character counts; None where `ErrorRate` says it is undefined."""

    __slots__ = ()
    words: ErrorRate
    characters: ErrorRate

    @property
    def wer(self) -> float | None:
        """Word error rate: `words.rate`."""
        return self.words.rate

    @property
    def mer(self) -> float | None:
        """Match error rate of the words."""
        return self.words.match_error_rate

    @property
    def wil(self) -> float | None:
        """Word information lost."""
        return self.words.word_information_lost

    @property
    def cer(self) -> float | None:
        """Character error rate: `characters.rate`; a space between words is a character."""
        return self.characters.rate


@dataclass(frozen=True, slots=True)
class CorpusScore(_Rates):
    """The counts of any number of texts scored under one normaliser; join with `+`, from `CorpusScore.zero(...)`.

    Attributes:
        texts: how many texts were added up.
        words: their word counts.
        characters: their character counts.
        normalizer: the normaliser's label, as in `basic@1`.
    """

    texts: int
    words: ErrorRate
    characters: ErrorRate
    normalizer: str

    def __add__(self, other: CorpusScore | TextScore) -> CorpusScore:
        """Add the counts.

        Raises:
            ValueError: the other score was made under another normaliser, so its counts mean something else.
        """
        if isinstance(other, TextScore):
            other = other.corpus
        if not isinstance(other, CorpusScore):
            return NotImplemented
        if self.normalizer != other.normalizer:
            raise ValueError(
                f"scores under {self.normalizer} and {other.normalizer} do not add: score both under one normaliser"
            )
        return CorpusScore(
            self.texts + other.texts,
            self.words + other.words,
            self.characters + other.characters,
            self.normalizer,
        )

    @classmethod
    def zero(cls, normalizer: Normalizer) -> Self:
        """The corpus of no texts, the start of a `sum`."""
        return cls(0, ErrorRate.zero(), ErrorRate.zero(), normalizer.label)


@dataclass(frozen=True, slots=True)
class TextScore(_Rates):
    """One hypothesis against its reference.

    Attributes:
        words: counts over words.
        characters: counts over characters, the single spaces between words among them.
        alignment: the words side by side, normalised.
        normalizer: the normaliser's label, as in `basic@1`.
    """

    words: ErrorRate
    characters: ErrorRate
    alignment: Alignment
    normalizer: str

    def __add__(self, other: CorpusScore | TextScore) -> CorpusScore:
        return self.corpus + other

    @property
    def corpus(self) -> CorpusScore:
        """This text as a corpus of one."""
        return CorpusScore(1, self.words, self.characters, self.normalizer)


def score(reference: str, hypothesis: str, normalizer: Normalizer) -> TextScore:
    """Score one hypothesis; both texts are normalised first. Either may be empty."""
    return score_many([reference], [hypothesis], normalizer)[0]


def score_many(references: Sequence[str], hypotheses: Sequence[str], normalizer: Normalizer) -> list[TextScore]:
    """Score each hypothesis against the reference at the same place.

    Raises:
        ValueError: the two sequences differ in length.
    """
    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references do not pair with {len(hypotheses)} hypotheses")
    clean_references = [normalizer(text) for text in references]
    clean_hypotheses = [normalizer(text) for text in hypotheses]
    words = align_words(clean_references, clean_hypotheses)
    characters = count_characters(clean_references, clean_hypotheses)
    return [
        TextScore(word_counts, character_counts, alignment, normalizer.label)
        for (alignment, word_counts), character_counts in zip(words, characters, strict=True)
    ]

"""Reference and hypothesis side by side: which tokens were kept, replaced, lost, added. jiwer finds the path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

from harness.scoring.error_rate import ErrorRate

if TYPE_CHECKING:
    from jiwer import AbstractTransform, AlignmentChunk

Kind = Literal["equal", "substitute", "delete", "insert"]
Run = tuple[Kind, int]

# jiwer holds an object for every run until it returns: large batches only feed the garbage collector.
_BATCH = 128
# rapidfuzz first looks for a path with so few errors, then for twice as many, and so on: several times faster on a long
# document than looking at all of it at once. A smaller number would have it divide texts otherwise than without a hint
# and so find another one of equally short paths.
_HINT_CHARACTERS = 4_096
_RUNS: dict[tuple[str, int], Run] = {}  # a corpus has millions of runs, and few that differ


@dataclass(frozen=True, slots=True)
class Operation:
    """One run of tokens that share a fate.

    Attributes:
        kind: `equal`, `substitute`, `delete` or `insert`.
        reference: its reference tokens; none in an `insert`.
        hypothesis: its hypothesis tokens; none in a `delete`, as many as in the reference in a `substitute`.
    """

    kind: Kind
    reference: tuple[str, ...]
    hypothesis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """A shortest edit path from reference to hypothesis.

    The number of errors is the edit distance and hence unique; where several paths are equally short, which words
    count as substituted rather than deleted and inserted is jiwer's choice (NIST sclite may choose otherwise).

    Attributes:
        reference_text: the reference, its tokens between single spaces.
        hypothesis_text: the hypothesis likewise.
        path: kind and length in tokens of each run in order; `operations` is the same with the tokens.
    """

    reference_text: str
    hypothesis_text: str
    path: tuple[Run, ...]

    @property
    def reference(self) -> tuple[str, ...]:
        """All tokens of the reference."""
        return tuple(self.reference_text.split())

    @property
    def hypothesis(self) -> tuple[str, ...]:
        """All tokens of the hypothesis."""
        return tuple(self.hypothesis_text.split())

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The runs in order, made when they are asked for; their tokens, joined, are the two texts again."""
        reference, hypothesis = self.reference, self.hypothesis
        said, heard = 0, 0
        runs: list[Operation] = []
        for kind, length in self.path:
            said_to = said if kind == "insert" else said + length
            heard_to = heard if kind == "delete" else heard + length
            runs.append(Operation(kind, reference[said:said_to], hypothesis[heard:heard_to]))
            said, heard = said_to, heard_to
        return tuple(runs)

    @property
    def counts(self) -> ErrorRate:
        """What the path counts to."""
        tokens = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
        for kind, length in self.path:
            tokens[kind] += length
        return ErrorRate(tokens["equal"], tokens["substitute"], tokens["delete"], tokens["insert"])


def align_words(references: Sequence[str], hypotheses: Sequence[str]) -> list[tuple[Alignment, ErrorRate]]:
    """Align each hypothesis with its reference, word by word; words are what white space of any kind separates.

    Empty texts are allowed on either side: all of the other is then inserted or deleted.

    Raises:
        ValueError: the two sequences differ in length.
    """
    from jiwer import process_words

    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references do not pair with {len(hypotheses)} hypotheses")
    aligned: list[tuple[Alignment, ErrorRate]] = []
    for start in range(0, len(references), _BATCH):
        said, heard = (list(map(_spaced, texts[start : start + _BATCH])) for texts in (references, hypotheses))
        output = process_words(said, heard, _words(), _words())
        for reference, hypothesis, chunks in zip(said, heard, output.alignments, strict=True):
            alignment = Alignment(reference, hypothesis, tuple(map(_run, chunks)))
            aligned.append((alignment, alignment.counts))
    return aligned


def count_characters(references: Sequence[str], hypotheses: Sequence[str]) -> list[ErrorRate]:
    """Count the character errors of each hypothesis; a run of white space is one space, outer white space is none.

    By rapidfuzz, which is what jiwer finds its paths with: the counts are those of `jiwer.process_characters`, without
    an alignment for every character, which nobody reads.

    Raises:
        ValueError: the two sequences differ in length.
    """
    from rapidfuzz.distance.Levenshtein import editops

    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references do not pair with {len(hypotheses)} hypotheses")
    counts: list[ErrorRate] = []
    for reference, hypothesis in zip(map(_spaced, references), map(_spaced, hypotheses), strict=True):
        kinds = [kind for kind, _, _ in editops(reference, hypothesis, score_hint=_HINT_CHARACTERS).as_list()]
        substitutions, deletions, insertions = map(kinds.count, ("replace", "delete", "insert"))
        counts.append(ErrorRate(len(reference) - substitutions - deletions, substitutions, deletions, insertions))
    return counts


def _run(chunk: AlignmentChunk) -> Run:
    # An insertion has no reference tokens; every other kind is as long as they are.
    length = chunk.ref_end_idx - chunk.ref_start_idx or chunk.hyp_end_idx - chunk.hyp_start_idx
    return _RUNS.setdefault((chunk.type, length), (cast("Kind", chunk.type), length))


@cache
def _words() -> AbstractTransform:
    from jiwer import AbstractTransform

    class Words(AbstractTransform):
        """Splits at any white space. jiwer's own splits at the plain space: a tab would glue two words together."""

        def process_string(self, s: str) -> list[list[str]]:
            return [s.split()]

        def process_list(self, inp: list[str]) -> list[list[str]]:
            return [text.split() for text in inp]

    return Words()


def _spaced(text: str) -> str:
    return " ".join(text.split())

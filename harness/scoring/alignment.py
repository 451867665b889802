"""Reference and hypothesis side by side: which tokens were kept, replaced, lost, added. jiwer finds the path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from harness.scoring.error_rate import ErrorRate

if TYPE_CHECKING:
    from jiwer import AlignmentChunk

Kind = Literal["equal", "substitute", "delete", "insert"]


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
        operations: the runs in order; their tokens, joined, are the two texts again.
    """

    operations: tuple[Operation, ...]

    @property
    def reference(self) -> tuple[str, ...]:
        """All tokens of the reference."""
        return tuple(token for operation in self.operations for token in operation.reference)

    @property
    def hypothesis(self) -> tuple[str, ...]:
        """All tokens of the hypothesis."""
        return tuple(token for operation in self.operations for token in operation.hypothesis)


def align_words(references: Sequence[str], hypotheses: Sequence[str]) -> list[tuple[Alignment, ErrorRate]]:
    """Align each hypothesis with its reference, word by word; words are what white space of any kind separates.

    Empty texts are allowed on either side: all of the other is then inserted or deleted.

    Raises:
        ValueError: the two sequences differ in length (jiwer's own message).
    """
    from jiwer import process_words

    # jiwer splits at the plain space only; a tab or a no-break space would glue two words together.
    output = process_words(_spaced(references), _spaced(hypotheses))
    return [
        (Alignment(tuple(_operation(chunk, reference, hypothesis) for chunk in chunks)), _counts(chunks))
        for chunks, reference, hypothesis in zip(output.alignments, output.references, output.hypotheses, strict=True)
    ]


def count_characters(references: Sequence[str], hypotheses: Sequence[str]) -> list[ErrorRate]:
    """Count the character errors of each hypothesis; a run of white space is one space, outer white space is none.

    Raises:
        ValueError: the two sequences differ in length (jiwer's own message).
    """
    from jiwer import process_characters

    return [_counts(chunks) for chunks in process_characters(_spaced(references), _spaced(hypotheses)).alignments]


def _spaced(texts: Sequence[str]) -> list[str]:
    return [" ".join(text.split()) for text in texts]


def _operation(chunk: AlignmentChunk, reference: Sequence[str], hypothesis: Sequence[str]) -> Operation:
    return Operation(
        cast("Kind", chunk.type),
        tuple(reference[chunk.ref_start_idx : chunk.ref_end_idx]),
        tuple(hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]),
    )


def _counts(chunks: Sequence[AlignmentChunk]) -> ErrorRate:
    tokens = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
    for chunk in chunks:
        # An insertion has no reference tokens; every other kind is counted by them.
        tokens[chunk.type] += (chunk.ref_end_idx - chunk.ref_start_idx) or (chunk.hyp_end_idx - chunk.hyp_start_idx)
    return ErrorRate(tokens["equal"], tokens["substitute"], tokens["delete"], tokens["insert"])

"""What of the lines of `dgharness score --utterances-file` the gate keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from harness.gate.baseline import Baseline, Edits, Side, Utterance, whole
from harness.gate.lines import decoded
from harness.results import Tokens


class Counted(msgspec.Struct):
    """Edit counts by name, as `score` and `corpus` write them."""

    hits: Tokens
    substitutions: Tokens
    deletions: Tokens
    insertions: Tokens

    @property
    def edits(self) -> Edits:
        """The same as the gate has them."""
        return Edits(self.hits, self.substitutions, self.deletions, self.insertions)


class _Answer(Counted):
    """One side of a line; the text and the characters have been there since the gate tells words apart."""

    characters: Counted | None = None
    text: str | None = None


class _Line(msgspec.Struct):
    id: str
    normalizer: str
    streaming: _Answer
    prerecorded: _Answer
    reference: str | None = None


def baseline_of_lines(lines: Iterator[tuple[str, bytes]], name: str) -> Baseline:
    """The baseline of all lines, each with its place.

    Raises:
        BadInput: a line is broken, or two have one id.
    """
    return whole((_utterance(decoded(line, _Line, place)) for place, line in lines), name)


def _utterance(line: Any) -> Utterance:
    return Utterance(
        id=line.id,
        normalizer=line.normalizer,
        reference=line.reference,
        streaming=_side(line.streaming),
        prerecorded=_side(line.prerecorded),
    )


def _side(answer: _Answer) -> Side:
    characters = answer.characters.edits if answer.characters else None
    return Side(words=answer.edits, characters=characters, text=answer.text)

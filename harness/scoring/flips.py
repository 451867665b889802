"""Utterances whose verdict depends on the normaliser: under one streaming is better, under another it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.scoring.paired import PairedRow, PairedScore


@dataclass(frozen=True, slots=True)
class Flip:
    """One such utterance.

    Attributes:
        id: of the utterance.
        errors: under each normaliser, by label, the word errors of streaming and of pre-recorded.
    """

    id: str
    errors: Mapping[str, tuple[int, int]]

    @property
    def sentence(self) -> str:
        """Both sides' errors under each normaliser, in words."""
        errors = ", ".join(f"{label} {streamed}:{posted}" for label, (streamed, posted) in self.errors.items())
        return f"errors of streaming and pre-recorded under {errors}"


def flips(scored: Mapping[str, PairedScore]) -> tuple[Flip, ...]:
    """Compare the same utterances scored under several normalisers.

    Args:
        scored: by the normaliser's label; all of the same texts, so that their rows have the same ids in order.
    """
    rows = zip(*(paired.rows for paired in scored.values()), strict=True)
    return tuple(
        Flip(together[0].id, dict(zip(scored, map(_errors, together), strict=True)))
        for together in rows
        if len({_verdict(row) for row in together}) > 1
    )


def _errors(row: PairedRow) -> tuple[int, int]:
    return row.streaming.words.errors, row.prerecorded.words.errors


def _verdict(row: PairedRow) -> int:
    streamed, posted = _errors(row)
    return (streamed > posted) - (streamed < posted)

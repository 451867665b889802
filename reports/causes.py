"""Why streaming has errors that pre-recorded has not, cause by cause, as rows of formatted text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from harness.results import CaseResult, CauseCounts, Causes, ExtraError
from harness.scoring.causes import Cause
from reports.figures import count, one_line, percent, shorten

_EVIDENCE_CHARACTERS: Final = 200
_WORD_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class CauseTable:
    """Extra errors by cause.

    Attributes:
        title: how many there are.
        header: what the cells of a row are.
        rows: one for each cause that there is, with how many errors it made; and one of them with its evidence, of a
            run in how many cases they are, or of a corpus their share.
    """

    title: str
    header: tuple[str, str, str]
    rows: tuple[tuple[str, str, str], ...]


def cause_table(causes: Causes | CauseCounts | None) -> CauseTable | None:
    """The causes of one case, or of many utterances; None when there are no extra errors."""
    examples = {} if causes is None else causes.examples
    if causes is None or not examples:
        return None
    rows = ((cause, causes.counts.get(cause, 0), examples[cause]) for cause in Cause if cause in examples)
    return CauseTable(
        _title(causes.extra, causes.fewer),
        ("cause", "errors", "the first of them"),
        tuple((cause.value, str(number), _example(first)) for cause, number, first in rows),
    )


def run_cause_table(cases: Iterable[CaseResult]) -> CauseTable | None:
    """The causes of all cases together; None when there are no extra errors."""
    found = [case.causes for case in cases if case.causes is not None]
    if not any(causes.extra for causes in found):
        return None
    rows = []
    for cause in Cause:
        numbers = [number for causes in found if (number := causes.counts.get(cause, 0))]
        if numbers:
            rows.append((cause.value, str(sum(numbers)), str(len(numbers))))
    title = _title(sum(causes.extra for causes in found), sum(causes.fewer for causes in found))
    return CauseTable(title, ("cause", "errors", "cases"), tuple(rows))


def counted_cause_table(counts: Mapping[Cause, int]) -> CauseTable | None:
    """The causes of many utterances, counted; None when there are no extra errors."""
    errors = sum(counts.values())
    rows = tuple(
        (cause.value, str(found), percent(found / errors)) for cause in Cause if (found := counts.get(cause, 0))
    )
    return CauseTable(_title(errors, 0), ("cause", "errors", "share"), rows) if rows else None


def error_line(error: ExtraError) -> str:
    """One error, its cause and what shows it, as one line."""
    return f"{error.cause.value}: {_example(error)}"


def _title(extra: int, fewer: int) -> str:
    other = f"; {fewer} the other way round" if fewer else ""
    return f"causes of {count(extra, 'word error')} that streaming has and pre-recorded has not{other}"


def _example(error: ExtraError) -> str:
    return f"{_what(error)}: {shorten(error.evidence, _EVIDENCE_CHARACTERS)}"


def _what(error: ExtraError) -> str:
    said, heard = (f"«{shorten(one_line(word), _WORD_CHARACTERS)}»" for word in (error.reference, error.hypothesis))
    if error.kind == "delete":
        return f"{said} missing"
    return f"{heard} added" if error.kind == "insert" else f"{heard} for {said}"

"""docs/reference/results.md against the structs: names, order and types."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from harness.conformance import findings
from harness.results import (
    LAYOUT_VERSION,
    Change,
    CorpusRun,
    DelayDocument,
    Exploration,
    GateResult,
    Outcome,
    RunResult,
    ScoreDocument,
    ScoreLine,
    from_json,
)
from harness.scoring.causes import Cause
from harness.scoring.delay_measure import DelayMeasure

PAGE: Final = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "results.md").read_text(encoding="utf-8")
NAMES: Final[dict[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
    Any: "any",
}


def structs(kind: Any) -> list[type[msgspec.Struct]]:
    """A struct and all that it holds, in the order they are met."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        inner = [found for hint in get_type_hints(kind).values() for found in structs(hint)]
        return list(dict.fromkeys([kind, *inner]))
    return [found for argument in get_args(kind) for found in structs(argument)]


def title(kind: type) -> str:
    """The page has two kinds of counts."""
    return "VerdictCounts" if kind is findings.Counts else kind.__name__


def written(hint: Any) -> str:
    """An annotation in the page's words."""
    arguments = get_args(hint)
    if get_origin(hint) is tuple:
        return f"array of {written(arguments[0])}"
    if get_origin(hint) is dict:
        return f"object of {written(arguments[0])} to {written(arguments[1])}"
    if get_origin(hint) is Literal:
        return written(type(arguments[0]))
    if arguments:
        return " or ".join(map(written, arguments))
    return NAMES.get(hint) or title(hint)


def table(heading: str) -> list[list[str]]:
    """Cells of the table below a heading, without its head."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, f"results.md has no section {heading}"
    lines = [line for line in section.group(1).splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


LAYOUTS: Final = (RunResult, Exploration, GateResult, CorpusRun, ScoreDocument, ScoreLine, DelayDocument)
DOCUMENTED: Final = list(dict.fromkeys(found for layout in LAYOUTS for found in structs(layout)))


@pytest.mark.parametrize("struct", DOCUMENTED, ids=title)
def test_the_page_names_every_field_with_its_type_in_order(struct: type[msgspec.Struct]) -> None:
    documented = [(name.strip("`"), kind) for name, kind, _ in table(title(struct))]
    assert documented == [(name, written(hint)) for name, hint in get_type_hints(struct).items()]


def test_every_field_is_explained() -> None:
    unexplained = [row for struct in DOCUMENTED for row in table(title(struct)) if len(row[2]) < 10]
    assert unexplained == []


@pytest.mark.parametrize(
    "words",
    [Outcome, Cause, DelayMeasure, findings.Family, findings.Status, findings.Blame, findings.Severity, Change],
    ids=title,
)
def test_the_page_lists_the_values_of_every_word(words: type[StrEnum]) -> None:
    listed = dict(table("Words"))
    assert re.findall(r"`([^`]+)`", listed[words.__name__]) == [word.value for word in words]


def test_the_page_has_no_section_for_what_is_gone() -> None:
    headings = re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)
    assert headings == [*dict.fromkeys(headings)]
    assert set(headings) == {*map(title, DOCUMENTED), "Words"}


def test_the_example_is_a_result_of_this_layout() -> None:
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert example
    run = from_json(example.group(1).encode())
    assert run.layout == LAYOUT_VERSION
    assert run.passed


def test_the_page_is_of_this_layout() -> None:
    assert f"The layout is number **{LAYOUT_VERSION}**" in PAGE

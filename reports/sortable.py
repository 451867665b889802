"""Rows of a table that a reader may sort: what each cell shows, and what it sorts by."""

from __future__ import annotations

from typing import NamedTuple


class Cell(NamedTuple):
    """A cell: what is shown, what it sorts by, and the class that colours it."""

    text: str
    value: float | str
    mark: str = ""


class Row(NamedTuple):
    """A row: its name, where its details are (empty when there are none), and its other cells."""

    name: str
    anchor: str
    cells: tuple[Cell, ...]


def sorted_by(value: float | None) -> float:
    """What a cell without a value sorts by: below all that have one."""
    return -1e9 if value is None else value

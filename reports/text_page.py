"""A page of text for a terminal: paragraphs and grids, wrapped by cells, because not every character takes one.

rich does the wrapping. It is loaded with the first page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

DEFAULT_WIDTH: Final = 100
NARROWEST: Final = 60
"""Below it the columns of figures no longer fit; a smaller width is taken as this one."""

Cell = tuple[str, str]
"""Text and the style it has when colours are wanted; an empty style is the terminal's own."""


class TextPage:
    """Collects lines and grids; the only place that knows rich. Nothing of the environment is read."""

    def __init__(self, width: int, color: bool) -> None:
        from rich.console import Console

        self._buffer = StringIO()
        self._console = Console(
            file=self._buffer,
            width=max(width, NARROWEST),
            height=25,
            color_system="standard" if color else None,
            force_terminal=color,
            force_jupyter=False,
            force_interactive=False,
            no_color=not color,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def line(self, text: str = "", style: str = "", *, indent: int = 0) -> None:
        """One paragraph, wrapped; what follows its first line keeps the indent."""
        self.grid([[(text, style)]], indent=indent)

    def grid(
        self, rows: Iterable[Sequence[Cell]], *, indent: int = 0, numbers: bool = False, remarks: bool = False
    ) -> None:
        """Rows of cells, aligned by column; with `numbers` all columns but the first stand to the right.

        With `remarks` the last column is prose, which alone is wrapped: names and figures stay whole.
        """
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        filled = [[Text(text, style=style) for text, style in row] for row in rows]
        columns = max(map(len, filled), default=0)
        for column in range(columns):
            prose = remarks and column == columns - 1
            right = numbers and column and not prose
            table.add_column(overflow="fold", justify="right" if right else "left", no_wrap=remarks and not prose)
        for row in filled:
            table.add_row(*row)
        if filled:
            self._console.print(Padding(table, (0, 0, 0, indent)))

    def text(self) -> str:
        """All of it, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._buffer.getvalue().splitlines()) + "\n"

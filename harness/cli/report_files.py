"""The files that a run's results are written into, one option each, for every command that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from harness.cli.output import check_apart, check_writable, write_text

Command = TypeVar("Command", bound=Callable[..., Any])

_ABOUT: Final = {
    "json": "the results as JSON",
    "markdown": "a report as Markdown, for a pull request or a job summary",
    "html": "a report as one HTML page that needs nothing else",
    "junit": "the outcomes as JUnit XML",
}


def report_options(*kinds: str) -> Callable[[Command], Command]:
    """Options `--KIND-file`; the command is called with `KIND_file` for each, a path or None."""

    def decorate(command: Command) -> Command:
        for kind in reversed(kinds):
            option = click.option(f"--{kind}-file", type=click.Path(path_type=Path), help=f"Write {_ABOUT[kind]} here.")
            command = option(command)
        return command

    return decorate


def corpus_files(folder: Path) -> tuple[Path, ...]:
    """What `dgharness corpus` leaves in a folder."""
    return tuple(folder / name for name in ("rows.jsonl", "rows.parquet", "run.json"))


def files_of(results: Path) -> tuple[Path, ...]:
    """The file that results lie in; of a folder, those of a corpus."""
    return corpus_files(results) if results.is_dir() else (results,)


class ReportFiles:
    """Where a run's results go: checked before the work, written after it."""

    def __init__(self, **files: Path | None) -> None:
        """Each by its kind, as in `html=Path("report.html")`."""
        self._files = {kind: path for kind, path in files.items() if path is not None}

    def check(
        self, folder: Path | None = None, *, inputs: Iterable[Path] = (), others: Iterable[Path | None] = ()
    ) -> None:
        """Find out whether they can be written.

        Args:
            folder: that is written, too.
            inputs: what is read, and must stay.
            others: files that are written, too.

        Raises:
            BadInput: one of them cannot, or would be written over an input or another one.
        """
        files = (*self._files.values(), *others)
        check_writable(files, folder)
        check_apart(files, inputs)

    def write(self, rendered: Callable[[str], str], masked: Callable[[str], str] = str) -> None:
        """Write each of them.

        Args:
            rendered: from a kind to its text.
            masked: takes out what no file may hold.

        Raises:
            BadInput: one of them cannot be written.
        """
        for kind, path in self._files.items():
            write_text(path, masked(rendered(kind)))

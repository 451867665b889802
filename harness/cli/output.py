"""What is printed and written: results on stdout, remarks on stderr, reports into files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final, TextIO, TypedDict

import click

from harness.errors import BadInput
from reports.figures import one_line

TOOL: Final = f"dgharness {version('dgharness')}"
PLAIN_WIDTH: Final = 100
"""Cells of a line where nobody says how wide the page is, and on terminals that are wider."""


class PageStyle(TypedDict):
    """How the renderers of `reports` are to write for a stream."""

    width: int
    color: bool


def style_for(stream: TextIO) -> PageStyle:
    """Plain text for a pipe or a file; as wide as the terminal, and in colour (https://no-color.org), for a person."""
    if not stream.isatty():
        return PageStyle(width=PLAIN_WIDTH, color=False)
    columns = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return PageStyle(width=min(columns, PLAIN_WIDTH), color=not plain)


def say(text: str) -> None:
    """Print a result on stdout; a reader that went away, as `head` does, changes nothing about the exit code.

    Raises:
        BadInput: it cannot be written, as when the disk is full.
    """
    try:
        _print(text.removesuffix("\n"), sys.stdout)
    except OSError as error:
        raise BadInput(f"standard output cannot be written ({error.strerror})") from None


def mutter(text: str) -> None:
    """Print something long on stderr, such as a verdict."""
    with suppress(OSError):  # there is no other place to say so
        _print(text, sys.stderr)


def complain(sentence: str) -> None:
    """Print the one sentence on stderr that says why a command did not do what was asked."""
    _remark("dgharness", sentence)


def warn(*sentences: str | None) -> None:
    """Print what is odd but bearable on stderr."""
    for sentence in filter(None, sentences):
        _remark("warning", sentence)


def note(*sentences: str | None) -> None:
    """Print what is good to know on stderr."""
    for sentence in filter(None, sentences):
        _remark("note", sentence)


def write_text(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        BadInput: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None


@contextmanager
def lines_file(path: Path | None) -> Iterator[Callable[[Callable[[], str]], None]]:
    """A file that is written line by line, and there when all lines are; without a path lines are not even made.

    Yields:
        To be called for each line with what makes it.

    Raises:
        BadInput: the file cannot be written.
    """
    if path is None:
        yield lambda _: None
        return
    special = path.exists() and not path.is_file()  # such as /dev/stdout, beside which nothing can be put
    new = path if special else path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8") as file:
            yield lambda line: print(line(), file=file)
        if not special:
            new.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        if not special:
            with suppress(OSError):  # its name may be too long to be, and then why is said already
                new.unlink(missing_ok=True)


def check_writable(files: Iterable[Path | None], folder: Path | None = None) -> None:
    """Find out before the work whether its reports can be written after it; nothing is created.

    Raises:
        BadInput: a file is a folder or the other way round, a path lies below a file, or may not be written.
    """
    for path in filter(None, (*files, folder)):
        try:
            _check_writable(path, is_folder=path is folder)
        except OSError as error:
            raise BadInput(f"{path}: cannot be written ({error.strerror})") from None


def check_apart(files: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Refuse to write a report over what it is made of, or two into one file.

    Raises:
        BadInput: a file is one of the inputs, or another of the files.
    """
    taken = {os.path.realpath(path): "is read" for path in inputs}
    for path in filter(None, files):
        if path.exists() and not path.is_file():
            continue  # such as /dev/stdout, which takes any number
        place = os.path.realpath(path)
        if place in taken:
            raise BadInput(f"{path}: {taken[place]} too, and would be lost; wanted another file")
        taken[place] = "is written"


def _check_writable(path: Path, *, is_folder: bool) -> None:
    if path.exists() and path.is_dir() != is_folder:
        raise BadInput(f"{path}: is {'a folder; wanted a file' if path.is_dir() else 'a file; wanted a folder'}")
    nearest = next(place for place in (path, *path.absolute().parents) if place.exists())
    if (nearest != path and not nearest.is_dir()) or not os.access(nearest, os.W_OK):
        raise BadInput(f"{path}: cannot be written, because {nearest} is no folder that may be written to")


def silence(stream: TextIO) -> None:
    """Let everything further on a stream go nowhere: its reader has gone, or its disk is full.

    What is still in its buffer would raise again when the interpreter flushes it at exit (Python docs, `signal`).
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _print(text: str, stream: TextIO) -> None:
    try:
        click.echo(text, file=stream)
    except BrokenPipeError:
        silence(stream)
    except OSError:
        silence(stream)
        raise


def _remark(who: str, sentence: str) -> None:
    # Sentences quote servers and file names: nothing in them may move the cursor or break the line.
    mutter(f"{who}: {one_line(sentence)}")

"""The files that `dgharness compare` reads: single ones, and the folders of `dgharness corpus`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from harness.errors import BadInput
from harness.gate.source import Source

_ROWS: Final = "rows.jsonl"
_RUN: Final = "run.json"


def read_source(path: Path) -> Source:
    """What a path names. Beside the rows of a corpus its `run.json` tells whether they are all there.

    Raises:
        BadInput: it cannot be read, or is no run.
    """
    if path.is_dir():
        run = path / _RUN
        if not run.is_file():
            raise BadInput(f"{path}: a folder without {_RUN}; wanted one that `dgharness corpus` left, or a file")
        rows = path / _ROWS
        return Source(_bytes(rows) if rows.exists() else b"", str(rows), _bytes(run))
    run = path.with_name(_RUN)
    return Source(_bytes(path), str(path), _bytes(run) if path.name == _ROWS and run.is_file() else None)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None

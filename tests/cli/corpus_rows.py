"""Rehearsals of a corpus, and the rows that they come to."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness.corpus.rows import Row

SYNTHETIC = ("--synthetic", "--streaming-error-rate", 0.3, "--prerecorded-error-rate", 0.1, "--speed", "max")
TEXTS = ("hello world this is a test", "one two three four", "what was said stands beside the clip")


def rows_in(folder: Path) -> list[Row]:
    return [msgspec.json.decode(line, type=Row) for line in (folder / "rows.jsonl").read_bytes().splitlines()]

"""Manifests: many files with what was said in each, as cases. The formats in which speech corpora name their parts.

`.jsonl` and `.json` have one object a line, as NeMo writes them (`audio_filepath`, `text`); `.tsv` and `.csv` begin
with a line of column names. The audio is `audio_filepath`, `audio`, `path` or `file`, relative to the manifest; what
was said is `text`, `reference` or `transcript`; `id` or `name` is what reports call it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.cases import Case, Reference, Replies, RepliesFrom, Stream, Thresholds
from harness.errors import BadInput
from harness.scoring.normalize import normalizer as check_normalizer

ENDINGS: Final = (".jsonl", ".json", ".tsv", ".csv")

_AUDIO: Final = ("audio_filepath", "audio", "path", "file")
_TEXT: Final = ("text", "reference", "transcript")
_NAME: Final = ("id", "name")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a manifest.

    Attributes:
        where: file and line, for messages.
        id: what it calls the file, or None.
        audio: the audio as it is written there.
        text: what was said, or None.
    """

    where: str
    id: str | None
    audio: str
    text: str | None


def read_manifest(path: Path) -> Iterator[Line]:
    """The lines of a manifest, one after the other.

    Raises:
        BadInput: the file cannot be read, or a line names no audio; the sentence names the line.
    """
    for number, row in _rows(path):
        where = f"{path}: line {number}"
        audio = _value(row, _AUDIO)
        if audio is None:
            raise BadInput(_without(row, _AUDIO, where))
        yield Line(where, _value(row, _NAME), audio, _value(row, _TEXT))


def load_manifest(path: Path, normalizer: str = "basic") -> list[Case]:
    """A case for each line of a manifest; a recogniser or a server answers them, since a text alone proves nothing.

    Raises:
        BadInput: the file cannot be read, or a line names no audio or no text; the sentence names the line.
    """
    check_normalizer(normalizer)
    cases = [_case(row, number, path, normalizer) for number, row in _rows(path)]
    if not cases:
        raise BadInput(f"{path}: no line in this manifest; wanted one for each file")
    return cases


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        # Not splitlines(): it would also break lines at characters that may stand inside a text.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text") from None
    if path.suffix in (".tsv", ".csv"):
        tabs = path.suffix == ".tsv"  # between which everything is literal; a comma may stand in quotes
        reader = csv.DictReader(
            lines, delimiter="\t" if tabs else ",", quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL
        )
        for row in reader:
            yield reader.line_num, row
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}: line {number}: not JSON: {error}") from None
        if not isinstance(row, dict):
            raise BadInput(f"{path}: line {number}: is no object; wanted one with audio_filepath and text")
        yield number, row


def _case(row: dict[str, Any], number: int, path: Path, normalizer: str) -> Case:
    where = f"{path}: line {number}"
    audio = path.parent / _field(row, _AUDIO, where)
    return Case(
        name=_value(row, _NAME) or audio.stem,
        about="",
        path=path,
        audio=audio,
        reference=Reference(_field(row, _TEXT, where)),
        normalizer=normalizer,
        options=(("punctuate", "true"),),
        stream=Stream(),
        replies=Replies(kind=RepliesFrom.SERVER),
        thresholds=Thresholds(),
    )


def _field(row: dict[str, Any], names: tuple[str, ...], where: str) -> str:
    value = _value(row, names)
    if value is None:
        raise BadInput(_without(row, names, where))
    return value


def _value(row: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of these fields that has anything in it."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return None


def _without(row: dict[str, Any], names: tuple[str, ...], where: str) -> str:
    found = ", ".join(map(str, row)) or "nothing"
    return f"{where}: has {found}; wanted a field {' or '.join(names)}"

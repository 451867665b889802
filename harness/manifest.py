"""Manifests: many files with what was said in each, as cases. The formats in which speech corpora name their parts.

`.jsonl` and `.json` have one object a line, as NeMo writes them (`audio_filepath`, `text`); `.tsv` and `.csv` begin
with a line of column names. The audio is `audio_filepath`, `audio`, `path` or `file`, relative to the manifest; what
was said is `text`, `reference`, `transcript` or `sentence` (Common Voice); `id` or `name` is what reports call it.
A line with `offset`, in seconds, is of a part of its file, `duration` seconds long (NeMo, "Preparing Custom ASR Data");
`duration` alone only tells how long the file is. Common Voice keeps the audio in `clips` and names it without that.
"""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.audio.segment import Segment
from harness.cases import Case, Reference, Replies, RepliesFrom, Stream, Thresholds
from harness.errors import BadInput
from harness.scoring.normalize import normalizer as check_normalizer

ENDINGS: Final = (".jsonl", ".json", ".tsv", ".csv")

_AUDIO: Final = ("audio_filepath", "audio", "path", "file")
_TEXT: Final = ("text", "reference", "transcript", "sentence")
_NAME: Final = ("id", "name")
_CLIPS: Final = "clips"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a manifest.

    Attributes:
        where: file and line, for messages.
        fields: names of all its fields, for messages.
        id: what it calls the file, or None.
        audio: the audio as it is written there.
        text: what was said, or None.
        segment: the part of the file that is meant; None is all of it.
    """

    where: str
    fields: tuple[str, ...]
    id: str | None
    audio: str
    text: str | None
    segment: Segment | None = None

    @property
    def called(self) -> str:
        """Its id, or else the path of its audio without the ending, and the part of it."""
        if self.id is not None:
            return self.id
        bare = Path(self.audio).with_suffix("").as_posix()
        return bare if self.segment is None else f"{bare}@{self.segment}"


def read_manifest(path: Path) -> Iterator[Line]:
    """The lines of a manifest, one after the other.

    Raises:
        BadInput: the file cannot be read, or a line names no audio; the sentence names the line.
    """
    for number, row in _rows(path):
        where = f"{path}: line {number}"
        audio = _string(row, _AUDIO, where)
        fields = tuple(map(str, row))
        if audio is None:
            raise _without(fields, _AUDIO, where)
        if not Path(audio).name or "\0" in audio:
            raise BadInput(f"{where}: {audio!r} is no path of a file")
        yield Line(where, fields, _id(row, where), audio, _string(row, _TEXT, where), _segment(row, where))


def is_manifest(path: Path) -> bool:
    """Whether a file's name ends as a manifest's does."""
    return path.suffix.lower() in ENDINGS


def audio_path(manifest: Path, line: Line) -> Path:
    """Where the audio of a line is: it goes by the manifest's folder, or by `clips` in there if only that has it."""
    beside, in_clips = manifest.parent / line.audio, manifest.parent / _CLIPS / line.audio
    return in_clips if os.path.exists(in_clips) and not os.path.exists(beside) else beside


def load_manifest(path: Path, normalizer: str = "basic") -> list[Case]:
    """A case for each line of a manifest; a recogniser or a server answers them, since a text alone proves nothing.

    Raises:
        BadInput: the file cannot be read, or a line names no audio or no text; the sentence names the line.
    """
    check_normalizer(normalizer)
    cases = [_case(line, path, normalizer) for line in read_manifest(path)]
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
    if path.suffix.lower() in (".tsv", ".csv"):
        tabs = path.suffix.lower() == ".tsv"  # between which everything is literal; a comma may stand in quotes
        reader = csv.DictReader(
            (f"{line}\n" for line in lines),  # a text in quotes may go over several
            delimiter="\t" if tabs else _delimiter(lines[0]),
            quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
            strict=True,  # a quote that nothing closes would take all lines after it for its text
        )
        try:
            for row in reader:
                if any(row.get(None, ())):  # csv's name for the cells beyond the columns
                    raise _too_wide(row, f"{path}: line {reader.line_num}", tabs=tabs)
                yield reader.line_num, row
        except csv.Error as error:
            raise BadInput(f"{path}: after line {reader.line_num}: no table: {error}") from None
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}: line {number}: not JSON: {error}; wanted an object on each line") from None
        if not isinstance(row, dict):
            raise BadInput(f"{path}: line {number}: is no object; wanted one with audio_filepath and text")
        yield number, row


def _delimiter(header: str) -> str:
    """What parts the columns of a CSV file: spreadsheets write semicolons where a comma is in numbers."""
    return next((each for each in ",;\t" if any(name.strip('" ') in _AUDIO for name in header.split(each))), ",")


def _case(line: Line, path: Path, normalizer: str) -> Case:
    if line.text is None:
        raise _without(line.fields, _TEXT, line.where)
    return Case(
        name=line.id or Path(line.called).name,
        about="",
        path=path,
        audio=audio_path(path, line),
        reference=Reference(line.text),
        normalizer=normalizer,
        options=(("punctuate", "true"),),
        stream=Stream(),
        replies=Replies(kind=RepliesFrom.SERVER),
        thresholds=Thresholds(),
        segment=line.segment,
    )


def _segment(row: dict[str, Any], where: str) -> Segment | None:
    offset = _seconds(row, "offset", where)
    return None if offset is None else Segment(offset, _seconds(row, "duration", where))


def _seconds(row: dict[str, Any], name: str, where: str) -> float | None:
    """A field in seconds; a table has it as text, and nothing where it is empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise BadInput(f"{where}: {name} is {value!r}; wanted seconds, 0 or more")
    return seconds


def _id(row: dict[str, Any], where: str) -> str | None:
    """What a line calls its file; in JSON that may be a number."""
    numbers = {name: str(row[name]) for name in _NAME if type(row.get(name)) is int}
    return _value(row | numbers, _NAME, where)


def _value(row: dict[str, Any], names: tuple[str, ...], where: str) -> str | None:
    """The first of these fields that has anything in it."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            if not _is_text(value):
                raise BadInput(f"{where}: {name} has half of a surrogate pair, which is no text")
            return value
    return None


def _string(row: dict[str, Any], names: tuple[str, ...], where: str) -> str | None:
    """The same of what no number or object may stand for: a text of digits is said all the same."""
    found = _value(row, names, where)
    other = next((name for name in names if not isinstance(row.get(name), str | None)), None)
    if found is None and other is not None:
        raise BadInput(f"{where}: {other} is {str(row[other])[:60]}; wanted a string")
    return found


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_wide(row: dict[Any, Any], where: str, *, tabs: bool) -> BadInput:
    wanted = len(row) - 1
    why = "a text may hold no tab" if tabs else "a text with a comma stands in quotes"
    return BadInput(f"{where}: has {wanted + len(row[None])} cells where {wanted} are wanted; {why}")


def _without(fields: tuple[str, ...], names: tuple[str, ...], where: str) -> BadInput:
    return BadInput(f"{where}: has {', '.join(fields) or 'nothing'}; wanted a field {' or '.join(names)}")

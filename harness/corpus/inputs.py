"""What there is to do: the audio files that manifests, folders and patterns name, each with an id and what was said.

A folder is searched with all that is below it, links to folders included. What was said in a file stands in a
`*.trans.txt` beside it, a line `ID TEXT` for each file, as LibriSpeech has it, or in a `.txt` of the file's own name.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from harness.audio.segment import Segment
from harness.errors import BadInput
from harness.manifest import audio_path, is_manifest, read_manifest
from harness.scoring.texts import composed

AUDIO_ENDINGS: Final = frozenset(
    {".aac", ".aif", ".aiff", ".au", ".caf", ".flac", ".m4a", ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".wav", ".webm"}
)
_TRANSCRIPTS: Final = ".trans.txt"


@dataclass(frozen=True, slots=True)
class Item:
    """One file to do.

    Attributes:
        id: unique in the corpus, `composed`.
        audio: path of the audio.
        reference: what was said, or None.
        segment: the part of the audio that is meant; None is all of it.
        folder: where the audio's path begins, if it is relative; where the process is unless that is said.
    """

    id: str
    audio: str
    reference: str | None
    segment: Segment | None = None
    folder: str = ""

    @property
    def path(self) -> Path:
        """The audio's path."""
        return Path(self.folder, self.audio)


def find_items(paths: Sequence[str], references: Mapping[str, str] | None = None) -> list[Item]:
    """Every file that some manifests, folders, patterns (`corpus/**/*.flac`) and audio files name, in order.

    Args:
        paths: what the user named; folders and patterns give their files by name.
        references: texts by id, by path below the folder, or by file name; they win over any that lie beside the audio.

    Raises:
        BadInput: a path gives no audio, or one whose name is no text; two files have one id, or one text of
            `references` belongs to two files.
    """
    items = [item for path in paths for item in _items(path)]
    _check_names(items)
    _check_unique(items)
    return _with_references(items, references) if references else items


def _items(path: str) -> Iterator[Item]:
    place = Path(path)
    if place.is_dir():
        found = _of_folder(place)
    elif is_manifest(place):
        found = _of_manifest(place)
    elif glob.has_magic(path) and not place.exists():
        found = _of_pattern(path)
    else:
        yield _item(place, place.name, {})
        return
    empty = True
    for item in found:
        yield item
        empty = False
    if empty:
        raise BadInput(f"{path}: names no audio; wanted at least one file ({', '.join(sorted(AUDIO_ENDINGS))})")


def _of_manifest(path: Path) -> Iterator[Item]:
    for line in read_manifest(path):
        yield Item(composed(line.called), str(audio_path(path, line)), line.text, line.segment)


def _of_folder(folder: Path) -> Iterator[Item]:
    for place, below, names in os.walk(folder, followlinks=True):
        # `os.walk` goes down in this order.
        below[:] = sorted(name for name in below if not _turns_back(Path(place, name), folder))
        yield from _of_names(Path(place), sorted(names), folder)


def _of_names(place: Path, names: Sequence[str], root: Path) -> Iterator[Item]:
    spoken = _spoken(place, names)
    for name in names:
        if Path(name).suffix.lower() in AUDIO_ENDINGS:
            path = place / name
            yield _item(path, path.relative_to(root).as_posix(), spoken)


def _of_pattern(pattern: str) -> Iterator[Item]:
    found = sorted(Path(name) for name in glob.glob(pattern, recursive=True))
    files = [path for path in found if path.suffix.lower() in AUDIO_ENDINGS and path.is_file()]
    root = Path(*_fixed_parts(pattern))
    folders = {path.parent for path in files}
    circling = {folder for folder in folders if any(_turns_back(each, root) for each in (folder, *folder.parents))}
    files = [path for path in files if path.parent not in circling]
    spoken: dict[Path, dict[str, str]] = {}
    for path in files:
        if path.parent not in spoken:
            spoken[path.parent] = _spoken(path.parent, sorted(os.listdir(path.parent)))
        yield _item(path, path.relative_to(root).as_posix(), spoken[path.parent])


def _turns_back(path: Path, root: Path) -> bool:
    """Whether a path below a root is a link to a folder that it was reached through: a circle without an end."""
    if not path.is_symlink():
        return False
    target = os.path.realpath(path)
    passed = (place for place in path.parents if place == root or root in place.parents)
    return any(Path(os.path.realpath(place)).is_relative_to(target) for place in passed)


def _fixed_parts(pattern: str) -> Iterator[str]:
    """The folders of a pattern before its first wildcard; ids are paths below them."""
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            return
        yield part


def _item(path: Path, relative: str, spoken: Mapping[str, str]) -> Item:
    """A file found by its place; an utterance that a `*.trans.txt` names is called what it is called there."""
    utterance = composed(path.stem)
    if utterance in spoken:
        return Item(utterance, str(path), spoken[utterance])
    beside = path.with_suffix(".txt")
    return Item(_bare(relative), str(path), _text(beside).strip() if beside.is_file() else None)


def _bare(relative: str) -> str:
    """A path without its ending, as an id."""
    return composed(Path(relative).with_suffix("").as_posix())


def _spoken(place: Path, names: Sequence[str]) -> dict[str, str]:
    """What the `*.trans.txt` of a folder say, by utterance."""
    spoken: dict[str, str] = {}
    for name in names:
        if name.endswith(_TRANSCRIPTS):
            for line in _text(place / name).split("\n"):
                utterance, _, said = line.strip().partition(" ")
                if utterance:
                    spoken[composed(utterance)] = said.strip()
    return spoken


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text") from None


def _check_names(items: Iterable[Item]) -> None:
    """Python stands a surrogate in for each byte of a name that is not UTF-8, and no row of JSON can hold one."""
    for item in items:
        try:
            (item.id + item.audio).encode()
        except UnicodeEncodeError:
            raise BadInput(f"{item.audio}: its path is not UTF-8; wanted one that is, as rows are") from None


def _check_unique(items: Sequence[Item]) -> None:
    audio_of: dict[str, str] = {}
    for item in items:
        if item.id in audio_of:
            raise BadInput(f"{item.audio}: has the id {item.id!r}, and so has {audio_of[item.id]}; wanted unique ids")
        audio_of[item.id] = item.audio


def _with_references(items: Sequence[Item], references: Mapping[str, str]) -> list[Item]:
    taken: dict[str, str] = {}
    found = []
    for item in items:
        name = next((name for name in _names(item) if name in references), None)
        if name is None:
            found.append(item)
            continue
        if name in taken:
            raise BadInput(f"{item.audio}: its reference is {name!r}, and so is that of {taken[name]}; wanted one each")
        taken[name] = item.audio
        found.append(replace(item, reference=references[name]))
    if not taken:
        some = next(iter(references))
        raise BadInput(
            f"references: none of their ids, such as {some!r}, is a file's; files are {items[0].id!r} and so on"
        )
    return found


def _names(item: Item) -> tuple[str, ...]:
    """What a table of references may call a file, the most exact first."""
    path = item.path
    return item.id, item.id + path.suffix, composed(path.stem), composed(path.name)

"""A folder of results: a row for each file, written as it is finished.

`rows.jsonl` grows by a line for each file; a process that is killed loses at most the line it was writing, which is cut
off when the run goes on. When a run ends, the rows are put into the order of the files. Only what finds a row again is
held in memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, Self

import msgspec

from harness.corpus.alone import opened_alone
from harness.corpus.inputs import Item
from harness.corpus.rows import Row, scored
from harness.corpus.settings import SYNTHETIC, Settings
from harness.errors import BadInput
from harness.recording.scrub import mask
from harness.scoring.normalize import normalizer

_ROW: Final = msgspec.json.Decoder(Row)


class Store:
    """The folder, open for more rows; a context manager.

    Args:
        folder: where; it is made.
        secrets: what no line may hold.

    Raises:
        BadInput: what is there is no folder of results, cannot be read or written, or is being filled by another run.
    """

    def __init__(self, folder: Path, secrets: frozenset[str] = frozenset()) -> None:
        self.folder, self._secrets = folder, secrets
        self._kept: dict[str, _Kept] = {}
        self._size = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as opened:
                self._file = opened.enter_context(opened_alone(self.rows_path))
                self._read()
                opened.pop_all()
        except OSError as error:
            raise _unusable(self.rows_path, error) from None

    @property
    def rows_path(self) -> Path:
        """The rows."""
        return self.folder / "rows.jsonl"

    @property
    def ids(self) -> Iterable[str]:
        """Of the files that have a row."""
        return self._kept.keys()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the rest of a line that the disk did not take, which `add` has said
            self._file.close()

    def has(self, item: Item, settings: Settings, *, though_failed: bool) -> bool:
        """Whether a file is done: it has a row, and its audio is the one that the row is of.

        Args:
            item: the file.
            settings: of the run; synthetic answers are made of the reference too.
            though_failed: whether a row of a failure counts.
        """
        kept = self._kept.get(item.id)
        if kept is None or (kept.failed and not though_failed):
            return False
        if settings.answers == SYNTHETIC and kept.reference != _hash(item.reference):
            return False
        return kept.audio == _hash(_sha256(item.path), item.segment)

    def add(self, row: Row) -> None:
        """Write a row; it survives the end of this process, whatever that is.

        Raises:
            BadInput: the disk cannot take it.
        """
        line = mask(msgspec.json.encode(row).decode(), self._secrets).encode() + b"\n"
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise _unusable(self.rows_path, error) from None
        self._keep(row)
        self._size += len(line)

    def in_order(self, items: Iterable[Item], normalizers: Sequence[str]) -> Iterator[Row]:
        """Put the rows into the order of the files, and give each one.

        Transcripts that were scored under other normalisers, or against another reference, are scored anew.

        Raises:
            BadInput: the disk cannot take it.
        """
        labels = tuple(normalizer(name).label for name in normalizers)
        ordered = self.rows_path.with_name("rows.jsonl.new")
        places: dict[str, _Kept] = {}
        try:
            with self.rows_path.open("rb") as rows, ordered.open("wb") as file:
                for item in items:
                    kept = self._kept.get(item.id)
                    if kept is None:
                        continue
                    rows.seek(kept.offset)
                    row = _up_to_date(_ROW.decode(rows.readline()), item, normalizers, labels)
                    places[item.id] = kept._replace(offset=file.tell())
                    file.write(msgspec.json.encode(row) + b"\n")
                    yield row
            successor = opened_alone(ordered)
            os.replace(ordered, self.rows_path)
        except OSError as error:
            raise _unusable(self.rows_path, error) from None
        self._file.close()
        self._file, self._kept = successor, places

    def _read(self) -> None:
        with self.rows_path.open("r+b") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    file.truncate(self._size)  # the process was killed while it wrote this
                    break
                if line.strip():
                    self._keep(_decoded(line, self.rows_path, number))
                self._size += len(line)

    def _keep(self, row: Row) -> None:
        """The row begins where the file ended so far."""
        audio, reference = _hash(row.sha256, row.segment), _hash(row.reference)
        self._kept[row.id] = _Kept(self._size, audio, reference, row.failed)


def has_rows(folder: Path) -> bool:
    """Whether there is anything in a folder that a new run would lose."""
    path = folder / "rows.jsonl"
    return path.exists() and path.stat().st_size > 0


def read_rows(folder: Path) -> Iterator[Row]:
    """The rows of a folder as they stand, without changing it; a line that is still being written is left out.

    A file that was done again has two rows until the run ends: the later one counts.

    Raises:
        BadInput: they cannot be read, or a line is none.
    """
    path = folder / "rows.jsonl"
    try:
        with path.open("rb") as file:
            last = {row.id: number for number, row in _numbered(file, path)}
            file.seek(0)
            yield from (row for number, row in _numbered(file, path) if last.get(row.id) == number)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _numbered(file: BinaryIO, path: Path) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(file, start=1):
        if line.strip() and line.endswith(b"\n"):
            yield number, _decoded(line, path, number)


class _Kept(NamedTuple):
    """Where a row begins, hashes of what it is of, and whether it failed."""

    offset: int
    audio: bytes
    reference: bytes
    failed: bool


def _decoded(line: bytes, path: Path, number: int) -> Row:
    try:
        return _ROW.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path}: line {number} is no row of a corpus ({error})") from None


def _hash(*parts: object) -> bytes:
    return hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=16).digest()


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _up_to_date(row: Row, item: Item, normalizers: Sequence[str], labels: tuple[str, ...]) -> Row:
    if row.audio != item.audio:
        row = msgspec.structs.replace(row, audio=item.audio)
    wanted = labels if item.reference is not None else ()
    if row.reference == item.reference and tuple(each.normalizer for each in row.scores) == wanted:
        return row
    return scored(row, item.reference, normalizers)


def _unusable(path: Path, error: OSError) -> BadInput:
    return BadInput(f"{path}: cannot be read or written ({error.strerror})")

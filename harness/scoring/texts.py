"""Texts by id, as references and transcripts are stored: a tab-separated table or a JSON object, gzipped or not."""

from __future__ import annotations

import gzip
import io
import json
import unicodedata
import zlib
from dataclasses import dataclass
from types import NoneType

from harness.errors import BadInput

MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024
"""A gzipped file that unpacks to more than this is refused: it is no list of transcripts."""

_GZIP_MAGIC = b"\x1f\x8b"
_ID_COLUMNS = ("id", "file")
_TEXT_COLUMNS = ("text", "reference", "transcript", "hypothesis")
_JSON_TYPES = {dict: "an object", list: "an array", float: "a number", bool: "a boolean", NoneType: "null"}


def composed(id_: str) -> str:
    """An id as ids are compared: names of files, as macOS lists them, have their accents apart, and texts seldom do.

    Source: Unicode Standard Annex #15, normalization form C.
    """
    return unicodedata.normalize("NFC", id_)


def parse_texts(data: bytes, name: str, *, max_bytes: int = MAX_DECOMPRESSED_BYTES) -> dict[str, str]:
    """Read texts by id (`composed`), in the order of the file. A text may be empty (silence); an id may not.

    Accepted, in UTF-8, each also gzipped (known by its first bytes):

    - A table without a header: two cells a line, the id, a tab, the text.
    - A table whose first line is a header, known by a cell `id` or `file` and a cell `text`, `reference`, `transcript`
      or `hypothesis` (any case; the first of each that it has counts); other columns are ignored.
    - A JSON object from id to text.

    Blank lines in a table are skipped; a line ends in LF or CR LF.

    Args:
        data: the file's bytes.
        name: what messages call the file.
        max_bytes: how much a gzipped file may unpack to.

    Raises:
        BadInput: it is none of these, or breaks off, or has an id twice, or holds no text at all.
    """
    text = _decode(_unpack(data, name, max_bytes), name)
    texts = _from_json(text, name) if text.lstrip()[:1] in ("{", "[") else _from_table(text, name)
    if not texts:
        raise BadInput(f"{name} is empty: it should hold texts by id, as a tab-separated table or a JSON object")
    return texts


def _unpack(data: bytes, name: str, max_bytes: int) -> bytes:
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            unpacked = packed.read(max_bytes + 1)
    except EOFError:
        raise BadInput(f"{name} is a gzip file that breaks off before its end: fetch it again") from None
    except (OSError, zlib.error) as error:
        raise BadInput(f"{name} is a damaged gzip file ({error}): fetch it again") from None
    if len(unpacked) > max_bytes:
        raise BadInput(f"{name} unpacks to more than {max_bytes:,} bytes, the most a file of texts may hold")
    return unpacked


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{name}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from None


def _from_json(text: str, name: str) -> dict[str, str]:
    def unique(members: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in ((composed(key), value) for key, value in members):
            if key in found:
                raise BadInput(f"{name}: the id {key!r} occurs twice; each id may have one text")
            found[key] = value
        return found

    try:
        # Integers are read as floats: Python refuses very long ones, and no number is wanted here anyway.
        document = json.loads(text, object_pairs_hook=unique, parse_int=float)
    except json.JSONDecodeError as error:
        where = f"{name}, line {error.lineno}, column {error.colno}"
        if error.msg == "Extra data":  # JSON lines, such as a manifest
            raise BadInput(f"{where}: more than one JSON value; it should be one object from id to text") from None
        raise BadInput(f"{where}: broken JSON ({error.msg})") from None
    except RecursionError:
        raise BadInput(f"{name}: JSON nested too deep; it should be one object from id to text") from None
    if not isinstance(document, dict):
        raise BadInput(f"{name} holds {_JSON_TYPES[type(document)]}; it should be a JSON object from id to text")
    for key, value in document.items():
        _check_member(key, value, name)
    return document


def _check_member(key: str, value: object, name: str) -> None:
    if not key.strip():
        raise BadInput(f"{name}: the id {key!r} is empty; each text needs an id")
    if not isinstance(value, str):
        raise BadInput(f"{name}: the text of id {key!r} is {_JSON_TYPES[type(value)]}; it should be a string")
    try:
        (key + value).encode()
    except UnicodeEncodeError:
        raise BadInput(f"{name}: the entry of id {key!r} has half of a surrogate pair, which is no text") from None


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a table keeps its ids and texts."""

    id: int
    text: int
    width: int


def _from_table(text: str, name: str) -> dict[str, str]:
    # Not splitlines(): it would also break lines at characters that may stand inside a text.
    lines = [
        (f"{name}, line {number}", line.removesuffix("\r").split("\t"))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    header = _header(*lines[0]) if lines else None
    texts: dict[str, str] = {}
    for where, cells in lines[1:] if header else lines:
        id_, value = _row(cells, header or _Columns(id=0, text=1, width=2), where)
        if id_ in texts:
            raise BadInput(f"{where}: the id {id_!r} stands in an earlier line too; each id may have one text")
        texts[id_] = value
    return texts


def _header(where: str, cells: list[str]) -> _Columns | None:
    names = [cell.strip().lower() for cell in cells]
    id_column = next((column for column in _ID_COLUMNS if column in names), None)
    text_column = next((column for column in _TEXT_COLUMNS if column in names), None)
    if id_column and text_column:
        return _Columns(names.index(id_column), names.index(text_column), len(names))
    # "file" and "reference" are also things people say: one such word alone is no header, unless it heads the line.
    if names[0] == id_column:
        raise BadInput(
            f"{where}: the header has a column {id_column!r} but none for the text; "
            f"name it one of {', '.join(_TEXT_COLUMNS)}"
        )
    return None


def _row(cells: list[str], columns: _Columns, where: str) -> tuple[str, str]:
    if len(cells) == 1:
        raise BadInput(f"{where} has no tab: {cells[0][:40]!r}; it should be an id, a tab and a text")
    if not max(columns.id, columns.text) < len(cells) <= columns.width:
        raise BadInput(f"{where} has {len(cells)} cells where {columns.width} are wanted; a text may hold no tab")
    id_ = composed(cells[columns.id].strip())
    if not id_:
        raise BadInput(f"{where}: the id is empty; each text needs an id")
    return id_, cells[columns.text]

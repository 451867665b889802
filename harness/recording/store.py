"""Recordings on disk: `NAME.jsonl`, and the audio beside it, kept once under its sha256.

The one file of this room that touches the disk. A recording is written line by line as the session runs, so that a
crash loses nothing that was received.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from types import TracebackType

from harness.errors import BadInput
from harness.recording.document import MAX_LINE_BYTES, Recording, line, parse
from harness.recording.entries import AnyEntry, Header


def load(path: Path) -> Recording:
    """Read one recording.

    Raises:
        BadInput: the file is missing, unreadable or no recording; the sentence names it.
    """
    try:
        with path.open("rb") as file:
            return parse(iter(partial(file.readline, MAX_LINE_BYTES + 1), b""), str(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def audio_path(recording_path: Path, recording: Recording) -> Path | None:
    """Where the audio of a recording lies, or None when it was not kept.

    Raises:
        BadInput: the recording names a file outside its own folder.
    """
    audio = recording.audio
    if audio is None or audio.file is None:
        return None
    folder = recording_path.parent
    path = folder / audio.file
    # A recording may come from a stranger, symbolic links and all: where the name leads must lie beside the recording.
    if "\0" in audio.file or Path(audio.file).name != audio.file or path.resolve().parent != folder.resolve():
        raise BadInput(f"{recording_path}: audio file {audio.file!r} is not a plain name beside the recording")
    return path if path.is_file() else None


def load_audio(recording_path: Path, recording: Recording) -> bytes | None:
    """The bytes that were sent, checked against their sha256; None when they were not kept.

    Raises:
        BadInput: the bytes are not the ones that were sent, or cannot be read.
    """
    path = audio_path(recording_path, recording)
    if path is None or recording.audio is None:
        return None
    try:
        data = path.read_bytes() if path.stat().st_size == recording.audio.size else b""
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != recording.audio.sha256:
        raise BadInput(f"{path}: sha256 differs from the one in {recording_path}; the audio was changed")
    return data


def keep_audio(folder: Path, data: bytes, ending: str) -> str:
    """Write audio under its sha256, unless it lies there already; returns the file's name.

    Raises:
        BadInput: the file cannot be written; the sentence names it.
    """
    name = f"{hashlib.sha256(data).hexdigest()[:16]}.{ending}"
    path = folder / name
    unfinished = folder / f"{name}.part"
    try:
        if not path.exists():
            unfinished.write_bytes(data)
            unfinished.replace(path)  # so that a crash never leaves half of it under the final name
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None
    return name


class RecordingWriter:
    """Appends a running session to its file, a line at a time.

    Raises:
        BadInput: the file cannot be written; the sentence names it.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise BadInput(f"{path}: cannot be written ({error.strerror})") from None
        self.write(header)

    def write(self, entry: AnyEntry) -> None:
        """Append one entry."""
        self._file.write(line(entry))
        self._file.flush()

    def close(self) -> None:
        """Nothing more will be written."""
        self._file.close()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""Recordings on disk: `NAME.jsonl`, and the audio beside it, kept once under its sha256.

The one file of this room that touches the disk. A recording is written line by line as the session runs, so that a
crash loses nothing that was received.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType

from harness.errors import BadInput
from harness.recording.document import Recording, line, parse
from harness.recording.entries import AnyEntry, Header


def load(path: Path) -> Recording:
    """Read one recording.

    Raises:
        BadInput: the file is missing, unreadable or no recording; the sentence names it.
    """
    try:
        with path.open("rb") as file:
            return parse(file, str(path))
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
    if Path(audio.file).name != audio.file:
        raise BadInput(f"{recording_path}: audio file {audio.file!r} is not a plain name beside the recording")
    path = recording_path.parent / audio.file
    return path if path.is_file() else None


def load_audio(recording_path: Path, recording: Recording) -> bytes | None:
    """The bytes that were sent, checked against their sha256; None when they were not kept.

    Raises:
        BadInput: the bytes are not the ones that were sent.
    """
    path = audio_path(recording_path, recording)
    if path is None or recording.audio is None:
        return None
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != recording.audio.sha256:
        raise BadInput(f"{path}: sha256 differs from the one in {recording_path}; the audio was changed")
    return data


def keep_audio(folder: Path, data: bytes, ending: str) -> str:
    """Write audio under its sha256, unless it lies there already; returns the file's name."""
    name = f"{hashlib.sha256(data).hexdigest()[:16]}.{ending}"
    path = folder / name
    if not path.exists():
        path.write_bytes(data)
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
            self._file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise BadInput(f"{path}: cannot be written ({error.strerror})") from None
        self.write(header)

    def write(self, entry: AnyEntry) -> None:
        """Append one entry."""
        self._file.write(line(entry))
        self._file.flush()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

"""Keeps a running session on disk as it happens, so that an interruption loses nothing that was received."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from harness.recording.entries import AnyEntry, Audio, End, Header
from harness.recording.store import RecordingWriter, keep_audio
from harness.transcript import Transcript


class Keeper:
    """Writes a recording; without a path it does nothing.

    The entries about the audio and the end are held back until `finish`, because they name the audio's file.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._writer: RecordingWriter | None = None
        self._held_back: list[AnyEntry] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def header(self, header: Header) -> None:
        """The session begins."""
        if self._path is not None:
            self._writer = RecordingWriter(self._path, header)

    def __call__(self, entry: AnyEntry, transcript: Transcript) -> None:
        """Take one entry (an `Observer`)."""
        if isinstance(entry, Audio | End):
            self._held_back.append(entry)
        elif self._writer is not None:
            self._writer.write(entry)

    def finish(self, audio: bytes) -> None:
        """The session is over, and this was sent."""
        if self._writer is None or self._path is None:
            return
        file = keep_audio(self._path.parent, audio, "raw") if audio else None
        for entry in self._held_back:
            self._writer.write(msgspec.structs.replace(entry, file=file) if isinstance(entry, Audio) else entry)

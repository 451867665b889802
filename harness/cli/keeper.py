"""Keeps a running session on disk as it happens, so that an interruption loses nothing that was received."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from harness.errors import BadInput
from harness.recording.document import line
from harness.recording.entries import AnyEntry, Audio, Binary, End, Header
from harness.recording.scrub import clean_query, mask
from harness.recording.store import RecordingWriter, keep_audio
from harness.transcript import Transcript

_ENTRY: Final = msgspec.json.Decoder(AnyEntry)


class Keeper:
    """Writes a recording; without a path it does nothing.

    The entries about the audio and the end are held back until `finish`, because they name the audio's file.

    Args:
        path: where to write.
        secrets: what no line may hold, whoever said it: a server may quote the key in its refusal.

    Attributes:
        path, secrets: as given.
        failure: one sentence when the disk gave up midway, else None; the session itself goes on.
    """

    def __init__(self, path: Path | None, secrets: Iterable[str] = ()) -> None:
        self.path, self.secrets = path, tuple(secrets)
        self._writer: RecordingWriter | None = None
        self._held_back: list[AnyEntry] = []
        self.failure: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def header(self, header: Header) -> None:
        """The session begins.

        Raises:
            BadInput: the file cannot be written.
        """
        if self.path is not None:
            cleaned = msgspec.structs.replace(header, query=clean_query(header.query))
            try:
                self._writer = RecordingWriter(self.path, cleaned)
            except OSError as error:
                raise BadInput(f"{self.path}: cannot be written ({error.strerror})") from None

    def __call__(self, entry: AnyEntry, transcript: Transcript) -> None:
        """Take one entry (an `Observer`)."""
        if isinstance(entry, Audio | End):
            self._held_back.append(entry)
        else:
            self._write(entry)

    def finish(self, audio: bytes) -> None:
        """The session is over, and this was sent."""
        if self._writer is None:
            return
        file = None
        try:
            file = keep_audio(self._writer.path.parent, audio, "raw") if audio else None
        except BadInput as error:
            self.failure = str(error)
        for entry in self._held_back:
            self._write(msgspec.structs.replace(entry, file=file) if isinstance(entry, Audio) else entry)
        self._close()

    def _write(self, entry: AnyEntry) -> None:
        if self._writer is None:
            return
        try:
            self._writer.write(self._cleaned(entry))
        except OSError as error:
            self.failure = f"{self.path}: the recording is cut short ({error.strerror})"
            self._close()

    def _cleaned(self, entry: AnyEntry) -> AnyEntry:
        if not self.secrets or isinstance(entry, Binary):
            return entry
        text = line(entry)
        masked = mask(text, self.secrets)
        return entry if masked == text else _ENTRY.decode(masked)

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                writer.close()
        except OSError as error:
            self.failure = self.failure or f"{self.path}: the recording is cut short ({error.strerror})"

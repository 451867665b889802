"""What a person sees of a running stream: a live line on a terminal, or a line for each message with `--watch`."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text as RichText

from harness.protocol.codec import decode_server
from harness.protocol.messages import Metadata, Results
from harness.recording.entries import AnyEntry, Binary, Direction, Text
from harness.transcript import Transcript
from reports.figures import one_line


class Watcher:
    """Shows a stream on stderr: quietly nothing when that is no terminal, unless every message is to be watched.

    Args:
        name: what is being streamed.
        duration_audio_s: how long it plays, or None.
        watch: print a line for every interim and final.
    """

    def __init__(self, name: str, duration_audio_s: float | None, *, watch: bool = False) -> None:
        self._name, self._duration_audio_s, self._watch = name, duration_audio_s, watch
        self._console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=10, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, entry: AnyEntry, transcript: Transcript) -> None:
        """Take note of one entry (an `Observer`)."""
        if isinstance(entry, Text) and entry.direction is Direction.DOWNSTREAM and (self._watch or self._live):
            self._message(entry)
        if self._live is not None and isinstance(entry, Binary | Text):
            self._live.update(self._line(entry.audio_s, transcript), refresh=False)

    def _message(self, entry: Text) -> None:
        message = decode_server(entry.text).message
        if isinstance(message, Results) and message.transcript and (message.is_final or self._watch):
            self._print(entry, "final  " if message.is_final else "interim", message)
        elif isinstance(message, Metadata) and self._watch:
            self._console.print(
                RichText(f"{entry.audio_s:7.2f} s  metadata {message.duration:.2f} s of audio, {message.request_id}")
            )

    def _print(self, entry: Text, kind: str, message: Results) -> None:
        channel = f"[{message.channel_index[0]}] " if message.channel_index[1] > 1 else ""
        style = "bold" if message.is_final else "dim"
        text = f"{entry.audio_s:7.2f} s  {kind} {channel}{one_line(message.transcript)}"
        self._console.print(RichText(text, style=style))

    def _line(self, audio_s: float, transcript: Transcript) -> RichText:
        of_all = f"/{self._duration_audio_s:.1f}" if self._duration_audio_s else ""
        interim = " | ".join(filter(None, (transcript.interim(channel) for channel in transcript.channels)))
        line = RichText(f"{self._name}  {audio_s:.1f}{of_all} s  ", style="cyan", no_wrap=True, overflow="ellipsis")
        return line.append(one_line(interim), style="dim")

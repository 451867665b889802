"""What a person sees of a running stream: a live line on a terminal, or a line for each message with `--watch`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text as RichText

from harness.cli.output import silence
from harness.protocol.codec import decode_server
from harness.protocol.messages import Metadata, Results
from harness.recording.entries import AnyEntry, Binary, Direction, Note, Text
from harness.transcript import Transcript
from reports.figures import one_line

_PACE_WALL_S: Final = 3600.0
"""The time left follows from the pace of so long: one of many files may take minutes."""


class Watcher:
    """Shows a stream on stderr: quietly nothing when that is no terminal, unless every message is to be watched.

    Args:
        name: what is being streamed.
        duration_audio_s: how long it plays, or None.
        watch: print a line for every interim and final.
    """

    def __init__(self, name: str, duration_audio_s: float | None, *, watch: bool = False) -> None:
        self._name, self._duration_audio_s, self._watch = one_line(name), duration_audio_s, watch
        self._console = _console()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if _is_live(self._console):
            self._live = Live(RichText(self._name), console=self._console, refresh_per_second=10, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, entry: AnyEntry, transcript: Transcript) -> None:
        """Take note of one entry (an `Observer`)."""
        if not self._watch and self._live is None:
            return
        if isinstance(entry, Text) and entry.direction is Direction.DOWNSTREAM:
            self._message(entry)
        elif isinstance(entry, Note):
            self._print(entry.audio_s, one_line(entry.text), "yellow")
        if self._live is not None and isinstance(entry, Binary | Text):
            self._live.update(self._line(entry.audio_s, transcript))

    def _message(self, entry: Text) -> None:
        message = decode_server(entry.text).message
        if isinstance(message, Results) and message.transcript and (message.is_final or self._watch):
            channel = f"[{message.channel_index[0]}] " if message.channel_index[1] > 1 else ""
            kind, style = ("final  ", "bold") if message.is_final else ("interim", "dim")
            self._print(entry.audio_s, f"{kind} {channel}{one_line(message.transcript)}", style)
        elif isinstance(message, Metadata) and self._watch:
            request_id = one_line(message.request_id)
            self._print(entry.audio_s, f"metadata {message.duration:.2f} s of audio, request {request_id}", "dim")

    def _print(self, audio_s: float, text: str, style: str) -> None:
        self._console.print(RichText(f"{audio_s:7.2f} s  {text}", style=style), soft_wrap=True)

    def _line(self, audio_s: float, transcript: Transcript) -> RichText:
        """One line, never more: what does not fit is cut off on the left, where the older words are."""
        of_all = f"/{self._duration_audio_s:.1f}" if self._duration_audio_s else ""
        interim = one_line(" | ".join(filter(None, map(transcript.interim, transcript.channels))))
        line = RichText(f"{self._name}  {audio_s:.1f}{of_all} s  ", style="cyan", no_wrap=True, overflow="ellipsis")
        room = self._console.width - line.cell_len - 1
        if len(interim) > room > 1:
            interim = "…" + interim[1 - room :]
        return line.append(interim, style="not bold white")


@contextmanager
def working(on: str) -> Iterator[None]:
    """Say on a terminal what is being waited for."""
    console = _console()
    if not _is_live(console):
        yield
        return
    with console.status(RichText(one_line(on), style="cyan")):
        yield


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show on a terminal how many of `total` are done and how long the rest will take.

    Yields:
        To be called for each that is done, with a remark.
    """
    console = _console()
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not _is_live(console),
        speed_estimate_period=_PACE_WALL_S,
    ) as progress:
        task = progress.add_task(one_line(what), total=total)

        def done(remark: str) -> None:
            progress.update(task, advance=1, description=one_line(f"{what}  {remark}" if remark else what))

        yield done


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read along has gone; the session goes on (rich would end the process)."""
        silence(sys.stderr)


def _console() -> Console:
    return _Console(file=sys.stderr, highlight=False)


def _is_live(console: Console) -> bool:
    return console.is_terminal and not console.is_dumb_terminal

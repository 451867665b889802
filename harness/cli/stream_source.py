"""What `dgharness stream` sends, and in which format: the declared one, or that of a WAV file sent as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from harness.audio.format import AudioFormat, Encoding
from harness.cli import audio_input
from harness.cli.options import as_one, was_given
from harness.client.streams import AudioToSend
from harness.errors import BadInput
from harness.streamer.header import take_apart

FORMAT_PARAMETERS: Final = {"encoding": "--encoding", "sample_rate": "--sample-rate", "channels": "--channels"}


@dataclass(frozen=True)
class Sending:
    """Audio that is to be sent.

    Attributes:
        source: as the user named it.
        fmt: what it is sent in.
        contained: the file that is sent as it is; None for audio in the declared format.
    """

    source: str
    fmt: AudioFormat
    contained: audio_input.Opened | None = None

    def open(self) -> audio_input.Opened:
        """The audio, ready to be sent.

        Raises:
            BadInput: it cannot be had, or is no audio.
        """
        return self.contained or audio_input.prepare(self.source, self.fmt, declared=was_given("encoding"))


def sending(source: str, declared: AudioFormat | None) -> Sending:
    """What is named, in the declared format; None sends a WAV file as it is.

    Raises:
        BadInput: it is to be sent as it is, and cannot be read or is no WAV file.
    """
    if declared is not None:
        return Sending(source, declared)
    contained = _contained(source)
    return Sending(source, contained.audio.format, contained)


def _contained(source: str) -> audio_input.Opened:
    if source == audio_input.STDIN:
        raise BadInput("--container: cannot be had from standard input; wanted a file or a URL")
    name = audio_input.shown_name(source)
    taken = take_apart(audio_input.read_source(source), name)

    async def blocks() -> AsyncIterator[bytes]:
        yield taken.audio

    shown = name if audio_input.is_url(source) else Path(source).name
    audio = AudioToSend(blocks(), taken.format, shown, taken.header, taken.name)
    return audio_input.Opened(audio, taken.format.seconds(len(taken.audio)))


def _declared(*, encoding: str, sample_rate: int, channels: int, in_container: bool) -> AudioFormat | None:
    if not in_container:
        return _format(encoding, sample_rate, channels)
    for name, option in FORMAT_PARAMETERS.items():
        if was_given(name):
            raise BadInput(
                f"{option}: contradicts --container, with which the format is the file's; wanted one of them"
            )
    return None


def _format(encoding: str, sample_rate: int, channels: int) -> AudioFormat:
    if encoding not in list(Encoding):
        raise BadInput(f"--encoding {encoding!r}: wanted one of {', '.join(Encoding)}")
    return AudioFormat(Encoding(encoding), sample_rate, channels)


format_options: Final = as_one(
    "declared",
    _declared,
    click.option("--encoding", default="linear16", show_default=True, help="linear16, linear32, mulaw or alaw."),
    click.option("--sample-rate", type=int, default=16_000, show_default=True, help="Hz."),
    click.option("--channels", type=int, default=1, show_default=True, help="Interleaved channels to send."),
    click.option(
        "--container",
        "in_container",
        is_flag=True,
        help="Send a WAV file as it is, header and all, without declaring a format.",
    ),
)
"""Adds the options; the command gets them as one `AudioFormat` named `declared`, None with --container."""

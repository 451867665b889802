"""A part of an audio file, as manifests name it."""

from __future__ import annotations

import msgspec


class Segment(msgspec.Struct, frozen=True):
    """From where, and how much of it.

    Attributes:
        start_audio_s: where it begins in the file.
        length_audio_s: how long it is; None goes to the end of the file.
    """

    start_audio_s: float
    length_audio_s: float | None = None

    def __str__(self) -> str:
        return (
            f"{self.start_audio_s:g}"
            if self.length_audio_s is None
            else f"{self.start_audio_s:g}+{self.length_audio_s:g}"
        )

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
        start = _exact(self.start_audio_s)
        return start if self.length_audio_s is None else f"{start}+{_exact(self.length_audio_s)}"


def _exact(seconds: float) -> str:
    """All digits, so that two parts are never called the same: in a day's audio six of them end at a second."""
    return repr(float(seconds)).removesuffix(".0")

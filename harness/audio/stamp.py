"""Marked PCM: every 10 ms of audio carries its own number, so that what arrived can be told without a recogniser.

The number stands in the lowest bits of the samples, one bit a sample: 32 bits of a fixed pattern, 32 of number, 32 of
check. Speech stays speech (the change is at -90 dBFS), silence stays silence to the ear, and a stamp is found at any
offset, so a stream may be cut, joined and repeated in any way. linear16, first channel.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput

STAMP_AUDIO_S: Final = 0.01
PATTERN: Final = 0xD6E4_5A3B
_BITS: Final = 96


@dataclass(frozen=True)
class Stamped:
    """A run of stamps that arrived one after the other.

    Attributes:
        first: number of the first stamp.
        count: how many.
        at_frame: where in the stream the first begins, in frames.
    """

    first: int
    count: int
    at_frame: int

    @property
    def start_audio_s(self) -> float:
        """Where the run begins in the source."""
        return self.first * STAMP_AUDIO_S

    @property
    def end_audio_s(self) -> float:
        """Where it ends in the source."""
        return (self.first + self.count) * STAMP_AUDIO_S


def block_frames(fmt: AudioFormat) -> int:
    """Frames of one stamp.

    Raises:
        BadInput: the format has no lowest bits, no whole number of frames in 10 ms, or too few for a stamp.
    """
    frames, rest = divmod(fmt.sample_rate, round(1 / STAMP_AUDIO_S))
    if fmt.encoding is not Encoding.LINEAR16 or frames < _BITS or rest:
        wanted = f"linear16 with at least {int(_BITS / STAMP_AUDIO_S)} Hz, a multiple of 100"
        raise BadInput(f"{fmt} cannot be stamped; wanted {wanted}")
    return frames


def stamp(data: bytes, fmt: AudioFormat, first: int = 0) -> bytes:
    """The same audio with a stamp in every whole 10 ms, numbered from `first`.

    Raises:
        BadInput: the format cannot be stamped.
    """
    frames = block_frames(fmt)
    samples = np.frombuffer(data[: len(data) - len(data) % fmt.frame_bytes], "<i2").reshape(-1, fmt.channels).copy()
    for index in range(len(samples) // frames):
        begin = index * frames
        marked = samples[begin : begin + _BITS, 0]
        samples[begin : begin + _BITS, 0] = (marked & ~np.int16(1)) | _bits(first + index)
    return samples.tobytes() + data[samples.nbytes :]


def read_stamps(data: bytes, fmt: AudioFormat) -> tuple[Stamped, ...]:
    """The stamps in a stream, in the order they arrived, as runs of consecutive numbers.

    Raises:
        BadInput: the format cannot be stamped.
    """
    frames = block_frames(fmt)
    samples = np.frombuffer(data[: len(data) - len(data) % fmt.frame_bytes], "<i2").reshape(-1, fmt.channels)
    runs: list[Stamped] = []
    for at_frame, number in _found((samples[:, 0] & 1).astype(np.uint8)):
        last = runs[-1] if runs else None
        if last and number == last.first + last.count and at_frame == last.at_frame + last.count * frames:
            runs[-1] = Stamped(last.first, last.count + 1, last.at_frame)
        else:
            runs.append(Stamped(number, 1, at_frame))
    return tuple(runs)


def _bits(number: int) -> npt.NDArray[np.int16]:
    words = np.array([PATTERN, number, _check(number)], ">u4")
    return np.unpackbits(words.view(np.uint8)).astype(np.int16)


def _check(number: int) -> int:
    return zlib.crc32(number.to_bytes(4, "big"))


def _found(bits: npt.NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """Every whole stamp: its place and its number."""
    raw = np.packbits(bits).tobytes()
    pattern = PATTERN.to_bytes(4, "big")
    places: set[int] = set()
    for shift in range(8):  # a pattern may begin at any bit; each shift looks at whole bytes
        shifted = raw if shift == 0 else np.packbits(bits[shift:]).tobytes()
        at = shifted.find(pattern)
        while at >= 0:
            places.add(at * 8 + shift)
            at = shifted.find(pattern, at + 1)
    for place in sorted(places):
        if place + _BITS <= len(bits):
            words = np.packbits(bits[place : place + _BITS]).view(">u4")
            if int(words[2]) == _check(int(words[1])):
                yield place, int(words[1])

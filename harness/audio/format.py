"""The format of headerless ("raw") audio, where seconds follow from bytes.

Deepgram takes raw audio only with `encoding` and `sample_rate` declared
(https://developers.deepgram.com/docs/encoding); only then can either side compute the audio clock by counting bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.errors import BadInput

MIN_SAMPLE_RATE = 1_000
MAX_SAMPLE_RATE = 384_000
MAX_CHANNELS = 64

# Durations such as 0.29 s are not exact in binary: 0.29 * 16000 is 4639.999..., and means 4640 frames.
# A millionth of a frame forgives that and nothing else.
_FRAME_EPSILON = 1e-6


class Encoding(StrEnum):
    """The raw PCM encodings whose seconds follow from bytes, spelled as in the query string.

    `linear32` is 32-bit little-endian float, as Deepgram's AsyncAPI description has it.
    """

    LINEAR16 = "linear16"
    LINEAR32 = "linear32"
    MULAW = "mulaw"
    ALAW = "alaw"


_SAMPLE_WIDTH = {Encoding.LINEAR16: 2, Encoding.LINEAR32: 4, Encoding.MULAW: 1, Encoding.ALAW: 1}


def _whole_number(name: str, value: object, lowest: int, highest: int) -> None:
    if type(value) is not int or not lowest <= value <= highest:
        raise BadInput(f"{name} is {value!r}; wanted a whole number from {lowest} to {highest}")


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How raw audio bytes are to be read: little-endian, interleaved by channel.

    Raises:
        BadInput: a field is outside its range; the message names it.
    """

    encoding: Encoding = Encoding.LINEAR16
    sample_rate: int = 16_000
    channels: int = 1

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "encoding", Encoding(self.encoding))
        except ValueError:
            known = ", ".join(Encoding)
            raise BadInput(f"encoding is {self.encoding!r}; wanted one of {known}") from None
        _whole_number("sample_rate", self.sample_rate, MIN_SAMPLE_RATE, MAX_SAMPLE_RATE)
        _whole_number("channels", self.channels, 1, MAX_CHANNELS)

    @property
    def sample_width(self) -> int:
        """Bytes of one sample of one channel."""
        return _SAMPLE_WIDTH[self.encoding]

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel: the smallest piece that may be cut off."""
        return self.sample_width * self.channels

    @property
    def bytes_per_second(self) -> int:
        """Bytes of one second of audio."""
        return self.sample_rate * self.frame_bytes

    def seconds(self, n_bytes: int) -> float:
        """Seconds of audio in `n_bytes`, counted per channel as Deepgram's `Metadata.duration` is."""
        return n_bytes / self.bytes_per_second

    def aligned_bytes(self, duration_audio_s: float) -> int:
        """The most whole frames, in bytes, that fit into `duration_audio_s` seconds.

        Raises:
            BadInput: the duration is negative or not finite.
        """
        if not 0 <= duration_audio_s < float("inf"):
            raise BadInput(f"duration_audio_s is {duration_audio_s!r}; wanted a number of seconds, zero or more")
        return int(duration_audio_s * self.sample_rate + _FRAME_EPSILON) * self.frame_bytes

    def __str__(self) -> str:
        return f"{self.encoding} {self.sample_rate} Hz, {self.channels} channel{'s' * (self.channels > 1)}"

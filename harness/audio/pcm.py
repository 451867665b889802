"""Between raw bytes and float32 samples; G.711 by tables that FFmpeg's own codecs fill in."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from harness.audio.format import AudioFormat, Encoding
from harness.audio.wav import SampleType

Samples = npt.NDArray[np.float32]
"""Audio of shape (frames, channels), full scale at -1 and 1."""

BLOCK: Final = 1 << 20
"""Frames that long audio is worked through at a time, where each step makes a copy."""

SAMPLE_TYPE = {
    Encoding.LINEAR16: SampleType.S16,
    Encoding.LINEAR32: SampleType.F32,
    Encoding.MULAW: SampleType.MULAW,
    Encoding.ALAW: SampleType.ALAW,
}
_DTYPE = {SampleType.S16: "<i2", SampleType.S32: "<i4", SampleType.F32: "<f4", SampleType.F64: "<f8"}


def to_float(data: bytes | bytearray | memoryview, sample_type: SampleType, channels: int) -> Samples:
    """Read whole frames of raw bytes.

    Args:
        data: a whole number of frames.
        sample_type: how a sample is stored.
        channels: samples per frame.

    Returns:
        float32 of shape (frames, channels).
    """
    match sample_type:
        case SampleType.MULAW | SampleType.ALAW:
            samples = _decode_table(sample_type)[np.frombuffer(data, np.uint8)]
        case SampleType.U8:
            samples = scaled(np.frombuffer(data, np.uint8))
        case SampleType.S24:
            # The three bytes become the upper three of an int32; its lowest byte stays zero.
            wide = np.zeros((len(data) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            samples = scaled(wide.view("<i4")[:, 0])
        case _:
            samples = scaled(np.frombuffer(data, _DTYPE[sample_type]))
    return samples.reshape(-1, channels)


def scaled(values: npt.NDArray[Any]) -> Samples:
    """Integer or float samples of any width as float32 in [-1, 1); 16 and 24 bit come through exactly."""
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - np.float32(128)) / np.float32(128)
    if values.dtype.kind == "i":
        return values.astype(np.float32) / np.float32(2 ** (8 * values.itemsize - 1))
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32)


def from_float(samples: Samples, fmt: AudioFormat) -> bytes:
    """Write samples of shape (frames, channels) in `fmt`'s encoding; what is beyond full scale is clipped."""
    if fmt.encoding is Encoding.LINEAR32:
        return samples.astype("<f4").tobytes()
    linear16 = to_int16(samples)
    if fmt.encoding is Encoding.LINEAR16:
        return linear16.astype("<i2").tobytes()
    return _encode_table(SAMPLE_TYPE[fmt.encoding])[linear16.view(np.uint16)].tobytes()


def to_int16(samples: Samples) -> npt.NDArray[np.int16]:
    """Round to 16 bit; samples that came from 16 bit return exactly. Not-a-number becomes silence."""
    linear16 = np.empty(samples.shape, np.int16)
    for start in range(0, len(samples), BLOCK):
        steps: Samples = np.rint(finite(samples[start : start + BLOCK]) * np.float32(32768))
        linear16[start : start + BLOCK] = steps.clip(-32768, 32767)
    return linear16


def finite(samples: Samples) -> Samples:
    """Samples within full scale: float audio from outside may hold anything, not-a-number and infinity too."""
    return np.nan_to_num(samples, nan=0.0).clip(-1, 1)


@cache
def _decode_table(law: SampleType) -> Samples:
    """Sample by code byte (ITU-T G.711)."""
    decoder = av.CodecContext.create(f"pcm_{law}", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = 8000, "mono"
    frames = decoder.decode(av.Packet(bytes(range(256))))
    return scaled(np.concatenate([frame.to_ndarray().ravel() for frame in frames]))


@cache
def _encode_table(law: SampleType) -> npt.NDArray[np.uint8]:
    """Code byte by 16-bit sample seen as unsigned (ITU-T G.711)."""
    encoder = av.CodecContext.create(f"pcm_{law}", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    every = np.arange(65536, dtype=np.uint16).view(np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(every, format="s16", layout="mono")
    frame.sample_rate = 8000
    return np.frombuffer(b"".join(bytes(packet) for packet in encoder.encode(frame)), np.uint8)

from __future__ import annotations

import numpy as np
import pytest

from harness.audio.format import AudioFormat, Encoding
from harness.audio.pcm import Samples, from_float, to_float, to_int16
from harness.audio.wav import SampleType

# Decoder output values of ITU-T G.711 (tables 1a to 2b), on the 16-bit scale: the 14-bit mu-law value by 4, A-law by 8.
MULAW = {0x00: -32124, 0x0F: -16764, 0x10: -15996, 0x7F: 0, 0x80: 32124, 0x8F: 16764, 0xF0: 120, 0xFE: 8, 0xFF: 0}
ALAW = {0x55: -8, 0xD5: 8, 0xD4: 24, 0x54: -24, 0xAA: 32256, 0x2A: -32256, 0x80: 5504, 0xC5: 264, 0x00: -5504}


@pytest.mark.parametrize(("law", "values"), [(SampleType.MULAW, MULAW), (SampleType.ALAW, ALAW)])
def test_g711_codes_decode_to_the_values_of_the_standard(law: SampleType, values: dict[int, int]) -> None:
    decoded = to_float(bytes(values), law, 1)[:, 0] * 32768
    assert decoded.tolist() == list(values.values())


@pytest.mark.parametrize("encoding", [Encoding.MULAW, Encoding.ALAW])
def test_each_sample_gets_the_g711_code_that_decodes_nearest(encoding: Encoding, ramp: Samples) -> None:
    fmt = AudioFormat(encoding, 8_000)
    law = SampleType(encoding.value)
    every_value = np.sort(to_float(bytes(range(256)), law, 1)[:, 0])
    decoded = to_float(from_float(ramp, fmt), law, 1)[:, 0]
    above = np.searchsorted(every_value, ramp[:, 0]).clip(1, 255)
    nearest = np.minimum(abs(every_value[above] - ramp[:, 0]), abs(every_value[above - 1] - ramp[:, 0]))
    # Encoders drop the lowest bits first (2 of mu-law's 16, 3 of A-law's), so ties may fall to either side.
    assert np.abs(abs(decoded - ramp[:, 0]) - nearest).max() <= 8 / 32768


def test_every_16_bit_value_survives(ramp: Samples) -> None:
    raw = from_float(ramp, AudioFormat())
    assert raw == np.arange(-32768, 32768, dtype="<i2").tobytes()
    assert np.array_equal(to_float(raw, SampleType.S16, 1), ramp)


def test_float_audio_survives_as_it_is() -> None:
    samples = np.array([[0.1, -0.2], [1.5, -3e-9]], np.float32)
    raw = from_float(samples, AudioFormat(Encoding.LINEAR32, channels=2))
    assert np.array_equal(to_float(raw, SampleType.F32, 2), samples)


def test_beyond_full_scale_is_clipped_and_no_number_is_silence() -> None:
    samples = np.array([2.0, -2.0, 1.0, -1.0, np.nan, np.inf], np.float32)
    assert to_int16(samples).tolist() == [32767, -32768, 32767, -32768, 0, 32767]


@pytest.mark.parametrize(
    ("sample_type", "raw", "values"),
    [
        (SampleType.U8, b"\x00\x80\xff", [-1.0, 0.0, 127 / 128]),
        (SampleType.S24, b"\x00\x00\x80\xff\xff\x7f\x01\x00\x00", [-1.0, 1 - 2**-23, 2**-23]),
        (SampleType.S32, b"\x00\x00\x00\x80\x00\x00\x00\x40", [-1.0, 0.5]),
        (SampleType.F64, np.array([0.25, -0.5], "<f8").tobytes(), [0.25, -0.5]),
    ],
)
def test_other_widths_are_scaled_to_one(sample_type: SampleType, raw: bytes, values: list[float]) -> None:
    samples = to_float(raw, sample_type, 1)
    assert samples.dtype == np.float32
    assert samples[:, 0].tolist() == values


def test_channels_are_interleaved() -> None:
    samples = to_float(np.array([1, 2, 3, 4], "<i2").tobytes(), SampleType.S16, 2) * 32768
    assert samples.tolist() == [[1.0, 2.0], [3.0, 4.0]]

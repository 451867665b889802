from __future__ import annotations

import pytest

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput


def test_the_default_is_what_most_clients_send() -> None:
    fmt = AudioFormat()
    assert (fmt.encoding, fmt.sample_rate, fmt.channels) == (Encoding.LINEAR16, 16_000, 1)
    assert str(fmt) == "linear16 16000 Hz, 1 channel"


@pytest.mark.parametrize(
    ("encoding", "width"),
    [(Encoding.LINEAR16, 2), (Encoding.LINEAR32, 4), (Encoding.MULAW, 1), (Encoding.ALAW, 1)],
)
def test_bytes_per_second_are_rate_by_width_by_channels(encoding: Encoding, width: int) -> None:
    fmt = AudioFormat(encoding, 8_000, 2)
    assert fmt.sample_width == width
    assert fmt.frame_bytes == 2 * width
    assert fmt.bytes_per_second == 8_000 * 2 * width


def test_seconds_are_counted_per_channel() -> None:
    assert AudioFormat().seconds(3_200) == 0.1
    assert AudioFormat(channels=2).seconds(6_400) == 0.1
    assert AudioFormat(Encoding.MULAW, 8_000).seconds(1) == 1 / 8_000


@pytest.mark.parametrize(
    ("fmt", "duration_audio_s", "n_bytes"),
    [
        (AudioFormat(), 0.02, 640),
        (AudioFormat(), 0.1, 3_200),
        (AudioFormat(), 0.29, 9_280),  # 0.29 * 16000 is 4639.999... in binary
        (AudioFormat(sample_rate=44_100), 0.02, 1_764),
        (AudioFormat(sample_rate=44_100, channels=2), 0.025, 4_408),  # 1102.5 frames
        (AudioFormat(sample_rate=11_025), 0.0, 0),
    ],
)
def test_aligned_bytes_are_whole_frames(fmt: AudioFormat, duration_audio_s: float, n_bytes: int) -> None:
    assert fmt.aligned_bytes(duration_audio_s) == n_bytes


@pytest.mark.parametrize("duration_audio_s", [-0.1, float("inf"), float("nan")])
def test_a_duration_that_is_none_is_refused(duration_audio_s: float) -> None:
    with pytest.raises(BadInput, match="duration_audio_s"):
        AudioFormat().aligned_bytes(duration_audio_s)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("encoding", "opus"),
        ("sample_rate", 0),
        ("sample_rate", 16_000.0),
        ("sample_rate", True),
        ("channels", 0),
        ("channels", 65),
        ("channels", "2"),
    ],
)
def test_a_bad_field_is_named(field: str, value: object) -> None:
    with pytest.raises(BadInput, match=f"{field} is {value!r}; wanted"):
        AudioFormat(**{field: value})  # type: ignore[arg-type]


def test_an_encoding_may_be_given_by_its_wire_name() -> None:
    assert AudioFormat("mulaw", 8_000).encoding is Encoding.MULAW  # type: ignore[arg-type]

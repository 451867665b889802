"""A WAV is parted where its header ends, however long that is; anything else is refused in one sentence."""

from __future__ import annotations

import struct

import pytest

from harness.audio.format import AudioFormat, Encoding
from harness.audio.wav import wav_header
from harness.errors import BadInput
from harness.streamer.header import take_apart

FMT = AudioFormat(sample_rate=8000)
PCM = bytes(range(200)) * 4


@pytest.mark.parametrize("encoding", list(Encoding))
@pytest.mark.parametrize("channels", [1, 2])
def test_header_and_audio_are_the_file(encoding: Encoding, channels: int) -> None:
    fmt = AudioFormat(encoding, 8000, channels)
    data = wav_header(fmt, len(PCM)) + PCM
    found = take_apart(data, "a.wav")
    assert (found.name, found.format, found.audio) == ("wav", fmt, PCM)
    assert found.header + found.audio == data


def test_a_long_header_belongs_to_the_header_and_what_follows_the_audio_to_nothing() -> None:
    plain = wav_header(FMT, len(PCM))
    long = plain[:36] + b"LIST" + struct.pack("<I", 501) + b"data" * 125 + b"\1\0" + plain[36:]
    found = take_apart(long + PCM + b"LIST\4\0\0\0done", "a.wav")
    assert (found.header, found.audio) == (long, PCM)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_header_that_leaves_the_length_open_has_audio_to_the_end(length: int) -> None:
    header = wav_header(FMT, 0)[:-4] + struct.pack("<I", length)
    assert take_apart(header + PCM + b"\1", "a.wav").audio == PCM


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"OggS" + bytes(100), "a: its container is ogg; wanted wav"),
        (b"\x1aE\xdf\xa3" + bytes(100), "a: its container is webm; wanted wav"),
        (bytes(100), "a: its container is none; wanted wav"),
        (wav_header(FMT, 10)[:30], "a: is no readable WAV file (its header is cut short)"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "a: is no readable WAV file (its data chunk comes before any fmt chunk)"),
        (wav_header(FMT, 0), "a: is a WAV without audio"),
        (wav_header(FMT, 1) + b"\0", "a: is a WAV without audio"),
    ],
)
def test_anything_else_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput) as error:
        take_apart(data, "a")
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(("tag", "bits", "stored"), [(1, 24, "s24"), (17, 4, "compressed")])
def test_samples_that_no_raw_encoding_has_are_refused(tag: int, bits: int, stored: str) -> None:
    body = struct.pack("<HHIIHH", tag, 1, 8000, 24_000, max(1, bits // 8), bits)
    data = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + body + b"data" + struct.pack("<I", 6) + bytes(6)
    with pytest.raises(BadInput, match=f"a: is a WAV of {stored} samples"):
        take_apart(data, "a")

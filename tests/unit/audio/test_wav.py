from __future__ import annotations

import io
import struct
import wave

import pytest

from harness.audio.format import AudioFormat, Encoding
from harness.audio.wav import SampleType, WavFormat, WavParser, wav_header

PCM = bytes(range(200))
FMT = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def fmt_chunk(tag: int, channels: int, sample_rate: int, frame_bytes: int, extra: bytes = b"") -> bytes:
    bits = 8 * frame_bytes // channels if channels else 0
    body = struct.pack("<HHIIHH", tag, channels, sample_rate, sample_rate * frame_bytes, frame_bytes, bits) + extra
    return chunk(b"fmt ", body)


def parse(data: bytes, size: int) -> tuple[WavParser, bytes]:
    parser = WavParser()
    return parser, b"".join(parser.feed(data[at : at + size]) for at in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
@pytest.mark.parametrize(
    "data",
    [
        riff(FMT, chunk(b"data", PCM)),
        riff(chunk(b"JUNK", bytes(27)), FMT, chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0"), chunk(b"data", PCM)),
        riff(FMT, chunk(b"data", PCM), chunk(b"LIST", b"rubbish after the audio")),
        b"RF64\xff\xff\xff\xff" + riff(chunk(b"ds64", bytes(28)), FMT, chunk(b"data", PCM, 0xFFFFFFFF))[8:],
    ],
    ids=["plain", "chunks before", "chunks after", "RF64"],
)
def test_the_data_chunk_comes_out_whatever_surrounds_it_in_any_split(data: bytes, size: int) -> None:
    parser, audio = parse(data, size)
    assert audio == PCM
    assert parser.format == WavFormat(SampleType.S16, 16_000, 1)
    assert parser.data_bytes == len(PCM)
    assert parser.broken is None


@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF, 0x7FFFF000])
def test_a_streamed_length_means_until_the_end(declared: int) -> None:
    parser, audio = parse(riff(FMT, chunk(b"data", PCM, declared)), 5)
    assert audio == PCM
    assert parser.declared_bytes is None


def test_a_declared_length_is_told_even_when_less_has_come() -> None:
    parser, audio = parse(riff(FMT, chunk(b"data", PCM, 1000)), 5)
    assert (len(audio), parser.declared_bytes, parser.data_bytes) == (200, 1000, 200)


@pytest.mark.parametrize(
    ("tag", "frame_bytes", "sample_type"),
    [
        (1, 1, SampleType.U8),
        (1, 2, SampleType.S16),
        (1, 3, SampleType.S24),
        (1, 4, SampleType.S32),
        (3, 4, SampleType.F32),
        (3, 8, SampleType.F64),
        (6, 1, SampleType.ALAW),
        (7, 1, SampleType.MULAW),
        (0x11, 2, None),  # IMA ADPCM
        (1, 5, None),
    ],
)
def test_the_format_tag_and_width_name_the_sample_type(
    tag: int, frame_bytes: int, sample_type: SampleType | None
) -> None:
    parser, _ = parse(riff(fmt_chunk(tag, 1, 8_000, frame_bytes), chunk(b"data", PCM)), 50)
    assert parser.format == WavFormat(sample_type, 8_000, 1)


def test_an_extensible_header_carries_its_tag_in_the_sub_format() -> None:
    extra = struct.pack("<HHI", 22, 32, 3) + struct.pack("<H", 3) + bytes(14)
    parser, audio = parse(riff(fmt_chunk(0xFFFE, 2, 48_000, 8, extra), chunk(b"data", PCM)), 9)
    assert parser.format == WavFormat(SampleType.F32, 48_000, 2)
    assert audio == PCM


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"RIFF\0\0\0\0AVI LIST" + bytes(50), "RIFF and WAVE"),
        (riff(chunk(b"data", PCM)), "before any fmt chunk"),
        (riff(chunk(b"fmt ", bytes(14))), "fmt chunk has 14 bytes"),
        (riff(chunk(b"fmt ", b"", 5000)), "fmt chunk has 5000 bytes"),
        (riff(fmt_chunk(1, 0, 16_000, 2)), "0 channels at 16000 Hz"),
        (riff(fmt_chunk(1, 1, 0, 2)), "1 channels at 0 Hz"),
        (riff(fmt_chunk(1, 1, 4_000_000_000, 0)), "1 channels at 4000000000 Hz"),
    ],
)
def test_a_broken_header_says_why_and_gives_no_audio(data: bytes, reason: str) -> None:
    for size in (1, 4096):
        parser, audio = parse(data + PCM, size)
        assert parser.broken is not None
        assert reason in parser.broken
        assert audio == b""


@pytest.mark.parametrize("length", range(0, 44, 3))
def test_a_header_cut_short_is_neither_broken_nor_audio(length: int) -> None:
    parser, audio = parse(riff(FMT, chunk(b"data", PCM))[:length], 1)
    assert (parser.in_data, parser.broken, audio) == (False, None, b"")


def test_the_standard_library_reads_what_the_writer_wrote() -> None:
    with wave.open(io.BytesIO(wav_header(AudioFormat(channels=2), 400) + bytes(400))) as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (16_000, 2, 2)
        assert opened.getnframes() == 100


@pytest.mark.parametrize("encoding", Encoding)
def test_what_the_writer_wrote_is_read_back(encoding: Encoding) -> None:
    fmt = AudioFormat(encoding, 8_000, 2)
    parser, audio = parse(wav_header(fmt, len(PCM)) + PCM, 11)
    assert audio == PCM
    assert parser.declared_bytes == len(PCM)
    assert parser.format is not None
    assert (parser.format.sample_rate, parser.format.channels) == (8_000, 2)

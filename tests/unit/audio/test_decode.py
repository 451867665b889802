from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.audio.decode import (
    Audio,
    check_declared,
    cut,
    decode,
    decode_raw,
    encode,
    read_audio,
    to_mono,
    wav_bytes,
)
from harness.audio.format import AudioFormat, Encoding
from harness.audio.segment import Segment
from harness.errors import BadInput

MakeSpeech = Callable[..., Audio]
WriteContainer = Callable[..., bytes]


GROWTH = """
import resource
from harness.audio.decode import decode, wav_bytes
from harness.audio.format import AudioFormat
import numpy as np

def resident_bytes():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

data = wav_bytes(np.full((24_000_000, 2), 0.25, np.float32), AudioFormat(channels=2))
before = resident_bytes()
audio = decode(data, "long.wav")
print((resident_bytes() - before) / audio.samples.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells what a process holds")
def test_decoded_audio_is_held_once() -> None:
    """What it was put together of has gone back to the system."""
    ran = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    assert 0.9 < float(ran.stdout) < 1.5


def likeness(a: Audio, b: Audio) -> float:
    """Correlation at the best lag of up to 60 ms: lossy codecs delay."""
    size = min(len(a.samples), len(b.samples))
    left, right = a.samples[:size, 0], b.samples[:size, 0]
    spectrum = np.fft.rfft(left, 2 * size) * np.conj(np.fft.rfft(right, 2 * size))
    lags = np.fft.irfft(spectrum)
    most = round(0.06 * a.sample_rate)
    best = max(lags[:most].max(), lags[-most:].max())
    return float(best / (np.linalg.norm(left) * np.linalg.norm(right)))


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_wav_of_any_raw_encoding_decodes_to_what_its_raw_bytes_decode_to(
    encoding: Encoding, channels: int, speech: MakeSpeech
) -> None:
    fmt = AudioFormat(encoding, 16_000, channels)
    raw = encode(speech(1, channels=channels), fmt)
    audio = decode(wav_bytes(raw, fmt), "a.wav")
    assert (audio.container, audio.sample_rate, audio.channels) == ("wav", 16_000, channels)
    assert audio.warnings == ()
    assert np.array_equal(audio.samples, decode_raw(raw, fmt).samples)


def test_16_bit_audio_comes_out_bit_for_bit(speech: MakeSpeech) -> None:
    fmt = AudioFormat(channels=2)
    audio = speech(2, channels=2)
    raw = encode(audio, fmt)
    assert np.array_equal(decode_raw(raw, fmt).samples, audio.samples)
    assert encode(decode(wav_bytes(raw, fmt), "a.wav"), fmt) == raw
    assert wav_bytes(audio.samples, fmt) == wav_bytes(raw, fmt)


@pytest.mark.parametrize(
    ("container_format", "codec", "container"),
    [
        ("wav", "pcm_u8", "wav"),
        ("wav", "pcm_s24le", "wav"),
        ("wav", "pcm_s32le", "wav"),
        ("wav", "pcm_f64le", "wav"),
        ("flac", "flac", "flac"),
        ("aiff", "pcm_s16be", "aiff"),
        ("caf", "pcm_s16le", "caf"),
        ("au", "pcm_s16be", "au"),
    ],
)
def test_lossless_containers_give_the_samples_that_went_in(
    container_format: str, codec: str, container: str, speech: MakeSpeech, write_container: WriteContainer
) -> None:
    audio = speech(3, channels=2)
    decoded = decode(write_container(audio, container_format, codec), "a")
    assert (decoded.container, decoded.sample_rate, decoded.channels) == (container, 16_000, 2)
    precision = 1 / 128 if codec == "pcm_u8" else 0
    assert decoded.samples.shape == audio.samples.shape
    assert np.abs(decoded.samples - audio.samples).max() <= precision


@pytest.mark.parametrize(
    ("container_format", "codec", "container"),
    [
        ("mp3", "libmp3lame", "mp3"),
        ("ogg", "libopus", "ogg"),
        ("webm", "libopus", "webm"),
        ("ipod", "aac", "mp4"),
        ("mp4", "aac", "mp4"),
        ("adts", "aac", "aac"),
        ("wav", "adpcm_ima_wav", "wav"),
    ],
)
def test_lossy_containers_give_nearly_the_samples_that_went_in(
    container_format: str,
    codec: str,
    container: str,
    speech: MakeSpeech,
    write_container: WriteContainer,
) -> None:
    audio = speech(4, sample_rate=48_000)
    decoded = decode(write_container(audio, container_format, codec, 128_000), "a")
    assert (decoded.container, decoded.sample_rate, decoded.channels) == (container, 48_000, 1)
    assert decoded.duration_audio_s == pytest.approx(audio.duration_audio_s, abs=0.06)
    assert likeness(audio, decoded) > 0.9


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_streamed_wav_without_a_length_is_read_to_its_end(length: int, speech: MakeSpeech) -> None:
    whole = wav_bytes(speech(5).samples, AudioFormat())
    streamed = whole[:40] + struct.pack("<I", length) + whole[44:]
    audio = decode(streamed, "a.wav")
    assert np.array_equal(audio.samples, speech(5).samples)
    assert audio.warnings == ()


def test_a_wav_with_other_chunks_around_its_audio_is_read(speech: MakeSpeech) -> None:
    whole = wav_bytes(speech(5).samples, AudioFormat())
    listed = whole[:36] + b"LIST\x0a\0\0\0INFOxxxxxx" + whole[36:] + b"LIST\x04\0\0\0INFO"
    assert np.array_equal(decode(listed, "a.wav").samples, speech(5).samples)


def test_a_wav_with_less_data_than_declared_is_read_with_a_warning(speech: MakeSpeech) -> None:
    audio = decode(wav_bytes(speech(5).samples, AudioFormat())[: 44 + 3_200], "short.wav")
    assert audio.duration_audio_s == pytest.approx(0.1)
    assert audio.warnings == ("short.wav: the WAV header declares 128000 bytes of audio but only 3200 are there",)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", r"a: is empty"),
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0", r"a: the WAV header is cut short, the file ends after 18 bytes"),
        (b"RIFF\x24\0\0\0WAVEdata\x04\0\0\0\0\0\0\0", r"a: is no readable WAV, its data chunk comes before any fmt"),
        (wav_bytes(b"", AudioFormat()), r"a: holds no audio samples"),
        (b"plain text, at some length " * 20, r"a: is no audio file known here"),
        (b"OggS" + bytes(200), r"a: begins like ogg but cannot be decoded"),
        (b"fLaC" + bytes(200), r"a: begins like flac but cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), r"a: is no audio file known here"),
    ],
)
def test_bad_input_is_told_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        decode(data, "a")


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {path}\n",
    ],
)
def test_a_playlist_cannot_make_us_open_another_file(playlist: str, tmp_path: Path, speech: MakeSpeech) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav_bytes(speech(6).samples, AudioFormat()))
    with pytest.raises(BadInput, match="no audio file known here"):
        decode(playlist.format(path=secret).encode(), "list.m3u8")


def test_a_damaged_packet_is_left_out_with_a_warning(speech: MakeSpeech, write_container: WriteContainer) -> None:
    data = bytearray(write_container(speech(7, 10.0), "mp3", "libmp3lame"))
    data[len(data) // 2 : len(data) // 2 + 300] = b"\xff" * 300
    audio = decode(bytes(data), "bad.mp3")
    assert 9.0 < audio.duration_audio_s < 10.1
    (warning,) = audio.warnings
    assert warning.startswith("bad.mp3: ")
    assert warning.endswith(" damaged packets were left out")


def test_audio_that_changes_its_format_midway_is_refused(speech: MakeSpeech, write_container: WriteContainer) -> None:
    mono, stereo = (write_container(speech(7, 1.0, 16_000, channels), "mp3", "libmp3lame") for channels in (1, 2))
    with pytest.raises(BadInput, match=r"two\.mp3: changes its format midway \(16000 Hz with 1 channels and 16000 Hz"):
        decode(mono + stereo, "two.mp3")


def test_raw_bytes_beyond_the_last_whole_frame_are_dropped_with_a_warning() -> None:
    audio = decode_raw(b"\x01\x00\x02\x00\x03", AudioFormat(), "a.raw")
    assert (audio.samples * 32768).tolist() == [[1.0], [2.0]]
    (warning,) = audio.warnings
    assert warning.startswith("a.raw: 5 bytes are no whole number of frames")
    assert warning.endswith("the last 1 bytes were dropped")


def test_raw_bytes_without_one_frame_are_refused() -> None:
    with pytest.raises(BadInput, match=r"a\.raw: has 3 bytes, not one frame"):
        decode_raw(b"abc", AudioFormat(channels=2), "a.raw")


def test_stereo_becomes_mono_by_the_mean_and_mono_becomes_many_by_copies() -> None:
    stereo = Audio(np.array([[0.5, -0.25], [0.25, 0.75]], np.float32), 16_000)
    mono = decode_raw(encode(stereo, AudioFormat()), AudioFormat())
    assert mono.samples.tolist() == [[0.125], [0.5]]
    three = AudioFormat(channels=3)
    assert decode_raw(encode(mono, three), three).samples.tolist() == [[0.125] * 3, [0.5] * 3]


@pytest.mark.parametrize(("given", "wanted"), [(6, 1), (6, 2), (2, 3), (3, 1)])
def test_a_mix_that_would_lose_channels_silently_is_refused(given: int, wanted: int) -> None:
    audio = Audio(np.zeros((10, given), np.float32), 16_000)
    with pytest.raises(BadInput, match=f"{given} channels cannot become {wanted}"):
        encode(audio, AudioFormat(channels=wanted))


@pytest.mark.parametrize("sample_rate", [8_000, 44_100, 48_000])
def test_resampling_keeps_duration_and_tone(sample_rate: int) -> None:
    tone = (np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000) / 2).astype(np.float32)[:, np.newaxis]
    fmt = AudioFormat(sample_rate=sample_rate)
    audio = decode_raw(encode(Audio(tone, 16_000), fmt), fmt)
    assert audio.duration_audio_s == pytest.approx(1.0, abs=1e-3)
    spectrum = np.abs(np.fft.rfft(audio.samples[:sample_rate, 0]))
    assert int(np.argmax(spectrum)) == 440
    assert np.abs(audio.samples).max() == pytest.approx(0.5, abs=0.01)


def test_mono_is_the_mean_of_the_channels() -> None:
    assert to_mono(np.array([[1.0, 0.0, 0.5]], np.float32)).tolist() == [0.5]


def test_a_header_that_contradicts_the_declared_format_is_told(speech: MakeSpeech) -> None:
    audio = decode(wav_bytes(speech(8).samples, AudioFormat()), "a.wav")
    assert check_declared(audio, AudioFormat()) is None
    sentence = check_declared(audio, AudioFormat(sample_rate=8_000, channels=2))
    assert sentence is not None
    assert "the wav header says 16000 Hz with 1 channel(s), declared are 8000 Hz with 2" in sentence
    assert check_declared(speech(8), AudioFormat(sample_rate=8_000)) is None


def test_a_file_with_a_header_is_decoded_by_it_whatever_was_declared(tmp_path: Path, speech: MakeSpeech) -> None:
    path = tmp_path / "speech.raw"
    path.write_bytes(wav_bytes(speech(9).samples, AudioFormat()))
    audio = read_audio(path, AudioFormat(sample_rate=8_000))
    assert (audio.container, audio.sample_rate) == ("wav", 16_000)
    assert np.array_equal(audio.samples, speech(9).samples)


def test_a_file_without_a_header_is_read_as_declared(tmp_path: Path, speech: MakeSpeech) -> None:
    path = tmp_path / "speech.raw"
    path.write_bytes(encode(speech(9), AudioFormat()))
    audio = read_audio(path, AudioFormat())
    assert (audio.container, audio.sample_rate) == ("raw", 16_000)
    assert np.array_equal(audio.samples, speech(9).samples)
    with pytest.raises(BadInput, match="or an encoding and sample rate for headerless audio"):
        read_audio(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.wav: there is no such file"):
        read_audio(tmp_path / "nowhere.wav")
    with pytest.raises(BadInput, match="is a directory; wanted an audio file"):
        read_audio(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadInput, match="file: is empty"):
        read_audio(tmp_path / "file")
    with pytest.raises(BadInput, match=r"inside\.wav: cannot be read"):
        read_audio(tmp_path / "file" / "inside.wav")


def test_a_film_without_sound_is_told(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        film.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        film.mux(stream.encode(None))
    with pytest.raises(BadInput, match=r"silent\.mp4: has no audio stream"):
        read_audio(path)


@pytest.mark.parametrize("far_audio_s", [41.0, 1e308])
def test_a_part_as_far_as_numbers_go(far_audio_s: float) -> None:
    audio = Audio(np.arange(40, dtype=np.float32).reshape(-1, 1), sample_rate=10)
    assert (cut(audio, Segment(1.0, far_audio_s), "a.wav").samples == audio.samples[10:]).all()
    with pytest.raises(BadInput, match=r"a\.wav: plays 4 s, and nothing of it is in segment"):
        cut(audio, Segment(far_audio_s), "a.wav")


@given(st.integers(0, 40), st.none() | st.integers(0, 60))
def test_a_part_is_its_samples_and_ends_with_the_file(start: int, length: int | None) -> None:
    audio = Audio(np.arange(40, dtype=np.float32).reshape(-1, 1), sample_rate=10)
    segment = Segment(start / 10, None if length is None else length / 10)
    expected = audio.samples[start:] if length is None else audio.samples[start : start + length]
    if not len(expected):
        with pytest.raises(BadInput, match=r"a\.wav: plays 4 s, and nothing of it is in segment"):
            cut(audio, segment, "a.wav")
        return
    found = cut(audio, segment, "a.wav")
    assert (found.samples == expected).all()
    assert found.sample_rate == 10
    assert cut(audio, None, "a.wav") is audio

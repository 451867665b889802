from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.audio.decode import Audio, decode, encode, wav_bytes
from harness.audio.format import AudioFormat, Encoding
from harness.audio.stream_decoder import MAX_WAV_HEADER_BYTES, StreamDecoder

MakeSpeech = Callable[..., Audio]
WriteContainer = Callable[..., bytes]


def fed(decoder: StreamDecoder, data: bytes, size: int) -> StreamDecoder:
    for start in range(0, len(data), size):
        decoder.feed(data[start : start + size])
    return decoder


def test_before_any_byte_nothing_is_known() -> None:
    decoder = StreamDecoder(None)
    assert (decoder.container, decoder.audio_s, decoder.channels, decoder.sample_rate) == (None, 0.0, 0, 0)
    assert not decoder.undecodable
    assert decoder.samples_since(0).shape == (0, 1)
    decoder.finish()
    assert not decoder.undecodable


def test_a_declared_format_is_known_before_any_byte() -> None:
    decoder = StreamDecoder(AudioFormat(Encoding.MULAW, 8_000, 2))
    assert (decoder.container, decoder.channels, decoder.sample_rate) == ("raw", 2, 8_000)


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("size", [1, 3, 640, 10**6])
def test_raw_seconds_are_bytes_by_the_byte_rate_even_in_mid_sample(
    encoding: Encoding, size: int, speech: MakeSpeech
) -> None:
    fmt = AudioFormat(encoding, 16_000, 2)
    raw = encode(speech(1, 0.5, channels=2), fmt)[:-3]
    decoder = fed(StreamDecoder(fmt), raw, size)
    assert decoder.audio_s == len(raw) / fmt.bytes_per_second
    whole = decoder.samples_since(0)
    assert whole.shape == (len(raw) // fmt.frame_bytes, 2)
    decoder.finish()
    assert np.array_equal(decoder.samples_since(100), whole[100:])


def test_samples_are_those_that_were_sent(speech: MakeSpeech) -> None:
    audio = speech(2)
    decoder = fed(StreamDecoder(AudioFormat()), encode(audio, AudioFormat()), 641)
    assert np.array_equal(decoder.samples_since(0), audio.samples)


def test_memory_is_bounded_and_indices_stay_true(speech: MakeSpeech) -> None:
    audio = speech(3, 4.0)
    decoder = fed(StreamDecoder(AudioFormat(), keep_audio_s=1.0), encode(audio, AudioFormat()), 640)
    assert decoder.audio_s == 4.0
    assert decoder.first_frame == 48_000
    assert np.array_equal(decoder.samples_since(0), audio.samples[48_000:])
    assert np.array_equal(decoder.samples_since(60_000), audio.samples[60_000:])
    assert len(decoder.samples_since(64_000)) == 0


def test_everything_is_kept_when_asked(speech: MakeSpeech) -> None:
    audio = speech(3, 12.0)
    decoder = fed(StreamDecoder(AudioFormat(), keep_audio_s=None), encode(audio, AudioFormat()), 640)
    assert decoder.first_frame == 0
    assert len(decoder.samples_since(0)) == len(audio.samples)


def test_a_header_in_a_raw_stream_is_heard_as_samples_and_reported(speech: MakeSpeech) -> None:
    wav = wav_bytes(speech(4).samples, AudioFormat())
    for size in (1, 44, 640, len(wav)):
        decoder = fed(StreamDecoder(AudioFormat()), wav, size)
        assert decoder.header_in_raw
        assert decoder.audio_s == pytest.approx(4.0 + 44 / 32_000)
        assert np.array_equal(decoder.samples_since(22), speech(4).samples)


def test_raw_audio_has_no_header(speech: MakeSpeech) -> None:
    assert not fed(StreamDecoder(AudioFormat()), encode(speech(4), AudioFormat()), 640).header_in_raw
    assert not fed(StreamDecoder(AudioFormat()), b"\xff\xfb\x90\x64" + bytes(1000), 640).header_in_raw


CONTAINERS = [
    ("wav", "pcm_s16le"),
    ("wav", "pcm_u8"),
    ("wav", "pcm_s24le"),
    ("wav", "pcm_f64le"),
    ("wav", "pcm_mulaw"),
    ("wav", "pcm_alaw"),
    ("wav", "adpcm_ima_wav"),
    ("flac", "flac"),
    ("mp3", "libmp3lame"),
    ("ogg", "libopus"),
    ("webm", "libopus"),
    ("mp4", "aac"),
    ("adts", "aac"),
    ("aiff", "pcm_s16be"),
]


@pytest.mark.parametrize(("container_format", "codec"), CONTAINERS)
@pytest.mark.parametrize("size", [97, 4096, 10**9])
def test_a_container_in_any_split_decodes_to_what_the_whole_file_decodes_to(
    container_format: str, codec: str, size: int, speech: MakeSpeech, write_container: WriteContainer
) -> None:
    data = write_container(speech(5, 3.0, 48_000 if codec == "libopus" else 16_000), container_format, codec)
    whole = decode(data, "whole")
    decoder = fed(StreamDecoder(None, keep_audio_s=None), data, size)
    decoder.finish()
    assert not decoder.undecodable
    assert decoder.container == whole.container
    assert (decoder.sample_rate, decoder.channels) == (whole.sample_rate, 1)
    assert decoder.audio_s == pytest.approx(whole.duration_audio_s)
    assert np.array_equal(decoder.samples_since(0), whole.samples)


@pytest.mark.parametrize(("container_format", "codec"), [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("flac", "flac")])
def test_a_container_byte_by_byte_decodes_too(
    container_format: str, codec: str, speech: MakeSpeech, write_container: WriteContainer
) -> None:
    data = write_container(speech(6, 1.0), container_format, codec)
    decoder = fed(StreamDecoder(None), data, 1)
    decoder.finish()
    assert np.array_equal(decoder.samples_since(0), decode(data, "whole").samples)


@pytest.mark.parametrize(
    ("container_format", "codec"), [("flac", "flac"), ("mp3", "libmp3lame"), ("webm", "libopus"), ("adts", "aac")]
)
def test_a_container_is_heard_while_it_is_still_coming(
    container_format: str, codec: str, speech: MakeSpeech, write_container: WriteContainer
) -> None:
    audio = speech(7, 20.0, 48_000)
    data = write_container(audio, container_format, codec, 64_000)
    decoder = StreamDecoder(None)
    for start in range(0, len(data), 1000):
        decoder.feed(data[start : start + 1000])
        arrived_audio_s = 20.0 * min(1.0, (start + 1000) / len(data))
        assert decoder.audio_s > 0.9 * arrived_audio_s - 0.6
    assert decoder.first_frame >= 48_000 * 9  # of 20 s, at most some 10 are kept
    newest = decoder.samples_since(decoder.first_frame)
    assert len(newest) == round(decoder.audio_s * 48_000) - decoder.first_frame


@pytest.mark.parametrize(("container_format", "codec"), CONTAINERS)
def test_rubbish_after_a_container_raises_nothing(
    container_format: str, codec: str, speech: MakeSpeech, write_container: WriteContainer
) -> None:
    audio = speech(8, 2.0, 48_000 if codec == "libopus" else 16_000)
    data = write_container(audio, container_format, codec)
    rubbish = np.random.default_rng(0).bytes(5_000)
    decoder = fed(StreamDecoder(None), data + rubbish, 1000)
    decoder.finish()
    assert decoder.audio_s > 1.9
    assert not decoder.undecodable


@pytest.mark.parametrize("size", [1, 5, 640])
@pytest.mark.parametrize(
    "data",
    [
        bytes(640),
        b"plain text is no audio",
        b"RIFF\x24\0\0\0AVI LIST" + bytes(40),
        b"RIFF\x24\0\0\0WAVEdata\x04\0\0\0\0\0\0\0",
    ],
)
def test_bytes_of_no_known_kind_are_undecodable(data: bytes, size: int) -> None:
    decoder = fed(StreamDecoder(None), data, size)
    assert decoder.undecodable
    decoder.feed(bytes(10_000))
    decoder.finish()
    assert (decoder.audio_s, decoder.channels, decoder.sample_rate) == (0.0, 0, 0)
    assert decoder.samples_since(0).shape == (0, 1)


def test_too_few_bytes_are_undecodable_only_at_the_end() -> None:
    decoder = fed(StreamDecoder(None), b"RIFF", 4)
    before = decoder.undecodable
    decoder.finish()
    assert (before, decoder.undecodable) == (False, True)


@pytest.mark.parametrize("magic", [b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"ID3\x04"])
def test_a_signature_that_keeps_no_promise_is_undecodable_at_the_end(magic: bytes) -> None:
    decoder = fed(StreamDecoder(None), magic + bytes(5_000), 500)
    assert decoder.container is not None
    before = decoder.undecodable
    decoder.finish()
    assert (before, decoder.undecodable) == (False, True)
    assert decoder.audio_s == 0.0


def test_a_wav_header_without_end_is_given_up() -> None:
    endless = b"RIFF\xff\xff\xff\xffWAVEjunk\xff\xff\xff\x7f" + bytes(MAX_WAV_HEADER_BYTES)
    assert fed(StreamDecoder(None), endless, 65_536).undecodable


def test_a_header_cut_off_by_the_end_has_no_audio() -> None:
    decoder = fed(StreamDecoder(None), wav_bytes(bytes(100), AudioFormat())[:30], 7)
    decoder.finish()
    assert (decoder.container, decoder.audio_s) == ("wav", 0.0)
    assert decoder.undecodable

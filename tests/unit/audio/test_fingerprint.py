from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from harness.audio.decode import Audio, decode, decode_raw, encode, wav_bytes
from harness.audio.fingerprint import (
    LEAD_AUDIO_S,
    RATE,
    Ear,
    Fingerprint,
    emphasise,
    fingerprint,
    onset,
    pcm_sha256,
)
from harness.audio.format import AudioFormat, Encoding
from harness.audio.pcm import BLOCK, Samples
from harness.errors import BadInput

MakeSpeech = Callable[..., Audio]
WriteContainer = Callable[..., bytes]


def peak_of(work: Callable[[], object]) -> int:
    """The most bytes that something holds at a time, beyond what there was."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_long_audio_is_hashed_and_listened_to_in_a_fraction_of_its_memory() -> None:
    samples = np.zeros((12 * BLOCK + 7, 2), np.float32)
    samples[5 * BLOCK :] = 0.25
    audio = Audio(samples, 48_000)
    assert peak_of(lambda: pcm_sha256(audio)) < samples.nbytes // 2
    assert peak_of(lambda: fingerprint(audio, None)) < samples.nbytes // 2
    in_one_piece = hashlib.sha256(b"48000 2 " + (samples * 32768).astype("<i2").tobytes())
    assert pcm_sha256(audio) == in_one_piece.hexdigest()


def test_the_hash_is_of_the_samples_and_not_of_what_is_around_them(
    speech: MakeSpeech, write_container: WriteContainer
) -> None:
    audio = speech(1)
    wav = wav_bytes(audio.samples, AudioFormat())
    rewritten = wav[:36] + b"LIST\x04\0\0\0INFO" + wav[36:]
    expected = pcm_sha256(audio)
    assert len(expected) == 64
    assert pcm_sha256(decode(wav, "a")) == expected
    assert pcm_sha256(decode(rewritten, "b")) == expected
    assert pcm_sha256(decode(write_container(audio, "flac", "flac"), "c")) == expected
    assert pcm_sha256(decode_raw(encode(audio, AudioFormat()), AudioFormat())) == expected


def test_the_hash_tells_samples_rates_and_channels_apart(speech: MakeSpeech) -> None:
    audio = speech(1)
    louder = audio.samples.copy()
    louder[1000] += np.float32(1 / 32768)
    others = [
        Audio(audio.samples, 8_000),
        Audio(audio.samples.reshape(-1, 2), 16_000),
        Audio(louder, 16_000),
        Audio(audio.samples[:-1], 16_000),
    ]
    assert len({pcm_sha256(each) for each in [audio, *others]}) == 5


def test_a_fingerprint_begins_at_the_onset_and_keeps_the_lead(speech: MakeSpeech) -> None:
    audio = speech(2, 20.0, RATE)
    silence = np.zeros((3 * RATE, 1), np.float32)
    print_ = fingerprint(Audio(np.concatenate([silence, audio.samples]), RATE))
    first = onset(audio.samples[:, 0])
    assert print_.onset == 3 * RATE + first
    assert len(print_.samples) == LEAD_AUDIO_S * RATE
    assert print_.samples[:100].tolist() == np.rint(audio.samples[first : first + 100, 0] * 32768).tolist()


def test_a_whole_recording_can_be_kept(speech: MakeSpeech) -> None:
    print_ = fingerprint(speech(2, 20.0), None)
    assert print_.onset + len(print_.samples) == pytest.approx(20.0 * RATE, abs=2)


def test_silence_has_an_empty_fingerprint() -> None:
    print_ = fingerprint(Audio(np.zeros((16_000, 1), np.float32), 16_000))
    assert (len(print_.samples), print_.onset, print_.speech_level) == (0, RATE, 0.0)


def test_too_short_a_lead_is_refused(speech: MakeSpeech) -> None:
    with pytest.raises(BadInput, match="lead_s is 2; wanted 6 seconds or more"):
        fingerprint(speech(2), 2.0)


def test_a_fingerprint_returns_from_its_bytes(speech: MakeSpeech) -> None:
    print_ = fingerprint(speech(3))
    copy = Fingerprint.from_bytes(print_.to_bytes())
    assert copy.onset == print_.onset
    assert np.array_equal(copy.samples, print_.samples)
    assert len(print_.to_bytes()) < 2 * RATE * LEAD_AUDIO_S + 16


@pytest.mark.parametrize("data", [b"", b"DGFP", b"DGFP\x02\0\0\0\0", b"DGFP\x01\0\0\0\0\1", b"rubbish" * 9])
def test_bytes_that_are_no_fingerprint_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match=f"a fingerprint of {len(data)} bytes is damaged"):
        Fingerprint.from_bytes(data)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100])
def test_the_ear_hears_the_same_in_any_pieces(sample_rate: int, speech: MakeSpeech) -> None:
    samples = speech(4, 2.0, sample_rate, 2).samples

    def heard(size: int) -> Samples:
        ear = Ear()
        pieces = [ear.hear(samples[at : at + size], sample_rate) for at in range(0, len(samples), size)]
        return np.concatenate([*pieces, ear.finish()])

    whole = heard(len(samples))
    assert len(whole) == 2 * RATE
    for size in (13, 317, 5_000):
        assert np.allclose(heard(size), whole, atol=1e-6)


def test_the_ear_is_not_deafened_by_what_is_no_number() -> None:
    loud = np.array([np.nan, np.inf, -np.inf, 7e22, 0.5], np.float32)
    assert Ear().hear(loud, RATE).tolist() == [0.0, 1.0, -1.0, 1.0, 0.5]


def test_a_rate_that_changes_midway_is_refused() -> None:
    ear = Ear()
    ear.hear(np.zeros(10, np.float32), 16_000)
    with pytest.raises(BadInput, match="the sample rate changed from 16000 to 8000 Hz"):
        ear.hear(np.zeros(10, np.float32), 8_000)


def test_emphasis_takes_out_an_offset_and_can_be_done_in_pieces() -> None:
    samples = np.array([0.5, 0.5, 0.5, 1.0], np.float32)
    assert emphasise(samples).tolist() == pytest.approx([0.5, 0.05, 0.05, 0.55])
    assert emphasise(samples[2:], 0.5).tolist() == pytest.approx([0.05, 0.55])
    assert len(emphasise(samples[:0])) == 0


def test_mulaw_costs_little_level(speech: MakeSpeech) -> None:
    fmt = AudioFormat(Encoding.MULAW, 8_000)
    audio = speech(5)
    level = fingerprint(audio).speech_level
    assert fingerprint(decode_raw(encode(audio, fmt), fmt)).speech_level == pytest.approx(level, rel=0.02)

"""A piece of a recording is found where it lies, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr

from harness.audio.decode import Audio, read_audio
from harness.audio.fingerprint import fingerprint
from harness.audio.locate import locate
from harness.audio.pcm import Samples

MakeSpeech = Callable[..., Audio]
CLIPS = Path(__file__).resolve().parents[3] / "fixtures" / "audio"


def piece(audio: Audio, start_audio_s: float, duration_audio_s: float = 1.0) -> Samples:
    begin = round(start_audio_s * audio.sample_rate)
    return audio.samples[begin : begin + round(duration_audio_s * audio.sample_rate)]


@pytest.mark.parametrize("start_audio_s", [0.0, 3.3337, 7.0, 18.9])
@pytest.mark.parametrize("expected_audio_s", [0.0, 10.0, 25.0])
def test_a_piece_is_found_wherever_it_was_expected(
    speech: MakeSpeech, start_audio_s: float, expected_audio_s: float
) -> None:
    audio = speech(3, 20.0)
    found = locate(piece(audio, start_audio_s), audio.sample_rate, fingerprint(audio, None), expected_audio_s)
    assert found == pytest.approx(start_audio_s, abs=0.002)


def test_silence_before_the_speech_is_counted(speech: MakeSpeech) -> None:
    loud = speech(3, 8.0)
    quiet = np.zeros((round(2.5 * loud.sample_rate), 1), np.float32)
    audio = Audio(np.concatenate([quiet, loud.samples]), loud.sample_rate)
    found = locate(piece(audio, 6.25), audio.sample_rate, fingerprint(audio, None), 0.0)
    assert found == pytest.approx(6.25, abs=0.002)


def test_the_piece_may_travel_at_another_rate_and_level(speech: MakeSpeech) -> None:
    audio = speech(4, 12.0)
    slower = soxr.resample(piece(audio, 5.0) * np.float32(0.3), audio.sample_rate, 8000)
    assert locate(slower, 8000, fingerprint(audio, None), 4.0) == pytest.approx(5.0, abs=0.002)


def test_what_is_not_in_the_recording_is_nowhere(speech: MakeSpeech) -> None:
    recording = fingerprint(speech(3, 12.0), None)
    assert locate(piece(speech(9, 12.0), 4.0), 16_000, recording, 4.0) is None


def test_silence_is_nowhere(speech: MakeSpeech) -> None:
    recording = fingerprint(speech(3, 12.0), None)
    assert locate(np.zeros((16_000, 1), np.float32), 16_000, recording, 4.0) is None
    assert locate(np.zeros((0, 1), np.float32), 16_000, recording, 4.0) is None


def test_no_farther_away_than_was_asked(speech: MakeSpeech) -> None:
    audio = speech(3, 20.0)
    recording = fingerprint(audio, None)
    far, near = (locate(piece(audio, 15.0), 16_000, recording, expected, around_s=5.0) for expected in (2.0, 12.0))
    assert far is None
    assert near == pytest.approx(15.0, abs=0.002)


def test_a_piece_longer_than_the_recording_is_nowhere(speech: MakeSpeech) -> None:
    audio = speech(3, 4.0)
    short = Audio(audio.samples[:16_000], audio.sample_rate)
    assert locate(audio.samples, audio.sample_rate, fingerprint(short, None), 0.0) is None


@pytest.mark.parametrize("name", ["booking.wav", "story.flac", "voicemail.wav", "directions.wav"])
def test_pieces_of_a_clip_are_found_to_the_millisecond_or_not_at_all(name: str) -> None:
    audio = read_audio(CLIPS / name)
    recording = fingerprint(audio, None)
    found = 0
    for start_audio_s in np.arange(0.5, audio.duration_audio_s - 1.0, 1.7):
        at_audio_s = locate(
            piece(audio, float(start_audio_s)), audio.sample_rate, recording, audio.duration_audio_s / 2
        )
        if at_audio_s is not None:
            found += 1
            assert at_audio_s == pytest.approx(start_audio_s, abs=0.002)
    assert found >= 3


def test_another_clip_is_not_taken_for_it() -> None:
    story, booking = read_audio(CLIPS / "story.flac"), read_audio(CLIPS / "booking.wav")
    recording = fingerprint(story, None)
    for start_audio_s in np.arange(0.5, booking.duration_audio_s - 1.0, 1.7):
        assert locate(piece(booking, float(start_audio_s)), booking.sample_rate, recording, 5.0) is None

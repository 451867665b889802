from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.audio.decode import Audio, decode, decode_raw, encode
from harness.audio.fingerprint import fingerprint
from harness.audio.follower import Follower
from harness.audio.format import AudioFormat, Encoding
from harness.audio.identity import LeadMatcher, Matched
from harness.audio.pcm import Samples

MakeSpeech = Callable[..., Audio]
WriteContainer = Callable[..., bytes]

RATE = 16_000


def silence(duration_audio_s: float) -> Samples:
    return np.zeros((round(duration_audio_s * RATE), 1), np.float32)


def followed(follower: Follower, samples: Samples, sample_rate: int = RATE, step: int = 320) -> float | None:
    for start in range(0, len(samples), step):
        follower.feed(samples[start : start + step], sample_rate)
    return follower.finish()


@pytest.fixture(scope="module")
def recording(speech: MakeSpeech) -> Audio:
    """Six seconds of speech between two half seconds of silence."""
    return Audio(np.concatenate([silence(0.5), speech(1, 6.0).samples, silence(0.5)]), RATE)


def follower_of(recording: Audio) -> Follower:
    return Follower(fingerprint(recording, None))


@pytest.mark.parametrize("step", [1_000, 320, 10**6])
@pytest.mark.parametrize("fmt", [AudioFormat(), AudioFormat(Encoding.MULAW, 8_000), AudioFormat(Encoding.ALAW, 48_000)])
def test_the_recording_itself_is_followed_to_its_end(fmt: AudioFormat, step: int, recording: Audio) -> None:
    heard = decode_raw(encode(recording, fmt), fmt)
    assert followed(follower_of(recording), heard.samples, fmt.sample_rate, step) is None


def test_a_lossy_form_is_followed_too(recording: Audio, write_container: WriteContainer) -> None:
    heard = decode(write_container(recording, "mp3", "libmp3lame", 48_000), "a")
    assert followed(follower_of(recording), heard.samples) is None


def test_silence_after_the_end_is_no_departure(recording: Audio) -> None:
    assert followed(follower_of(recording), np.concatenate([recording.samples, silence(5.0)])) is None


def test_an_early_end_is_no_departure(recording: Audio) -> None:
    assert followed(follower_of(recording), recording.samples[: 3 * RATE]) is None


def test_speech_after_the_end_is_a_departure_at_the_end(recording: Audio, speech: MakeSpeech) -> None:
    follower = follower_of(recording)
    departed = followed(follower, np.concatenate([recording.samples, speech(2, 3.0).samples]))
    assert departed == pytest.approx(7.0, abs=0.3)
    assert follower.departed_at_audio_s == departed


@pytest.mark.parametrize("cut_audio_s", [2.0, 3.3, 5.0])
def test_another_recording_in_its_place_is_a_departure_there(
    cut_audio_s: float, recording: Audio, speech: MakeSpeech
) -> None:
    cut = round(cut_audio_s * RATE)
    departed = followed(follower_of(recording), np.concatenate([recording.samples[:cut], speech(3, 4.0).samples]))
    assert departed == pytest.approx(cut_audio_s, abs=0.3)


def test_silence_in_place_of_speech_is_a_departure(recording: Audio) -> None:
    departed = followed(follower_of(recording), np.concatenate([recording.samples[: 3 * RATE], silence(4.0)]))
    assert departed == pytest.approx(3.0, abs=0.3)


def test_speech_in_place_of_silence_is_a_departure(speech: MakeSpeech) -> None:
    talk = speech(4, 3.0).samples
    recording = Audio(np.concatenate([talk, silence(3.0), talk]), RATE)
    departed = followed(follower_of(recording), np.concatenate([talk, speech(5, 3.0).samples, talk]))
    assert departed == pytest.approx(3.0, abs=0.3)


def test_a_lost_chunk_is_a_departure_where_it_was(recording: Audio) -> None:
    lossy = np.concatenate([recording.samples[: 4 * RATE], recording.samples[4 * RATE + 3_200 :]])
    assert followed(follower_of(recording), lossy) == pytest.approx(4.0, abs=0.3)


def test_a_departure_is_told_within_a_second_and_only_once(recording: Audio, speech: MakeSpeech) -> None:
    follower = follower_of(recording)
    stream = np.concatenate([recording.samples[: 3 * RATE], speech(3, 4.0).samples])
    told = [follower.feed(stream[at : at + 320], RATE) for at in range(0, len(stream), 320)]
    assert told[: 3 * 50] == [None] * 150
    assert told[4 * 50 + 25] is not None
    assert len(set(told)) == 2


def test_the_matcher_says_where_and_how_loud_to_follow(recording: Audio) -> None:
    stream = np.concatenate([silence(1.0), recording.samples * np.float32(0.25)])
    whole = fingerprint(recording, None)
    verdict = LeadMatcher({"it": whole}).feed(stream, RATE)
    assert isinstance(verdict, Matched)
    assert followed(Follower(whole, verdict.offset_audio_s, verdict.gain), stream) is None
    later = Follower(whole, verdict.offset_audio_s, verdict.gain, start_audio_s=3.0)
    assert followed(later, stream[3 * RATE :]) is None
    late = Follower(whole, verdict.offset_audio_s, verdict.gain, start_audio_s=3.0)
    spoilt = np.concatenate([stream[3 * RATE : 5 * RATE], stream[: 3 * RATE]])
    assert followed(late, spoilt) == pytest.approx(5.0, abs=0.3)


def test_a_recording_of_silence_is_left_by_speech_alone(speech: MakeSpeech) -> None:
    whole = fingerprint(Audio(silence(3.0), RATE), None)
    assert followed(Follower(whole), silence(5.0)) is None
    assert followed(Follower(whole), np.concatenate([silence(2.0), speech(1, 2.0).samples])) == pytest.approx(
        2.0, abs=0.4
    )


def test_nothing_fed_is_no_departure(recording: Audio) -> None:
    assert follower_of(recording).finish() is None

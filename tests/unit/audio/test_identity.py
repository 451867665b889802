from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import soxr

from harness.audio.decode import Audio, decode, decode_raw, encode, read_audio, wav_bytes
from harness.audio.format import AudioFormat, Encoding
from harness.audio.identity import (
    Fingerprint,
    LeadMatcher,
    Matched,
    Undecided,
    Unmatched,
    Verdict,
    fingerprint,
)
from harness.audio.pcm import Samples
from harness.audio.stream_decoder import StreamDecoder

MakeSpeech = Callable[..., Audio]
WriteContainer = Callable[..., bytes]
Prints = Mapping[str, Fingerprint]


@pytest.fixture(scope="module")
def prints(speech: MakeSpeech) -> Prints:
    """Twelve different recordings."""
    return {f"clip {seed}": fingerprint(speech(seed, 8.0)) for seed in range(12)}


def verdict_on(audio: Audio, candidates: Prints, chunk_audio_s: float = 0.02) -> tuple[Verdict, float]:
    """The verdict on a stream of `audio`, and after how many seconds it came."""
    matcher = LeadMatcher(candidates)
    step = round(chunk_audio_s * audio.sample_rate)
    for start in range(0, len(audio.samples), step):
        if not isinstance(matcher.feed(audio.samples[start : start + step], audio.sample_rate), Undecided):
            return matcher.verdict, (start + step) / audio.sample_rate
    return matcher.finish(), audio.duration_audio_s


def keys_of(verdict: Verdict) -> tuple[str, ...]:
    assert isinstance(verdict, Matched), verdict
    return verdict.keys


RAW_FORMS = [
    AudioFormat(encoding, sample_rate)
    for encoding in Encoding
    for sample_rate in (8_000, 16_000, 48_000)
    if sample_rate != 48_000 or encoding is Encoding.LINEAR16
] + [AudioFormat(sample_rate=22_050), AudioFormat(sample_rate=44_100, channels=2)]


@pytest.mark.parametrize("fmt", RAW_FORMS, ids=str)
def test_a_recording_is_known_in_every_raw_form_within_a_second_and_a_half(
    fmt: AudioFormat, prints: Prints, speech: MakeSpeech
) -> None:
    audio = decode_raw(encode(speech(3, 8.0), fmt), fmt)
    verdict, after_audio_s = verdict_on(audio, prints)
    assert isinstance(verdict, Matched)
    assert verdict.keys == ("clip 3",)
    assert verdict.similarity > 0.98
    assert verdict.offset_audio_s == pytest.approx(0.0, abs=2 / 8_000)
    assert verdict.gain == pytest.approx(1.0, abs=0.02)
    assert after_audio_s < 1.5


@pytest.mark.parametrize(
    ("container_format", "codec", "bit_rate"),
    [
        ("flac", "flac", None),
        ("mp3", "libmp3lame", 48_000),
        ("ogg", "libopus", 24_000),
        ("webm", "libopus", 32_000),
        ("adts", "aac", 48_000),
    ],
)
def test_a_recording_is_known_when_it_comes_in_a_container(
    container_format: str,
    codec: str,
    bit_rate: int | None,
    prints: Prints,
    speech: MakeSpeech,
    write_container: WriteContainer,
) -> None:
    sample_rate = 48_000 if codec == "libopus" else 16_000
    fmt = AudioFormat(sample_rate=sample_rate)
    audio = decode_raw(encode(speech(5, 8.0), fmt), fmt)
    heard = decode(write_container(audio, container_format, codec, bit_rate), "a")
    assert keys_of(verdict_on(heard, prints)[0]) == ("clip 5",)


@pytest.mark.parametrize("chunk_audio_s", [0.001, 0.1, 0.25, 60.0])
def test_the_verdict_does_not_depend_on_the_chunks(chunk_audio_s: float, prints: Prints, speech: MakeSpeech) -> None:
    expected, _ = verdict_on(speech(7, 8.0), prints)
    verdict, _ = verdict_on(speech(7, 8.0), prints, chunk_audio_s)
    assert isinstance(expected, Matched)
    assert isinstance(verdict, Matched)
    assert verdict.keys == expected.keys
    assert verdict.similarity == pytest.approx(expected.similarity, abs=1e-4)
    assert verdict.offset_audio_s == expected.offset_audio_s


def test_stereo_is_known_by_its_mono_and_mono_by_its_stereo(speech: MakeSpeech) -> None:
    stereo = speech(20, 6.0, 16_000, 2)
    mono = decode_raw(encode(stereo, AudioFormat()), AudioFormat())
    assert keys_of(verdict_on(mono, {"stereo": fingerprint(stereo)})[0]) == ("stereo",)
    assert keys_of(verdict_on(stereo, {"mono": fingerprint(mono)})[0]) == ("mono",)


def test_another_recording_is_never_taken_for_a_known_one(prints: Prints, speech: MakeSpeech) -> None:
    for seed in range(100, 120):
        verdict, _ = verdict_on(speech(seed, 5.0), prints)
        assert isinstance(verdict, Unmatched)
        assert len(verdict.nearest) == 5
        similarities = [similarity for _, similarity in verdict.nearest]
        assert similarities == sorted(similarities, reverse=True)
        assert similarities[0] < 0.4


@pytest.mark.parametrize("change", ["backwards", "slower"])
def test_a_distorted_recording_is_another_one(change: str, prints: Prints, speech: MakeSpeech) -> None:
    audio = speech(3, 8.0)
    samples: Samples = audio.samples[::-1].copy() if change == "backwards" else soxr.resample(audio.samples, 16, 17)
    assert isinstance(verdict_on(Audio(samples, 16_000), prints)[0], Unmatched)


def test_silence_in_front_is_passed_over_and_told(prints: Prints, speech: MakeSpeech) -> None:
    silence = np.zeros((20_000, 1), np.float32)
    audio = Audio(np.concatenate([silence, speech(2, 8.0).samples]), 16_000)
    verdict, _ = verdict_on(audio, prints)
    assert isinstance(verdict, Matched)
    assert verdict.keys == ("clip 2",)
    assert verdict.offset_audio_s == pytest.approx(1.25, abs=1 / 8_000)


def test_a_recording_without_its_first_third_of_a_second_is_still_known(prints: Prints, speech: MakeSpeech) -> None:
    verdict, _ = verdict_on(Audio(speech(2, 8.0).samples[4_800:], 16_000), prints)
    assert isinstance(verdict, Matched)
    assert verdict.keys == ("clip 2",)
    assert verdict.offset_audio_s == pytest.approx(-0.3, abs=1 / 8_000)


@pytest.mark.parametrize("fmt", [AudioFormat(), AudioFormat(Encoding.MULAW, 8_000), AudioFormat(Encoding.LINEAR32)])
def test_a_header_sent_as_samples_does_not_hide_the_recording(
    fmt: AudioFormat, prints: Prints, speech: MakeSpeech
) -> None:
    decoder = StreamDecoder(fmt)
    decoder.feed(wav_bytes(encode(speech(9, 8.0), fmt), fmt))
    assert decoder.header_in_raw
    matcher = LeadMatcher(prints)
    assert keys_of(matcher.feed(decoder.samples_since(0), fmt.sample_rate)) == ("clip 9",)


def test_level_does_not_matter_and_is_told(prints: Prints, speech: MakeSpeech) -> None:
    verdict, _ = verdict_on(Audio(speech(4, 8.0).samples / np.float32(4), 16_000), prints)
    assert isinstance(verdict, Matched)
    assert verdict.keys == ("clip 4",)
    assert verdict.gain == pytest.approx(0.25, abs=0.01)


def test_copies_of_one_recording_are_all_named_at_once(prints: Prints, speech: MakeSpeech) -> None:
    telephone = AudioFormat(Encoding.MULAW, 8_000)
    copy = fingerprint(decode_raw(encode(speech(6, 8.0), telephone), telephone))
    verdict, after_audio_s = verdict_on(speech(6, 8.0), {**prints, "telephone": copy})
    assert keys_of(verdict) == ("clip 6", "telephone")
    assert after_audio_s < 1.5


def test_recordings_that_begin_alike_stay_undecided_until_they_differ(speech: MakeSpeech) -> None:
    common, one, other = speech(30, 2.0).samples, speech(31, 4.0).samples, speech(32, 4.0).samples
    clips = {name: Audio(np.concatenate([common, rest]), 16_000) for name, rest in (("one", one), ("other", other))}
    candidates = {name: fingerprint(clip) for name, clip in clips.items()}
    for name, clip in clips.items():
        verdict, after_audio_s = verdict_on(clip, candidates)
        assert keys_of(verdict) == (name,)
        assert 2.0 < after_audio_s < 3.0


def test_a_recording_that_goes_on_where_another_ends_is_told_from_it(speech: MakeSpeech) -> None:
    long = speech(33, 6.0)
    short = Audio(long.samples[:24_000], 16_000)
    candidates = {"long": fingerprint(long), "short": fingerprint(short)}
    assert keys_of(verdict_on(long, candidates)[0]) == ("long",)
    then_silence = Audio(np.concatenate([short.samples, np.zeros((64_000, 1), np.float32)]), 16_000)
    assert keys_of(verdict_on(then_silence, candidates)[0]) == ("short",)


def test_recordings_alike_up_to_the_limit_tie(speech: MakeSpeech) -> None:
    common, one, other = speech(30, 5.0).samples, speech(31, 2.0).samples, speech(32, 2.0).samples
    clips = {name: Audio(np.concatenate([common, rest]), 16_000) for name, rest in (("one", one), ("other", other))}
    candidates = {name: fingerprint(clip) for name, clip in clips.items()}
    matcher = LeadMatcher(candidates, limit_speech_s=1.5)
    verdict = matcher.feed(clips["one"].samples, 16_000)
    assert set(keys_of(verdict)) == {"one", "other"}


def test_a_stream_shorter_than_half_a_second_is_judged_at_its_end(prints: Prints, speech: MakeSpeech) -> None:
    whole = speech(8, 8.0).samples
    start = int(np.argmax(np.abs(whole[:, 0]) > 0.05))
    matcher = LeadMatcher(prints)
    assert isinstance(matcher.feed(whole[: start + 8_000], 16_000), Undecided)
    assert keys_of(matcher.finish()) == ("clip 8",)


def test_silence_is_no_recording(prints: Prints) -> None:
    silence = Audio(np.zeros((160_000, 1), np.float32), 16_000)
    matcher = LeadMatcher({**prints, "silence": fingerprint(silence)})
    assert isinstance(matcher.feed(silence.samples, 16_000), Undecided)
    assert isinstance(matcher.finish(), Unmatched)


def test_without_recordings_or_audio_nothing_matches(speech: MakeSpeech) -> None:
    assert LeadMatcher({}).finish() == Unmatched(())
    assert verdict_on(speech(1), {})[0] == Unmatched(())


def test_a_verdict_is_final(prints: Prints, speech: MakeSpeech) -> None:
    matcher = LeadMatcher(prints)
    first = matcher.feed(speech(1, 8.0).samples, 16_000)
    assert matcher.feed(speech(2, 8.0).samples, 16_000) is first
    assert matcher.finish() is first


@pytest.fixture(scope="module")
def clips(shared: Path) -> Mapping[str, Audio]:
    """Real speech: a few speakers, several clips of each."""
    folder = shared / "recordings"
    paths = [*folder.glob("librispeech-test-clean/audio/*"), *folder.glob("open-audio/**/*.wav")]
    return {path.stem: read_audio(path) for path in sorted(paths)}


def test_every_third_real_clip_is_known_and_no_other_taken_for_it(clips: Mapping[str, Audio]) -> None:
    forms = cycle([AudioFormat(), AudioFormat(Encoding.MULAW, 8_000), AudioFormat(Encoding.ALAW, 16_000)])
    candidates = {name: fingerprint(clip) for name, clip in clips.items()}
    for (name, clip), fmt in zip(list(clips.items())[::3], forms, strict=False):
        heard = decode_raw(encode(clip, fmt), fmt)
        assert keys_of(verdict_on(heard, candidates, 0.1)[0]) == (name,)
        others = {key: print_ for key, print_ in candidates.items() if key != name}
        assert isinstance(verdict_on(heard, others, 0.1)[0], Unmatched)

"""Laws of the audio room that hold for any input."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.audio.chunking import Chunker, chunk_size, split
from harness.audio.decode import decode, wav_bytes
from harness.audio.fingerprint import Fingerprint
from harness.audio.format import AudioFormat, Encoding
from harness.audio.pacing import Schedule, SendLog, Speed, percentile
from harness.audio.pcm import from_float, to_float
from harness.audio.regrowth import RegrowingContainer
from harness.audio.sniff import SIGNATURE_BYTES, sniff_container, sniff_signature
from harness.audio.stream_decoder import StreamDecoder
from harness.audio.wav import SampleType, WavParser
from harness.errors import BadInput

FORMATS = st.builds(
    AudioFormat,
    st.sampled_from(Encoding),
    st.sampled_from([8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000]),
    st.integers(1, 8),
)
PIECES = st.lists(st.binary(max_size=50), max_size=30)
FINITE = st.floats(-1e4, 1e4)


@given(FORMATS, st.floats(20, 250))
def test_a_chunk_is_whole_frames_and_never_longer_than_asked(fmt: AudioFormat, chunk_ms: float) -> None:
    size = chunk_size(fmt, chunk_ms)
    assert size > 0
    assert size % fmt.frame_bytes == 0
    assert fmt.seconds(size) <= chunk_ms / 1000 + 1e-9
    assert fmt.seconds(size + fmt.frame_bytes) > chunk_ms / 1000


@given(FORMATS, st.integers(0, 10**7))
def test_bytes_to_seconds_to_bytes_is_exact_for_whole_frames(fmt: AudioFormat, frames: int) -> None:
    n_bytes = frames * fmt.frame_bytes
    assert fmt.aligned_bytes(fmt.seconds(n_bytes)) == n_bytes


@given(st.binary(max_size=500), st.integers(1, 60))
def test_split_loses_nothing_and_gives_no_empty_chunk(data: bytes, size: int) -> None:
    chunks = list(split(data, size))
    assert b"".join(chunks) == data
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert all(0 < len(chunk) <= size for chunk in chunks)


@given(PIECES, st.integers(1, 60))
def test_the_chunker_gives_what_split_gives_of_the_whole(pieces: list[bytes], size: int) -> None:
    chunker = Chunker(size)
    chunks = [chunk for piece in pieces for chunk in chunker.feed(piece)]
    rest = chunker.flush()
    assert [*chunks, *([rest] if rest else [])] == list(split(b"".join(pieces), size))


@given(st.floats(0.1, 100), FINITE, st.lists(st.floats(0, 1e4), min_size=2))
def test_deadlines_never_run_backwards(factor: float, start_wall_s: float, audio_s: list[float]) -> None:
    schedule = Schedule(Speed(factor), start_wall_s)
    due = [schedule.due_wall_s(position) for position in sorted(audio_s)]
    assert all(later >= earlier for earlier, later in pairwise(due))
    assert schedule.due_wall_s(0.0) == start_wall_s


@given(st.floats(0.1, 100), st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1_000)), max_size=10))
def test_resuming_postpones_or_does_nothing(factor: float, pauses: list[tuple[float, float]]) -> None:
    schedule = Schedule(Speed(factor), 0.0)
    for audio_s, now_wall_s in sorted(pauses):
        before = schedule.due_wall_s(audio_s)
        schedule.resume(audio_s, now_wall_s)
        assert schedule.due_wall_s(audio_s) == max(before, now_wall_s)


@given(st.lists(FINITE, min_size=1), st.floats(0, 100))
def test_a_percentile_is_a_value_that_enough_do_not_exceed(values: list[float], percent: float) -> None:
    result = percentile(values, percent)
    assert result in values
    assert sum(value <= result for value in values) >= percent / 100 * len(values) - 1e-9


@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 10_000)), min_size=1, max_size=60))
def test_the_largest_burst_is_that_of_the_worst_window(sends: list[tuple[float, int]]) -> None:
    log = SendLog(32_000)
    sent = sorted(sends)
    for sent_wall_s, n_bytes in sent:
        log.record(sent_wall_s, sent_wall_s, n_bytes)
    stats = log.stats()
    windows = [
        [n_bytes for wall_s, n_bytes in sent[first:] if wall_s - sent[first][0] < 0.1] for first in range(len(sent))
    ]
    assert stats.largest_burst_audio_s == pytest.approx(max(sum(window[1:]) for window in windows) / 32_000, abs=1e-9)
    assert stats.audio_s == pytest.approx(math.fsum(n_bytes for _, n_bytes in sends) / 32_000)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_twelve_bytes_decide_about_a_signature(head: bytes, more: bytes) -> None:
    assert sniff_signature((head + more)[:SIGNATURE_BYTES]) == sniff_signature(head + more)
    if sniff_signature(head) is not None:
        assert sniff_container(head + more) == sniff_signature(head)


@given(st.sampled_from(Encoding), st.binary(max_size=400))
def test_every_code_survives_decoding_and_encoding(encoding: Encoding, data: bytes) -> None:
    fmt = AudioFormat(encoding)
    sample_type = {"linear16": SampleType.S16, "linear32": SampleType.F32}.get(encoding) or SampleType(encoding.value)
    raw = data[: len(data) // fmt.frame_bytes * fmt.frame_bytes]
    samples = to_float(raw, sample_type, 1)
    again = to_float(from_float(samples, fmt), sample_type, 1)
    assert np.array_equal(again, samples, equal_nan=True)


@given(FORMATS, PIECES)
def test_raw_audio_counts_alike_in_every_split(fmt: AudioFormat, pieces: list[bytes]) -> None:
    decoder, whole = StreamDecoder(fmt), StreamDecoder(fmt)
    for piece in pieces:
        decoder.feed(piece)
    data = b"".join(pieces)
    whole.feed(data)
    assert decoder.audio_s == whole.audio_s == fmt.seconds(len(data))
    assert decoder.header_in_raw == whole.header_in_raw
    assert np.array_equal(decoder.samples_since(0), whole.samples_since(0), equal_nan=True)


def cuts_of(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in at), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


@given(FORMATS, st.binary(min_size=64, max_size=400), st.lists(st.integers(0, 10_000), max_size=12), st.binary())
def test_a_wav_gives_its_audio_in_every_split_and_with_rubbish_after_it(
    fmt: AudioFormat, data: bytes, at: list[int], rubbish: bytes
) -> None:
    pcm = data[: len(data) // fmt.frame_bytes * fmt.frame_bytes]
    decoder = StreamDecoder(None)
    for piece in cuts_of(wav_bytes(pcm, fmt) + rubbish, at):
        decoder.feed(piece)
    decoder.finish()
    raw = StreamDecoder(fmt)
    raw.feed(pcm)
    assert (decoder.container, decoder.sample_rate, decoder.channels) == ("wav", fmt.sample_rate, fmt.channels)
    assert decoder.audio_s == raw.audio_s
    assert np.array_equal(decoder.samples_since(0), raw.samples_since(0), equal_nan=True)


@given(st.binary(max_size=200), st.lists(st.integers(0, 10_000), max_size=8))
def test_the_wav_parser_takes_any_bytes_and_every_split_gives_the_same(data: bytes, at: list[int]) -> None:
    data = b"RIFF\0\0\0\0WAVE" + data
    whole, pieces = WavParser(), WavParser()
    expected = whole.feed(data)
    assert b"".join(pieces.feed(piece) for piece in cuts_of(data, at)) == expected
    assert (pieces.format, pieces.broken, pieces.in_data) == (whole.format, whole.broken, whole.in_data)


MAGICS = [b"", b"RIFF\0\0\0\0WAVE", b"OggS", b"\x1aE\xdf\xa3", b"fLaC", b"ID3\x04", b"\0\0\0\x1cftypisom", b"\xff\xf1"]


@given(st.sampled_from(MAGICS), st.binary(max_size=300), st.integers(1, 64))
def test_rubbish_never_raises_anything_but_bad_input(magic: bytes, rubbish: bytes, size: int) -> None:
    decoder = StreamDecoder(None)
    for piece in split(magic + rubbish, size):
        decoder.feed(piece)
    decoder.finish()
    assert decoder.audio_s >= 0.0
    try:
        audio = decode(magic + rubbish, "rubbish")
    except BadInput as error:
        assert str(error).startswith("rubbish: ")  # noqa: PT017 - audio by chance is right as well
    else:
        assert len(audio.samples)


@given(st.binary(max_size=3_000))
def test_a_container_of_rubbish_stays_silent(rubbish: bytes) -> None:
    container = RegrowingContainer(None)
    container.feed(b"OggS" + rubbish)
    container.finish()
    assert container.undecodable == (container.audio_s == 0.0)


@given(st.lists(st.integers(-32768, 32767), max_size=200), st.integers(0, 2**32 - 1))
def test_a_fingerprint_survives_its_bytes(samples: list[int], onset: int) -> None:
    print_ = Fingerprint(np.array(samples, np.int16), onset)
    copy = Fingerprint.from_bytes(print_.to_bytes())
    assert copy.onset == onset
    assert copy.samples.tolist() == samples

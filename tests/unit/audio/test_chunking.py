from __future__ import annotations

import pytest

from harness.audio.chunking import Chunker, chunk_advice, chunk_size, split
from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput


@pytest.mark.parametrize(
    ("fmt", "chunk_ms", "n_bytes"),
    [
        (AudioFormat(), 20, 640),
        (AudioFormat(), 100, 3_200),
        (AudioFormat(), 250, 8_000),
        (AudioFormat(Encoding.MULAW, 8_000), 20, 160),
        (AudioFormat(sample_rate=44_100, channels=2), 20, 3_528),
        (AudioFormat(sample_rate=11_025), 20, 440),
    ],
)
def test_a_chunk_is_whole_frames(fmt: AudioFormat, chunk_ms: float, n_bytes: int) -> None:
    assert chunk_size(fmt, chunk_ms) == n_bytes


@pytest.mark.parametrize("chunk_ms", [0, 19.9, 250.1, -20, float("nan")])
def test_a_chunk_outside_the_range_is_refused(chunk_ms: float) -> None:
    with pytest.raises(BadInput, match=r"chunk_ms is .*; wanted 20 to 250"):
        chunk_size(AudioFormat(), chunk_ms)


@pytest.mark.parametrize("chunk_ms", [20, 30, 40])
def test_recommended_chunks_need_no_advice(chunk_ms: float) -> None:
    assert chunk_advice(chunk_ms) is None


@pytest.mark.parametrize(("chunk_ms", "reason"), [(100, "hold every word back by up to 100 ms"), (10, "cost a frame")])
def test_other_chunks_get_one_sentence(chunk_ms: float, reason: str) -> None:
    advice = chunk_advice(chunk_ms)
    assert advice is not None
    assert reason in advice
    assert "20 to 40 ms" in advice


def test_the_last_chunk_is_shorter() -> None:
    assert list(split(b"abcdefg", 3)) == [b"abc", b"def", b"g"]


def test_no_data_gives_no_chunk() -> None:
    assert list(split(b"", 3)) == []
    chunker = Chunker(3)
    assert chunker.feed(b"") == []
    assert chunker.flush() == b""


def test_the_chunker_keeps_what_is_not_yet_a_chunk() -> None:
    chunker = Chunker(4)
    assert chunker.feed(b"abc") == []
    assert chunker.feed(b"defghi") == [b"abcd", b"efgh"]
    assert chunker.flush() == b"i"
    assert chunker.flush() == b""


@pytest.mark.parametrize("size", [0, -1])
def test_a_chunk_of_nothing_is_refused(size: int) -> None:
    with pytest.raises(BadInput, match="the chunk size is"):
        split(b"abc", size)
    with pytest.raises(BadInput, match="the chunk size is"):
        Chunker(size)

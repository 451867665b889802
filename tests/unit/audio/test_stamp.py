"""Numbers inside the samples, found again wherever the stream was cut."""

from __future__ import annotations

import numpy as np
import pytest

from harness.audio.format import AudioFormat, Encoding
from harness.audio.stamp import Stamped, read_stamps, stamp
from harness.errors import BadInput

FMT = AudioFormat()
BLOCK = 320  # bytes of 10 ms


def noise(frames: int, channels: int = 1) -> bytes:
    return np.random.default_rng(5).integers(-32768, 32768, (frames, channels)).astype("<i2").tobytes()


def test_every_whole_block_is_numbered() -> None:
    assert read_stamps(stamp(noise(1600), FMT), FMT) == (Stamped(0, 10, 0),)
    assert read_stamps(stamp(noise(1600), FMT, 7), FMT) == (Stamped(7, 10, 0),)


def test_audio_without_stamps_has_none() -> None:
    assert read_stamps(noise(16_000), FMT) == ()
    assert read_stamps(bytes(32_000), FMT) == ()
    assert read_stamps(b"", FMT) == ()


def test_a_sample_changes_by_one_at_most_and_only_on_the_first_channel() -> None:
    fmt = AudioFormat(channels=2)
    before = noise(16_000, 2)
    difference = np.frombuffer(stamp(before, fmt), "<i2").astype(int) - np.frombuffer(before, "<i2")
    assert np.abs(difference[0::2]).max() == 1
    assert np.abs(difference[1::2]).max() == 0
    assert read_stamps(stamp(before, fmt), fmt) == (Stamped(0, 100, 0),)


def test_what_is_left_over_stays_as_it_was() -> None:
    before = noise(250) + b"\x01"
    after = stamp(before, FMT)
    assert (len(after), after[BLOCK:]) == (len(before), before[BLOCK:])


@pytest.mark.parametrize("cut_frames", [1, 7, 95, 96, 159, 160, 161])
def test_a_stream_that_begins_anywhere_is_read_from_its_first_whole_stamp(cut_frames: int) -> None:
    (run,) = read_stamps(stamp(noise(1600), FMT)[cut_frames * 2 :], FMT)
    skipped = -(-cut_frames // 160)
    assert run == Stamped(skipped, 10 - skipped, skipped * 160 - cut_frames)


def test_a_repeat_and_a_gap_are_runs_of_their_own() -> None:
    marked = stamp(noise(1600), FMT)
    joined = marked[: 5 * BLOCK] + marked[3 * BLOCK : 6 * BLOCK] + marked[8 * BLOCK :]
    assert read_stamps(joined, FMT) == (Stamped(0, 5, 0), Stamped(3, 3, 800), Stamped(8, 2, 1280))


def test_a_stamp_that_was_damaged_is_not_believed() -> None:
    marked = bytearray(stamp(noise(480), FMT))
    marked[BLOCK + 40 * 2] ^= 1  # a bit of the second block's number
    assert read_stamps(bytes(marked), FMT) == (Stamped(0, 1, 0), Stamped(2, 1, 320))


@pytest.mark.parametrize(
    "fmt",
    [
        AudioFormat(Encoding.MULAW, 16_000),
        AudioFormat(Encoding.LINEAR32, 16_000),
        AudioFormat(sample_rate=8000),
        AudioFormat(sample_rate=22_050),  # 10 ms are no whole number of frames: the numbers would drift off the clock
    ],
)
def test_a_format_that_cannot_carry_stamps_is_refused(fmt: AudioFormat) -> None:
    wanted = "cannot be stamped; wanted linear16 with at least 9600 Hz, a multiple of 100"
    with pytest.raises(BadInput, match=wanted):
        stamp(b"", fmt)
    with pytest.raises(BadInput, match=wanted):
        read_stamps(b"", fmt)

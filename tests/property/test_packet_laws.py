"""Bare AMR, G.729, Opus and Speex: whatever bytes come, and however they are cut."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.audio.packets import PacketFormat, PacketSource, packet_format

SELF_DELIMITING: Final = ("amr-nb", "amr-wb", "g729")
ONE_PACKET_A_FRAME: Final = ("opus", "speex")
FRAME_AUDIO_S: Final = {"amr-nb": 0.02, "amr-wb": 0.02, "g729": 0.01}
FRAME_BYTES: Final = {"amr-nb": (0x3C, 32), "amr-wb": (0x44, 61), "g729": (0x00, 10)}
"""A speech frame's first byte and its size: AMR at 12.2 kbit/s, AMR-WB at 23.85 kbit/s, G.729."""

payloads = st.lists(st.binary(max_size=200), max_size=8)


def declared(encoding: str, sample_rate: int | None = None, channels: int = 1) -> PacketFormat:
    found = packet_format(encoding, sample_rate, channels)
    assert found is not None
    return found


def heard(fmt: PacketFormat, pieces: list[bytes], keep_audio_s: float | None = None) -> PacketSource:
    source = PacketSource(fmt, keep_audio_s)
    for piece in pieces:
        source.feed(piece)
    source.finish()
    return source


@given(
    st.sampled_from([*SELF_DELIMITING, *ONE_PACKET_A_FRAME]),
    st.sampled_from([None, 8_000, 16_000, 48_000]),
    st.integers(1, 2),
    payloads,
)
def test_no_bytes_break_it_and_every_sample_is_counted(
    encoding: str, sample_rate: int | None, channels: int, pieces: list[bytes]
) -> None:
    source = heard(declared(encoding, sample_rate, channels), pieces)

    samples = source.samples_since(0)
    assert round(source.audio_s * source.sample_rate) == len(samples)
    assert source.undecodable == (len(samples) == 0)


@given(st.sampled_from(SELF_DELIMITING), st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_frames_that_tell_their_length_may_be_cut_anywhere(encoding: str, data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[begin:end] for begin, end in pairwise(edges)]

    whole, cut = heard(declared(encoding), [data]), heard(declared(encoding), pieces)

    np.testing.assert_array_equal(cut.samples_since(0), whole.samples_since(0))


@given(st.sampled_from(SELF_DELIMITING), st.integers(1, 20), st.integers(0, 9))
def test_whole_frames_count_and_a_rest_does_not(encoding: str, frames: int, rest: int) -> None:
    first, size = FRAME_BYTES[encoding]
    frame = bytes([first]) + bytes(size - 1)

    source = heard(declared(encoding), [frame * frames + frame[: min(rest, size - 1)]])

    assert abs(source.audio_s - frames * FRAME_AUDIO_S[encoding]) < 1e-9


@given(st.integers(20, 60), st.floats(0.02, 0.2))
def test_it_keeps_as_much_as_it_was_told_and_little_more(frames: int, keep_audio_s: float) -> None:
    first, size = FRAME_BYTES["amr-nb"]
    source = heard(declared("amr-nb"), [(bytes([first]) + bytes(size - 1)) * frames], keep_audio_s)

    kept_audio_s = len(source.samples_since(source.first_frame)) / source.sample_rate
    assert keep_audio_s - 1e-3 <= kept_audio_s <= keep_audio_s + FRAME_AUDIO_S["amr-nb"] + 1e-3

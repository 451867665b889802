from __future__ import annotations

import pytest

from harness.audio.sniff import SIGNATURE_BYTES, sniff_container, sniff_signature

HEADS = {
    "wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "ogg": b"OggS\0\x02\0\0\0\0\0\0\0\0",
    "webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81",
    "flac": b"fLaC\0\0\0\x22\x10\0\x10\0",
    "mp3": b"ID3\x04\0\0\0\0\0\x23TSSE",
    "mp4": b"\0\0\0\x1cftypisom\0\0\x02\0",
    "amr": b"#!AMR\n\x3c\0\0\0\0\0",
    "aiff": b"FORM\0\0\x10\0AIFFCOMM",
    "caf": b"caff\0\x01\0\0desc\0\0",
    "au": b".snd\0\0\0\x18\xff\xff\xff\xff",
}


@pytest.mark.parametrize("container", HEADS)
def test_a_signature_names_the_container(container: str) -> None:
    head = HEADS[container]
    assert sniff_signature(head) == sniff_container(head) == container
    assert sniff_container(head[:SIGNATURE_BYTES]) == container
    assert sniff_container(head + b"rubbish" * 500) == container


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"R",
        b"RIFF",
        b"RIFF\x24\0\0\0AVI LIST",
        b"\0" * 64,
        b"\xff" * 64,
        b'{"type":"KeepAlive"}',
        bytes(range(64)),
        b"\xff\xfb",
    ],
)
def test_anything_else_may_be_raw(head: bytes) -> None:
    assert sniff_container(head) is None


MP3_FRAME = b"\xff\xfb\x90\x64" + bytes(413)  # MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 417 bytes
MP3_LOW_FRAME = b"\xff\xf3\x48\xc4" + bytes(140)  # MPEG 2, layer III, 32 kbit/s, 16 kHz: 144 bytes
ADTS_FRAME = b"\xff\xf1\x60\x40\x19\x1f\xfc" + bytes(193)  # AAC-LC, 16 kHz, 200 bytes


@pytest.mark.parametrize(("frame", "container"), [(MP3_FRAME, "mp3"), (MP3_LOW_FRAME, "mp3"), (ADTS_FRAME, "aac")])
def test_a_frame_sync_counts_when_the_next_frame_follows_where_announced(frame: bytes, container: str) -> None:
    assert sniff_container(frame[:SIGNATURE_BYTES]) == container
    assert sniff_container(frame + frame) == container
    assert sniff_container(frame + bytes(100)) is None
    assert sniff_signature(frame + frame) is None


@pytest.mark.parametrize(
    "head",
    [
        b"\xff\xfb\x00\x64",  # free format
        b"\xff\xfb\xf0\x64",  # no such bit rate
        b"\xff\xfb\x9c\x64",  # no such sample rate
        b"\xff\xeb\x90\x64",  # no such version
        b"\xff\xfd\x90\x64",  # layer II
        b"\xff\xf1\x7c\x40\x19\x1f\xfc",  # ADTS with a reserved rate
        b"\xff\xf1\x60\x40\x00\x1f\xfc",  # ADTS frame of no bytes
    ],
)
def test_a_sync_with_an_impossible_header_is_none(head: bytes) -> None:
    assert sniff_container(head + bytes(20)) is None

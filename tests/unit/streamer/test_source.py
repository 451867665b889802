"""The window on the source."""

from __future__ import annotations

from harness.streamer.source import SourceBuffer


def test_a_source_that_can_wait_is_never_cut_short() -> None:
    buffer = SourceBuffer(2, 4, drop_oldest=False)
    room = []
    for data in (b"abc", b"defg"):
        buffer.append(data)
        room.append(buffer.has_room)
    assert room == [True, False]
    assert (buffer.start_byte, buffer.end_byte, buffer.read(0, 100)) == (0, 7, b"abcdefg")


def test_one_that_cannot_loses_its_oldest_whole_frames() -> None:
    buffer = SourceBuffer(2, 4, drop_oldest=True)
    buffer.append(b"abcdefg")
    assert (buffer.start_byte, buffer.read(4, 100)) == (4, b"efg")


def test_reading_reaches_as_far_as_there_is_audio() -> None:
    buffer = SourceBuffer(2, 100, drop_oldest=False)
    buffer.append(b"abcdef")
    assert (buffer.read(2, 2), buffer.read(4, 10), buffer.read(6, 10)) == (b"cd", b"ef", b"")


def test_what_is_released_makes_room_and_positions_stay() -> None:
    buffer = SourceBuffer(2, 4, drop_oldest=False)
    buffer.append(b"abcdef")
    buffer.release(4)
    assert buffer.has_room
    assert (buffer.start_byte, buffer.end_byte, buffer.read(4, 2)) == (4, 6, b"ef")
    buffer.release(2)
    assert buffer.start_byte == 4
    buffer.release(100)
    assert (buffer.start_byte, buffer.end_byte) == (6, 6)

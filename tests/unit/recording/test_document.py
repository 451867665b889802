"""Reading and writing lines: whole, cut short, or not ours."""

import json
from dataclasses import replace

import pytest

from harness.errors import BadInput
from harness.recording.document import MAX_LINE_BYTES, Recording, line, lines, parse
from harness.recording.entries import Binary, Close, Direction, End, Header, Lost, Opened, Refused, Side, Text

HEADER = Header(
    side=Side.SERVER, path="/v1/listen", query="", created="2026-11-19T22:41:07.318Z", tool="t", replies="script"
)


def raw_lines(recording: Recording) -> list[bytes]:
    return [each.encode() for each in lines(recording)]


def header_line(**changes: object) -> bytes:
    return json.dumps({**json.loads(line(HEADER)), **changes}).encode() + b"\n"


# --- whole ----------------------------------------------------------------------------------------------------------


def test_lines_are_read_as_they_were_written(recording: Recording) -> None:
    assert parse(raw_lines(recording), "calls/call.jsonl") == recording


def test_the_first_line_names_the_format_and_its_version(recording: Recording) -> None:
    assert raw_lines(recording)[0].startswith(b'{"entry":"header","format":"dgharness-recording","version":1,')


def test_every_line_is_one_line(recording: Recording) -> None:
    odd = Text(leg=0, direction=Direction.UPSTREAM, wall_s=0.0, audio_s=0.0, text='a\nb\r\u2028\u0085\x00"\\')
    written = line(odd)
    assert written.count("\n") == 1
    assert parse([header_line(), written.encode()], "x").entries == (odd,)


def test_the_text_of_a_frame_is_kept_byte_for_byte() -> None:
    text = '{ "type":"Results",  "start":2.0000002, "duration":1.10, "w":"\\u00e9 é" }'
    entry = Text(leg=0, direction=Direction.DOWNSTREAM, wall_s=0.5, audio_s=0.25, text=text)
    (read,) = parse([header_line(), line(entry).encode()], "x").of(Text)
    assert read.text == text


def test_unknown_fields_of_a_later_writer_are_passed_over() -> None:
    read = parse([header_line(novel=1), b'{"entry":"end","wall_s":1.0,"novel":[1]}\n'], "x")
    assert read.entries == (End(wall_s=1.0),)


def test_a_recording_may_have_no_entry(recording: Recording) -> None:
    empty = parse([header_line()], "x")
    assert (empty.entries, empty.partial, empty.audio, empty.legs, empty.request_id) == ((), True, None, (), None)


@pytest.mark.parametrize(
    ("name", "expected"), [("a/b/c.jsonl", "c"), ("c.jsonl", "c"), ("c", "c"), ("c.jsonl.jsonl", "c.jsonl")]
)
def test_a_recording_is_named_after_its_file(name: str, expected: str) -> None:
    assert parse([header_line()], name).name == expected


# --- cut short ------------------------------------------------------------------------------------------------------


def test_a_last_line_cut_at_any_byte_is_left_out_and_the_recording_is_partial(recording: Recording) -> None:
    *whole, last = raw_lines(recording)
    for cut in range(1, len(last) - 1):
        read = parse([*whole, last[:cut]], "x")
        assert read.entries == recording.entries[:-1]
        assert read.partial


def test_a_line_cut_within_a_character_is_left_out_too(recording: Recording) -> None:
    entry = Text(leg=0, direction=Direction.UPSTREAM, wall_s=0.0, audio_s=0.0, text="é漢")
    raw = line(entry).encode()
    for cut in range(1, len(raw) - 1):
        assert parse([header_line(), raw[:cut]], "x").entries == ()


def test_a_last_line_that_lacks_only_its_line_feed_is_whole(recording: Recording) -> None:
    *whole, last = raw_lines(recording)
    read = parse([*whole, last.rstrip(b"\n")], "x")
    assert (read.entries, read.partial) == (recording.entries, False)


def test_a_recording_without_end_is_partial(recording: Recording) -> None:
    assert not recording.partial
    assert replace(recording, entries=recording.entries[:-1]).partial
    assert replace(
        recording, entries=(*recording.entries[:-1], End(wall_s=1.0, partial=True, why="interrupted"))
    ).partial


def test_a_cut_line_in_the_middle_is_damage(recording: Recording) -> None:
    first, second, *rest = raw_lines(recording)
    for cut in range(1, len(second) - 1):
        with pytest.raises(BadInput, match=r"^calls/x\.jsonl, line 2: "):
            parse([first, second[:cut], *rest], "calls/x.jsonl")


@pytest.mark.parametrize(
    "rubbish", [b"rubbish\n", b"\n", b"{}\n", b'{"entry":"novel"}\n', b"[1]\n", b"\xff\xfe\n", b"null\n"]
)
def test_rubbish_with_its_line_feed_is_named_with_file_and_line(recording: Recording, rubbish: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        parse([*raw_lines(recording), rubbish], "calls/x.jsonl")
    assert str(caught.value).startswith("calls/x.jsonl, line 12: ")
    assert str(caught.value).endswith("; wanted an entry of a dgharness recording")


# --- not ours -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "complaint"),
    [
        (header_line(version=2), "recording version 2; this dgharness reads version 1"),
        (header_line(version=2, side={"novel": True}), "recording version 2; this dgharness reads version 1"),
        (header_line(format="someone-elses"), "not the header of a dgharness recording"),
        (b'{"entry":"end","wall_s":1.0}\n', "not the header of a dgharness recording"),
        (b'{"log":{"entries":[]}}\n', "not the header of a dgharness recording"),
        (b"RIFF\x00\x01\n", "JSON is malformed"),
        (b"\n", "Input data was truncated"),
        (b"[]\n", "Expected `object`, got `array`"),
        (header_line()[:40], "Input data was truncated"),
        (header_line(side="middle"), "Invalid enum value 'middle' - at `$.side`"),
        (header_line(path=7), "Expected `str`, got `int` - at `$.path`"),
        (header_line(version="1"), "Expected `int`, got `str` - at `$.version`"),
    ],
)
def test_a_file_of_another_kind_or_version_is_refused_on_its_first_line(first: bytes, complaint: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse([first], "x.jsonl")
    assert str(caught.value).startswith(f"x.jsonl, line 1: {complaint}")


def test_a_header_without_a_version_is_refused() -> None:
    with pytest.raises(BadInput, match="recording version 0; this dgharness reads version 1"):
        parse([header_line().replace(b'"version": 1, ', b"")], "x")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^x\.jsonl: the file is empty"):
        parse([], "x.jsonl")


def test_a_second_header_is_refused(recording: Recording) -> None:
    with pytest.raises(BadInput, match=r"^x, line 12: a second header"):
        parse([*raw_lines(recording), header_line()], "x")


@pytest.mark.parametrize(
    "entry",
    [
        b'{"entry":"binary","leg":0,"direction":"up","wall_s":0,"audio_s":0,"size":-1}\n',
        b'{"entry":"opened","leg":-1,"wall_s":0}\n',
        b'{"entry":"text","leg":0,"direction":"sideways","wall_s":0,"audio_s":0,"text":""}\n',
        b'{"entry":"text","leg":0,"direction":"up","wall_s":null,"audio_s":0,"text":""}\n',
        b'{"entry":"text","leg":0,"direction":"up","wall_s":NaN,"audio_s":0,"text":""}\n',
        b'{"entry":"text","leg":0,"direction":"up","wall_s":0,"audio_s":0}\n',
        b'{"entry":"end","wall_s":0,"why":"\xff"}\n',
        b'{"entry":"end","wall_s":0,"novel":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    ],
    ids=["negative-size", "negative-leg", "direction", "null", "nan", "missing", "not-utf-8", "deep"],
)
def test_an_entry_with_an_impossible_field_is_refused(entry: bytes) -> None:
    with pytest.raises(BadInput, match=r"^x, line 2: "):
        parse([header_line(), entry], "x")


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_a_line_that_is_too_long_is_refused_and_never_taken_for_a_cut(ending: bytes) -> None:
    text = line(Text(leg=0, direction=Direction.UPSTREAM, wall_s=0.0, audio_s=0.0, text="x" * MAX_LINE_BYTES))
    with pytest.raises(BadInput, match=f"^x, line 2: longer than the {MAX_LINE_BYTES} bytes that a line may have$"):
        parse([header_line(), text.encode().rstrip(b"\n") + ending], "x")


def test_the_longest_line_allowed_is_read() -> None:
    short = line(Text(leg=0, direction=Direction.UPSTREAM, wall_s=0.0, audio_s=0.0, text=""))
    text = "x" * (MAX_LINE_BYTES - len(short))
    raw = line(Text(leg=0, direction=Direction.UPSTREAM, wall_s=0.0, audio_s=0.0, text=text)).encode()
    assert len(raw) == MAX_LINE_BYTES
    (read,) = parse([header_line(), raw], "x").of(Text)
    assert read.text == text


# --- what a recording tells -----------------------------------------------------------------------------------------


def test_it_picks_out_entries_texts_and_audio(recording: Recording) -> None:
    assert [entry.text for entry in recording.texts(Direction.UPSTREAM)] == ['{"type":"CloseStream"}']
    assert len(list(recording.texts(Direction.DOWNSTREAM))) == 2
    assert [frame.size for frame in recording.audio_frames()] == [3200, 3200]
    assert [close.code for close in recording.of(Close)] == [1000]
    assert recording.audio is not None
    assert recording.audio.size == 6400


def test_binary_frames_of_the_server_are_not_audio(recording: Recording) -> None:
    stray = Binary(leg=0, direction=Direction.DOWNSTREAM, wall_s=0.5, audio_s=0.2, size=9)
    assert sum(frame.size for frame in replace(recording, entries=(*recording.entries, stray)).audio_frames()) == 6400


def test_the_request_id_is_that_of_the_first_answer_opened_or_refused() -> None:
    refused = Refused(leg=0, wall_s=0.1, status=429, headers={"dg-request-id": "first"})
    opened = Opened(leg=1, wall_s=1.0, headers={"dg-request-id": "second"})
    assert Recording(HEADER, (refused, opened)).request_id == "first"
    assert Recording(HEADER, (Opened(leg=0, wall_s=0.0), opened)).request_id == "second"


def test_each_leg_has_its_own_entries_and_those_of_no_connection() -> None:
    first = (Opened(leg=0, wall_s=0.0), Lost(leg=0, wall_s=1.0, audio_s=1.0, why="cut"))
    second = (
        Opened(leg=1, wall_s=2.0),
        Close(leg=1, direction=Direction.DOWNSTREAM, wall_s=3.0, audio_s=1.0, code=1000),
    )
    end = End(wall_s=3.0)
    whole = Recording(HEADER, (first[0], second[0], first[1], second[1], end))
    assert [leg.entries for leg in whole.legs] == [(*first, end), (*second, end)]
    assert {leg.header for leg in whole.legs} == {HEADER}

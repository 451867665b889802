"""The layout of Deepgram's support toolkit, in and out."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from harness.errors import BadInput
from harness.recording import toolkit
from harness.recording.document import Recording
from harness.recording.entries import Direction, End, Header, Opened, Refused, Side, Text
from harness.recording.toolkit import from_toolkit, to_toolkit

DOWN = Direction.DOWNSTREAM
OPEN = {
    "type": "OpenStream",
    "headers": [["Connection", "upgrade"], ["dg-request-id", "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b"]],
    "received": "2026-11-19T22:41:07.318204+00:00",
}
NOVEL = {"type": "Novel", "start": 2.0000002, "received": "2026-11-19T22:41:08.5+00:00", "audio_cursor": 1.1}
METADATA = {
    "type": "Metadata",
    "transaction_key": "deprecated",
    "request_id": "r",
    "sha256": "s",
    "created": "c",
    "duration": 1.2,
    "channels": 1,
    "received": "2026-11-19T22:41:09+00:00",
    "audio_cursor": 1.2000000000000002,
}


def file_of(*items: Any) -> bytes:
    return json.dumps(items, indent=2, ensure_ascii=False).encode()


def test_a_file_is_read_with_its_clocks() -> None:
    recording = from_toolkit(file_of(OPEN, NOVEL, METADATA), "calls/call.json", "model=nova-3&token=abcdefgh")
    assert recording.name == "call"
    assert recording.header == Header(
        side=Side.CLIENT,
        path="/v1/listen",
        query="model=nova-3",
        created="2026-11-19T22:41:07.318204+00:00",
        tool="deepgram support-toolkit",
        replies="an unknown host",
    )
    opened, novel, metadata, end = recording.entries
    assert opened == Opened(
        leg=0,
        wall_s=0.0,
        headers={"connection": "upgrade", "dg-request-id": "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b"},
    )
    assert novel == Text(leg=0, direction=DOWN, wall_s=1.181796, audio_s=1.1, text='{"type":"Novel","start":2.0000002}')
    assert isinstance(metadata, Text)
    assert "received" not in metadata.text
    assert end == End(wall_s=1.681796)
    assert recording.request_id == "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b"


def test_numbers_and_characters_stay_as_they_were_written() -> None:
    raw = (
        b'[{"type":"OpenStream","headers":{},"received":"2026-11-19T22:41:07Z"},'
        b'{"a" : [1.10, 2.0000002,\n 1e-7, 0.0], "received":"2026-11-19T22:41:08Z", "w":"caf\\u00e9 \xc3\xa9",'
        b' "audio_cursor":1}]'
    )
    (text,) = from_toolkit(raw, "x").of(Text)
    assert text.text == '{"a":[1.10,2.0000002,1e-7,0.0],"w":"caf\\u00e9 é"}'


def test_headers_may_be_an_object_as_well() -> None:
    recording = from_toolkit(file_of({**OPEN, "headers": {"DG-Request-Id": "r", "Set-Cookie": "c"}}), "x")
    assert recording.request_id == "r"
    assert [opened.headers for opened in recording.of(Opened)] == [{"dg-request-id": "r"}]


def test_a_file_without_headers_or_metadata_is_partial() -> None:
    recording = from_toolkit(file_of({"type": "OpenStream", "received": OPEN["received"]}, NOVEL), "x")
    assert (recording.partial, recording.request_id) == (True, None)


@pytest.mark.parametrize(
    ("kind", "path"), [("Connected", "/v2/listen"), ("TurnInfo", "/v2/listen"), ("Novel", "/v1/listen")]
)
def test_the_endpoint_is_known_by_the_messages(kind: str, path: str) -> None:
    assert from_toolkit(file_of(OPEN, {**NOVEL, "type": kind}), "x").header.path == path


def test_a_message_that_mentions_flux_is_no_flux_message() -> None:
    assert from_toolkit(file_of(OPEN, {**NOVEL, "note": "Connected"}), "x").header.path == "/v1/listen"


def test_dates_without_a_zone_are_utc() -> None:
    recording = from_toolkit(file_of({**OPEN, "received": "2026-11-19T22:41:07.5"}, NOVEL), "x")
    assert [text.wall_s for text in recording.of(Text)] == [1.0]


def test_a_clock_that_went_backwards_stops_at_zero() -> None:
    recording = from_toolkit(file_of(OPEN, {**NOVEL, "received": "2026-11-19T22:41:00Z"}), "x")
    assert [text.wall_s for text in recording.of(Text)] == [0.0]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "x: Input data was truncated; wanted the JSON array of Deepgram's support toolkit"),
        (b"{}", "x: Expected `array`, got `object`; wanted the JSON array of Deepgram's support toolkit"),
        (b'["\xff"]', "x: 'utf-8' codec can't decode byte 0xff"),
        (b"[]", "x: the array is empty; wanted an OpenStream and the messages after it"),
        (b"[1]", "x, item 0: Expected `object`, got `int`; wanted an OpenStream object"),
        (file_of(NOVEL), "x, item 0: type 'Novel'; wanted OpenStream"),
        (file_of({**OPEN, "received": "noon"}), "x, item 0: received is 'noon'; wanted a date"),
        (file_of({"type": "OpenStream"}), "x, item 0: Object missing required field `received`"),
        (file_of(OPEN, NOVEL, []), "x, item 2: Expected `object`, got `array`; wanted a message with received and"),
        (file_of(OPEN, {"received": "x"}), "x, item 1: Object missing required field `audio_cursor`"),
        (file_of(OPEN, {**NOVEL, "audio_cursor": "1"}), "x, item 1: Expected `float`, got `str` - at `$.audio_cursor`"),
        (file_of(OPEN, {**NOVEL, "received": "noon"}), "x, item 1: received is 'noon'; wanted a date"),
        (file_of(OPEN, {**NOVEL, "w": "x" * 5_000_000}), "x, item 1: its line in a recording would have"),
    ],
    ids=range(13),
)
def test_what_is_wrong_is_named_with_its_item(data: bytes, complaint: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_toolkit(data, "x")
    assert str(caught.value).startswith(complaint)


def test_a_file_that_is_too_large_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolkit, "MAX_TOOLKIT_BYTES", 10)
    with pytest.raises(BadInput, match=r"^x: 11 bytes; at most 10 are read$"):
        from_toolkit(b"[" * 11, "x")


def test_an_export_is_the_documented_layout(recording: Recording) -> None:
    opening, novel, metadata = json.loads(to_toolkit(recording))
    assert opening == {
        "type": "OpenStream",
        "headers": [["dg-request-id", "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b"], ["upgrade", "websocket"]],
        "received": "2026-11-19T22:41:07.429000+00:00",
    }
    assert novel == {
        "type": "Novel",
        "start": 2.0000002,
        "received": "2026-11-19T22:41:07.568000+00:00",
        "audio_cursor": 0.1,
    }
    assert (metadata["type"], metadata["audio_cursor"]) == ("Metadata", 0.2)
    assert b"2.0000002" in to_toolkit(recording)


def test_what_is_exported_is_imported_again(recording: Recording) -> None:
    read = from_toolkit(to_toolkit(recording), "call.json", recording.header.query)
    # The layout's clock starts when the connection is open, and it has only what the server said.
    downstream = [msgspec.structs.replace(text, wall_s=round(text.wall_s - 0.111, 6)) for text in recording.texts(DOWN)]
    assert list(read.of(Text)) == downstream
    assert (read.header.query, read.request_id, read.partial) == (recording.header.query, recording.request_id, False)


def test_frames_that_are_no_json_objects_have_no_place(recording: Recording) -> None:
    odd = [Text(leg=0, direction=DOWN, wall_s=0.5, audio_s=0.2, text=text) for text in ("rubbish", "[1]", '"x"', "{}")]
    exported = json.loads(to_toolkit(replace(recording, entries=(recording.entries[0], *odd))))
    assert exported[1:] == [{"received": "2026-11-19T22:41:07.818000+00:00", "audio_cursor": 0.2}]


@pytest.mark.parametrize(
    ("entries", "count"),
    [
        ((), 0),
        ((Refused(leg=0, wall_s=0.1, status=401),), 0),
        ((Opened(leg=0, wall_s=0.0), Opened(leg=1, wall_s=1.0)), 2),
    ],
)
def test_the_layout_holds_exactly_one_connection(recording: Recording, entries: Any, count: int) -> None:
    with pytest.raises(BadInput, match=f"^call: {count} connections were opened; the layout holds exactly one$"):
        to_toolkit(replace(recording, entries=entries))


def test_a_recording_without_a_date_is_refused(recording: Recording) -> None:
    undated = replace(recording, header=msgspec.structs.replace(recording.header, created=""))
    with pytest.raises(BadInput, match=r"^call: created is ''; wanted a date"):
        to_toolkit(undated)

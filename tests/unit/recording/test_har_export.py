"""`harness.recording.har_export`: what is written is read again, and is what HAR demands."""

import base64
import json
from dataclasses import replace

import msgspec
import pytest

from harness.errors import BadInput
from harness.recording.document import Recording
from harness.recording.entries import (
    AnyEntry,
    Audio,
    Binary,
    Close,
    Direction,
    End,
    Lost,
    Note,
    Opened,
    Refused,
    Side,
)
from harness.recording.har_export import to_har
from harness.recording.har_import import from_har

KEY = "5f0e9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f"
STARTED_S = 1795128067.318
UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


def kept(recording: Recording) -> list[AnyEntry]:
    """What a HAR has room for: no notes, no due times, and the summary of audio and end is made anew."""
    frames = [entry for entry in recording.entries if not isinstance(entry, Note | Audio | End)]
    return [msgspec.structs.replace(entry, due_s=None) if isinstance(entry, Binary) else entry for entry in frames]


def test_what_is_exported_is_imported_again(recording: Recording, sent: bytes) -> None:
    (session,) = from_har(to_har(recording, sent), "call.har")
    assert session.audio == sent
    assert session.recording.name == recording.name
    # A date may be spelled in other ways; all else of the header comes back.
    assert session.recording.header == msgspec.structs.replace(
        recording.header, created="2026-11-19T22:41:07.318000+00:00"
    )
    assert kept(session.recording) == kept(recording)
    assert recording.audio is not None
    assert session.recording.audio == msgspec.structs.replace(recording.audio, source=None)
    assert session.recording.entries[-1] == End(wall_s=0.41)


def test_without_the_audio_sizes_and_clocks_come_back_all_the_same(recording: Recording) -> None:
    (session,) = from_har(to_har(recording), "call.har")
    assert (session.audio, session.recording.audio) == (b"", None)
    assert kept(session.recording) == kept(recording)


def test_an_export_has_what_har_1_2_demands(recording: Recording, sent: bytes) -> None:
    log = json.loads(to_har(recording, sent))["log"]
    assert (log["version"], log["creator"]) == ("1.2", {"name": "dgharness", "version": "0.1.0"})
    (entry,) = log["entries"]
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
    demanded = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}
    assert set(entry["request"]) == demanded
    assert entry["request"]["url"] == (
        "wss://api.deepgram.com/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000"
    )
    assert {"name": "sample_rate", "value": "16000"} in entry["request"]["queryString"]
    assert entry["response"]["status"] == 101
    assert entry["timings"]["wait"] == pytest.approx(111)
    first = entry["_webSocketMessages"][0]
    assert (first["type"], first["opcode"], first["data"]) == ("send", 2, base64.b64encode(sent[:3200]).decode())
    assert first["time"] == pytest.approx(STARTED_S + 0.2, abs=1e-6)


def test_made_up_answers_stay_marked_as_made_up(recording: Recording) -> None:
    header = msgspec.structs.replace(recording.header, replies="script (seed 7)", synthetic=True, side=Side.SERVER)
    data = to_har(replace(recording, header=header))
    assert json.loads(data)["log"]["entries"][0]["request"]["url"].startswith("wss://recording.invalid/v1/listen?")
    (session,) = from_har(data, "x.har")
    read = session.recording.header
    assert (read.replies, read.synthetic, read.side) == ("script (seed 7)", True, Side.SERVER)


@pytest.mark.parametrize(
    ("replies", "host"),
    [
        ("api.deepgram.com", "api.deepgram.com"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("recording call", "recording.invalid"),
        ("[", "recording.invalid"),
        ("", "recording.invalid"),
        ("a/b", "recording.invalid"),
    ],
)
def test_the_address_names_the_host_that_replied_if_it_was_one(recording: Recording, replies: str, host: str) -> None:
    data = to_har(replace(recording, header=msgspec.structs.replace(recording.header, replies=replies)))
    assert json.loads(data)["log"]["entries"][0]["request"]["url"].startswith(f"wss://{host}/v1/listen?")
    (session,) = from_har(data, "x.har")
    assert session.recording.header.replies == replies


def test_each_leg_is_an_entry_of_its_own_with_its_own_audio(recording: Recording) -> None:
    entries: tuple[AnyEntry, ...] = (
        Opened(leg=0, wall_s=0.1),
        Binary(leg=0, direction=UP, wall_s=0.2, audio_s=0.0001, size=3),
        Opened(leg=1, wall_s=5.0),
        Binary(leg=1, direction=UP, wall_s=5.5, audio_s=0.0001, size=2),
        Binary(leg=0, direction=UP, wall_s=5.6, audio_s=0.0002, size=1),
        Lost(leg=0, wall_s=5.7, audio_s=0.0002, why="cut"),
        Close(leg=1, direction=DOWN, wall_s=6.0, audio_s=0.0001, code=1000, reason="done"),
        End(wall_s=6.0),
    )
    first, second = from_har(to_har(replace(recording, entries=entries), b"abcdef"), "x.har")
    assert (first.audio, second.audio) == (b"abcf", b"de")
    assert [lost.why for lost in first.recording.of(Lost)] == ["cut"]
    # A later connection's clock starts with the first that is known of it.
    assert [entry.wall_s for entry in second.recording.of(Opened)] == [0.0]
    assert [entry.wall_s for entry in second.recording.of(Binary)] == [0.5]
    assert [(close.wall_s, close.reason) for close in second.recording.of(Close)] == [(1.0, "done")]
    assert second.recording.header.created == "2026-11-19T22:41:12.318000+00:00"


def test_a_refusal_goes_there_and_back(recording: Recording) -> None:
    refused = Refused(leg=0, wall_s=0.2, status=429, headers={"dg-error": "slow down"}, body='{"err_code":"X"}')
    (session,) = from_har(to_har(replace(recording, entries=(refused, End(wall_s=0.2)))), "x.har")
    assert session.recording.entries == (refused, End(wall_s=0.2))


@pytest.mark.parametrize("created", ["", "long ago"])
def test_a_recording_without_a_date_is_exported_from_1970(recording: Recording, created: str) -> None:
    header = msgspec.structs.replace(recording.header, created=created)
    (session,) = from_har(to_har(replace(recording, header=header)), "x.har")
    assert session.recording.header.created == "1970-01-01T00:00:00.000000+00:00"
    assert kept(session.recording) == kept(recording)


@pytest.mark.parametrize(
    ("tool", "creator"),
    [
        ("dgharness 0.1.0", {"name": "dgharness", "version": "0.1.0"}),
        ("a tool 2", {"name": "a tool", "version": "2"}),
        ("tool", {"name": "tool", "version": ""}),
    ],
)
def test_the_writer_is_the_creator(recording: Recording, tool: str, creator: dict[str, str]) -> None:
    data = to_har(replace(recording, header=msgspec.structs.replace(recording.header, tool=tool)))
    assert json.loads(data)["log"]["creator"] == creator
    (session,) = from_har(data, "x.har")
    assert session.recording.header.tool == tool


def test_audio_of_another_size_is_refused(recording: Recording, sent: bytes) -> None:
    with pytest.raises(BadInput, match=r"^call: the audio has 6399 bytes, its frames 6400$"):
        to_har(recording, sent[1:])

"""Laws of recordings: what is written is read, a cut is noticed, other layouts lose only what they lack."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.protocol.auth import MASK
from harness.recording.document import Recording, lines, parse
from harness.recording.entries import (
    AnyEntry,
    Audio,
    Binary,
    Close,
    Direction,
    End,
    Header,
    Lost,
    Note,
    Opened,
    Refused,
    Side,
    Text,
)
from harness.recording.har_export import to_har
from harness.recording.har_import import from_har
from harness.recording.scrub import clean_query, mask
from harness.recording.toolkit import from_toolkit, to_toolkit

# --- strategies -----------------------------------------------------------------------------------------------------

text = st.text(st.characters(codec="utf-8"), max_size=20)
wall_s = st.integers(0, 10**10).map(lambda micros: micros / 1e6)  # the clock of a recording has microseconds
audio_s = st.floats(0, 36_000)
leg = st.integers(0, 3)
directions = st.sampled_from(Direction)
header_names = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8).map(lambda name: f"x-{name}")
headers = st.dictionaries(header_names, text, max_size=3)
created = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.isoformat(timespec="milliseconds") + "Z"
)

recording_headers = st.builds(
    Header,
    side=st.sampled_from(Side),
    path=st.sampled_from(["/v1/listen", "/v2/listen"]),
    query=st.lists(st.tuples(st.text("abcdef_", min_size=1), st.text("abc123%20+"))).map(
        lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
    ),
    created=created,
    tool=st.sampled_from(["dgharness 0.1.0", "some tool 7", "tool"]),
    replies=text,
    synthetic=st.none() | st.booleans(),
)
texts = st.builds(Text, leg=leg, direction=directions, wall_s=wall_s, audio_s=audio_s, text=text)
frames = st.builds(
    Binary,
    leg=leg,
    direction=directions,
    wall_s=wall_s,
    audio_s=audio_s,
    size=st.integers(0, 5000),
    due_s=st.none() | wall_s,
)
closes = st.builds(
    Close,
    leg=leg,
    direction=directions,
    wall_s=wall_s,
    audio_s=audio_s,
    code=st.integers(1000, 4999),
    reason=text,
)
losses = st.builds(Lost, leg=leg, wall_s=wall_s, audio_s=audio_s, why=text)
opened = st.builds(Opened, leg=leg, wall_s=wall_s, status=st.integers(100, 299), headers=headers)
refused = st.builds(Refused, leg=leg, wall_s=wall_s, status=st.integers(300, 599), headers=headers, body=text)
audio_entries = st.builds(
    Audio,
    sha256=text,
    size=st.integers(0, 10**12),
    duration_audio_s=audio_s,
    encoding=st.none() | text,
    sample_rate=st.none() | st.integers(1000, 384_000),
    channels=st.none() | st.integers(1, 64),
    container=st.none() | text,
    pcm_sha256=st.none() | text,
    file=st.none() | text,
    source=st.none() | text,
)
ends = st.builds(End, wall_s=wall_s, partial=st.booleans(), why=text)
notes = st.builds(Note, leg=leg, wall_s=wall_s, audio_s=audio_s, text=text)
entries = st.one_of(texts, frames, closes, losses, opened, refused, audio_entries, ends, notes)
recordings = st.builds(
    Recording, header=recording_headers, entries=st.lists(entries, max_size=12).map(tuple), name=st.just("call")
)


def raw_lines(recording: Recording) -> list[bytes]:
    return "".join(lines(recording)).encode().splitlines(keepends=True)


# --- lines ----------------------------------------------------------------------------------------------------------


@given(recordings)
def test_what_is_written_is_read(recording: Recording) -> None:
    whole = "".join(lines(recording)).encode()
    assert parse(whole.splitlines(keepends=True), "x/call.jsonl") == recording
    assert whole.count(b"\n") == 1 + len(recording.entries), "one line for each entry, whatever its text"


@given(recordings, st.integers(0))
def test_a_file_cut_anywhere_gives_its_whole_lines_and_is_partial(recording: Recording, at: int) -> None:
    whole = "".join(lines(recording)).encode()
    header_size = len(raw_lines(recording)[0])
    cut = whole[: header_size + at % (len(whole) - header_size + 1)]
    read = parse(cut.splitlines(keepends=True), "call.jsonl")
    # A line that lacks only its line feed is whole: its JSON is complete.
    count = cut.count(b"\n") - 1 + (not cut.endswith(b"\n") and whole[len(cut) : len(cut) + 1] == b"\n")
    assert read.entries == recording.entries[:count]
    assert read.header == recording.header
    if count < len(recording.entries) and not isinstance(read.entries[-1] if read.entries else None, End):
        assert read.partial


@given(recordings.filter(lambda recording: recording.entries), st.data())
def test_damage_in_any_but_the_last_line_is_named(recording: Recording, data: st.DataObject) -> None:
    every = raw_lines(recording)
    number = data.draw(st.integers(1, len(every) - 1))
    cut = data.draw(st.integers(1, len(every[number]) - 2))
    every[number] = every[number][:cut]
    # The next line is whole, so this is no write cut short: it cannot be the last line.
    every.append(b'{"entry":"end","wall_s":0.0}\n')
    with pytest.raises(BadInput, match=rf"^call\.jsonl, line {number + 1}: "):
        parse(every, "call.jsonl")


@given(st.lists(st.binary(max_size=60)))
def test_rubbish_is_refused_in_one_sentence(source: list[bytes]) -> None:
    with pytest.raises(BadInput) as caught:
        parse(source, "x.jsonl")
    assert str(caught.value).startswith("x.jsonl")
    assert "\n" not in str(caught.value)


@given(recordings)
def test_legs_share_out_every_entry_of_a_connection(recording: Recording) -> None:
    legged = [entry for entry in recording.entries if hasattr(entry, "leg")]
    shared_out = [entry for part in recording.legs for entry in part.entries if hasattr(entry, "leg")]
    assert sorted(map(repr, shared_out)) == sorted(map(repr, legged))
    for part in recording.legs:
        assert len({entry.leg for entry in part.entries if hasattr(entry, "leg")}) == 1


# --- HAR ------------------------------------------------------------------------------------------------------------


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Recording, bytes]:
    """One connection in raw audio, in order of time, with its audio: what a HAR can hold."""
    rate = draw(st.sampled_from([8000, 16_000, 48_000]))
    kinds = draw(st.lists(st.sampled_from(["up", "down", "audio", "binary"]), max_size=8))
    clock = iter(sorted(draw(st.lists(wall_s, min_size=len(kinds) + 2, max_size=len(kinds) + 2))))
    told = draw(recording_headers)
    header = msgspec.structs.replace(told, query=f"encoding=linear16&sample_rate={rate}&{told.query}")
    made: list[AnyEntry] = [Opened(leg=0, wall_s=next(clock), headers=draw(headers))]
    audio = b""
    for kind in kinds:
        now_s = next(clock)
        if kind == "audio":
            audio += draw(st.binary(max_size=20))
        size = len(audio) - sum(entry.size for entry in made if isinstance(entry, Binary) and entry.direction == "up")
        position_s = round(len(audio) / (2 * rate), 6)
        made.append(
            Text(leg=0, direction=Direction(kind), wall_s=now_s, audio_s=position_s, text=draw(text))
            if kind in ("up", "down")
            else Binary(
                leg=0,
                direction=Direction.UPSTREAM if kind == "audio" else Direction.DOWNSTREAM,
                wall_s=now_s,
                audio_s=position_s,
                size=size if kind == "audio" else draw(st.integers(0, 9)),
            )
        )
    position_s = round(len(audio) / (2 * rate), 6)
    made.append(
        Close(
            leg=0, direction=Direction.DOWNSTREAM, wall_s=next(clock), audio_s=position_s, code=1000, reason=draw(text)
        )
        if draw(st.booleans())
        else Lost(leg=0, wall_s=next(clock), audio_s=position_s, why=draw(text))
    )
    return Recording(header, tuple(made), "call"), audio


@given(conversations(), st.booleans())
def test_a_har_gives_back_what_it_was_given(conversation: tuple[Recording, bytes], has_audio: bool) -> None:
    recording, audio = conversation
    (session,) = from_har(to_har(recording, audio if has_audio else b""), "call.har")
    *rest, end = (entry for entry in session.recording.entries if not isinstance(entry, Audio))
    assert tuple(rest) == recording.entries
    assert isinstance(end, End)
    assert session.audio == (audio if has_audio else b"")
    back = session.recording.header
    assert msgspec.structs.replace(back, created=recording.header.created) == recording.header
    assert back.created[:23] == recording.header.created[:23]


@given(conversations())
def test_a_second_trip_through_a_har_changes_nothing(conversation: tuple[Recording, bytes]) -> None:
    (once,) = from_har(to_har(*conversation), "call.har")
    (twice,) = from_har(to_har(once.recording, once.audio), "call.har")
    assert twice == once


json_value = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
har_entries = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {"url": st.sampled_from(["wss://h/v1/listen", "wss://h/v2/listen?a=b", "https://h/"]) | json_value}
        )
    },
    optional={
        "startedDateTime": st.just("2026-11-19T22:41:07Z") | json_value,
        "response": st.just({"status": 101}) | json_value,
        "timings": json_value,
        "_webSocketMessages": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["send", "receive", "error"]), "time": st.floats(0, 2e9), "data": text},
                optional={"opcode": st.sampled_from([-1, 0, 1, 2, 8, 9]), "code": json_value, "_size": json_value},
            )
            | json_value
        )
        | json_value,
        "_recording": json_value,
    },
)


@given(st.binary(max_size=80) | json_value.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_har_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"^x\.har: "):
        from_har(data, "x.har")


@given(st.lists(har_entries, max_size=3))
def test_a_strangers_har_is_read_or_refused_and_what_is_read_can_be_written(found: list[Any]) -> None:
    data = json.dumps({"log": {"entries": found}}).encode()
    try:
        sessions = from_har(data, "x.har")
    except BadInput as error:
        sessions, complaint = (), str(error)
    else:
        complaint = "x.har, entry none"
    assert complaint.startswith("x.har, entry ")
    for session in sessions:
        assert parse(raw_lines(session.recording), f"{session.recording.name}.jsonl") == session.recording


# --- the support toolkit --------------------------------------------------------------------------------------------

objects = st.dictionaries(text.filter(lambda key: key not in ("received", "audio_cursor")), json_value, max_size=3)


@given(recording_headers, headers, wall_s, st.lists(st.tuples(wall_s, audio_s, objects), max_size=5))
def test_the_toolkits_layout_gives_back_what_the_server_said(
    header: Header, answered: dict[str, str], opened_s: float, said: list[tuple[float, float, Any]]
) -> None:
    messages = [
        Text(
            leg=0,
            direction=Direction.DOWNSTREAM,
            wall_s=opened_s + later_s,
            audio_s=position_s,
            text=json.dumps(message, separators=(",", ":"), ensure_ascii=False),
        )
        for later_s, position_s, message in said
    ]
    recording = Recording(header, (Opened(leg=0, wall_s=opened_s, headers=answered), *messages))
    read = from_toolkit(to_toolkit(recording), "call.json", header.query)
    assert [(entry.text, entry.audio_s) for entry in read.of(Text)] == [
        (entry.text, entry.audio_s) for entry in messages
    ]
    for entry, message in zip(read.of(Text), messages, strict=True):
        assert entry.wall_s == pytest.approx(message.wall_s - opened_s, abs=2e-6)
    assert [entry.headers for entry in read.of(Opened)] == [answered]
    assert read.header.query == header.query


@given(st.binary(max_size=80) | json_value.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_toolkit_file_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"^x(:|, item )"):
        from_toolkit(data, "x")


# --- secrets --------------------------------------------------------------------------------------------------------

secrets = st.text("abcdefABCDEF0123456789", min_size=12, max_size=40)
plain_pieces = st.tuples(st.sampled_from(["model", "keyterm", "tag"]), st.text("xyz%20+", max_size=6))


@given(st.lists(plain_pieces), st.sampled_from(["token", "KEY", "access_token"]), secrets, st.integers(0, 9))
def test_a_secret_in_a_query_goes_and_everything_else_stays(
    pieces: list[tuple[str, str]], name: str, secret: str, at: int
) -> None:
    plain = [f"{key}={value}" for key, value in pieces]
    dirty = [*plain[:at], f"{name}={secret}", *plain[at:]]
    assert clean_query("&".join(dirty)) == "&".join(plain)
    assert clean_query(clean_query("&".join(dirty))) == clean_query("&".join(dirty))


@given(st.lists(st.text("xyz \n"), min_size=2, max_size=5), secrets)
def test_a_masked_text_holds_no_secret_and_all_the_rest(around: list[str], secret: str) -> None:
    masked = mask(secret.join(around), {secret})
    assert masked == MASK.join(around)
    assert not re.search(re.escape(secret), masked)


@given(conversations(), secrets)
def test_a_key_never_reaches_a_recording(conversation: tuple[Recording, bytes], key: str) -> None:
    recording, audio = conversation
    spoken = Text(
        leg=0, direction=Direction.DOWNSTREAM, wall_s=1e4, audio_s=0.0, text=f'{{"type":"Error","k":"{key}"}}'
    )
    har = json.loads(to_har(replace(recording, entries=(*recording.entries, spoken)), audio))
    request = har["log"]["entries"][0]["request"]
    request["headers"] = [{"name": "Sec-WebSocket-Protocol", "value": f"token, {key}"}]
    request["url"] += f"&token={key}"
    (session,) = from_har(json.dumps(har).encode(), "call.har")
    assert key not in "".join(lines(session.recording))

"""HAR files as Chrome and mitmproxy write them."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from harness.errors import BadInput
from harness.recording import har_import
from harness.recording.document import Recording, lines
from harness.recording.entries import (
    Audio,
    Binary,
    Close,
    Direction,
    End,
    Header,
    Lost,
    Opened,
    Refused,
    Side,
    Text,
)
from harness.recording.har_export import to_har
from harness.recording.har_import import from_har

KEY = "5f0e9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f"
STARTED_S = 1795128067.318
UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def message(kind: str, offset_s: float, opcode: int, data: str) -> dict[str, Any]:
    return {"type": kind, "time": STARTED_S + offset_s, "opcode": opcode, "data": data}


def chrome_entry(*messages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The shape of Chrome's entries: more fields than anybody needs, headers of the request included."""
    query = "model=nova-3&encoding=linear16&sample_rate=8000&interim_results=true"
    entry = {
        "_connectionId": "71",
        "_initiator": {"type": "script"},
        "_priority": None,
        "_resourceType": "websocket",
        "_webSocketMessages": list(messages),
        "cache": {},
        "request": {
            "method": "GET",
            "url": f"wss://api.deepgram.com/v1/listen?{query}",
            "httpVersion": "HTTP/1.1",
            "headers": [
                {"name": "Sec-WebSocket-Protocol", "value": f"token, {KEY}"},
                {"name": "Origin", "value": "https://app.example"},
            ],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": 101,
            "statusText": "Switching Protocols",
            "httpVersion": "HTTP/1.1",
            "headers": [
                {"name": "Dg-Request-Id", "value": "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b"},
                {"name": "Sec-WebSocket-Protocol", "value": "token"},
            ],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "_error": None,
        },
        "startedDateTime": "2026-11-19T22:41:07.318Z",
        "time": 4000.5,
        "timings": {
            "blocked": 1.5,
            "dns": -1,
            "ssl": 30,
            "connect": 60,
            "send": 0.5,
            "wait": 38,
            "receive": 3900,
            "_other": 7,
        },
    }
    return {**entry, **changes}


def har_of(*entries: dict[str, Any], creator: Any = None) -> bytes:
    log = {"version": "1.2", "creator": creator or {"name": "WebInspector", "version": "537.36"}, "entries": entries}
    return json.dumps({"log": log}).encode()


SESSION = chrome_entry(
    message("send", 0.2, 2, b64(bytes(1600))),
    message("send", 0.3, 2, b64(b"\x01" * 800)),
    message("receive", 0.35, 1, '{"type":"Novel","start":2.0000002}'),
    message("send", 0.4, 1, '{"type":"CloseStream"}'),
)


def test_a_session_out_of_chrome_is_read_with_its_clocks_and_its_audio() -> None:
    (session,) = from_har(har_of(SESSION), "captures/call.har")
    sent = bytes(1600) + b"\x01" * 800
    assert session.audio == sent
    assert session.recording.name == "call"
    assert session.recording.header == Header(
        side=Side.CLIENT,
        path="/v1/listen",
        query="model=nova-3&encoding=linear16&sample_rate=8000&interim_results=true",
        created="2026-11-19T22:41:07.318Z",
        tool="WebInspector 537.36",
        replies="api.deepgram.com",
    )
    headers = {"dg-request-id": "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b", "sec-websocket-protocol": "token"}
    assert session.recording.entries == (
        Opened(leg=0, wall_s=0.1, headers=headers),
        Binary(leg=0, direction=UP, wall_s=0.2, audio_s=0.1, size=1600),
        Binary(leg=0, direction=UP, wall_s=0.3, audio_s=0.15, size=800),
        Text(leg=0, direction=DOWN, wall_s=0.35, audio_s=0.15, text='{"type":"Novel","start":2.0000002}'),
        Text(leg=0, direction=UP, wall_s=0.4, audio_s=0.15, text='{"type":"CloseStream"}'),
        Audio(
            sha256=hashlib.sha256(sent).hexdigest(),
            size=2400,
            duration_audio_s=0.15,
            encoding="linear16",
            sample_rate=8000,
            channels=1,
        ),
        End(wall_s=0.4, partial=True, why="neither Metadata nor a close frame"),
    )


def test_mitmproxys_dates_and_missing_timings_are_read() -> None:
    entry = chrome_entry(
        message("receive", 0.05, 1, "{}"),
        startedDateTime="2026-11-19T22:41:07.318000+00:00",
        timings={"connect": None, "ssl": None, "send": 0.4, "receive": 0.1, "wait": 90.0},
    )
    (session,) = from_har(har_of(entry), "x.har")
    # The handshake's share is capped by the first message: nothing comes before the upgrade.
    assert [entry.wall_s for entry in session.recording.of(Opened)] == [0.05]


def test_without_timings_the_upgrade_is_at_the_start() -> None:
    entry = chrome_entry(message("receive", 0.5, 1, "{}"))
    del entry["timings"]
    (session,) = from_har(har_of(entry), "x.har")
    assert [entry.wall_s for entry in session.recording.of(Opened)] == [0.0]


def test_messages_are_put_in_the_order_of_their_time() -> None:
    entry = chrome_entry(message("receive", 0.9, 1, "late"), message("send", 0.5, 1, "early"))
    (session,) = from_har(har_of(entry), "x.har")
    assert [(text.text, text.wall_s) for text in session.recording.of(Text)] == [("early", 0.5), ("late", 0.9)]


def test_a_message_from_before_the_start_moves_the_start() -> None:
    entry = chrome_entry(message("send", -1.0, 1, "first"), message("send", 0.0, 1, "second"))
    (session,) = from_har(har_of(entry), "x.har")
    assert [text.wall_s for text in session.recording.of(Text)] == [0.0, 1.0]


def test_audio_in_a_container_has_its_clock_from_the_container() -> None:
    data = 8000
    header = b"RIFF" + (36 + data).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += (1).to_bytes(2, "little") * 2 + (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little")
    header += (2).to_bytes(2, "little") + (16).to_bytes(2, "little") + b"data" + data.to_bytes(4, "little")
    entry = chrome_entry(message("send", 0.2, 2, b64(header + bytes(4000))), message("send", 0.3, 2, b64(bytes(4000))))
    entry["request"]["url"] = "wss://api.deepgram.com/v1/listen?model=nova-3"
    (session,) = from_har(har_of(entry), "x.har")
    assert [frame.audio_s for frame in session.recording.of(Binary)] == [0.25, 0.5]
    assert session.recording.audio is not None
    assert (session.recording.audio.container, session.recording.audio.sample_rate) == ("wav", 8000)


@pytest.mark.parametrize(
    "query", ["encoding=opus&sample_rate=16000", "encoding=linear16", "encoding=linear16&sample_rate=x"]
)
def test_audio_whose_seconds_cannot_be_known_stays_at_zero(query: str) -> None:
    entry = chrome_entry(message("send", 0.2, 2, b64(bytes(100))))
    entry["request"]["url"] = f"wss://api.deepgram.com/v1/listen?{query}"
    (session,) = from_har(har_of(entry), "x.har")
    assert [frame.audio_s for frame in session.recording.of(Binary)] == [0.0]


# --- which entries --------------------------------------------------------------------------------------------------


def test_only_listen_connections_are_taken_and_odd_neighbours_do_not_matter() -> None:
    page = {"request": {"url": "https://app.example/"}, "response": None, "startedDateTime": 7}
    other_socket = chrome_entry(request={"url": "wss://chat.example/socket"})
    upload = {"request": {"url": "https://api.deepgram.com/v1/listen?model=nova-3", "method": "POST"}}
    flux = chrome_entry(request={"url": "wss://api.deepgram.com/v2/listen?model=flux-general-en"})
    odd: list[Any] = [None, 7, [], {}, {"request": None}, {"request": {"url": 3}}, {"request": {"url": "ws://["}}]
    sessions = from_har(har_of(page, other_socket, upload, SESSION, *odd, flux), "call.har")
    assert [session.recording.header.path for session in sessions] == ["/v1/listen", "/v2/listen"]
    assert [session.recording.name for session in sessions] == ["call-1", "call-2"]


def test_a_har_without_listen_connections_gives_none() -> None:
    assert from_har(har_of(), "x.har") == ()


@pytest.mark.parametrize(
    ("url", "changes", "taken"),
    [
        ("https://proxy.example/deepgram/v1/listen/?model=x", {}, True),  # mitmproxy writes https
        ("https://api.deepgram.com/v1/listen?model=x", {"_resourceType": "webSocket"}, True),
        ("https://api.deepgram.com/v1/listen?model=x", {"_resourceType": "xhr", "_webSocketMessages": None}, False),
        ("wss://api.deepgram.com/v1/listening?model=x", {}, False),
        ("wss://api.deepgram.com/v1/speak?path=/v1/listen", {}, False),
    ],
)
def test_a_connection_is_known_by_its_path(url: str, changes: dict[str, Any], taken: bool) -> None:
    entry = chrome_entry(request={"url": url}, **changes)
    if entry["_webSocketMessages"] is None:
        del entry["_webSocketMessages"]
    assert len(from_har(har_of(entry), "x.har")) == int(taken)


# --- refusals, losses, closes ---------------------------------------------------------------------------------------


def test_a_refused_upgrade_keeps_status_headers_and_body() -> None:
    body = '{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials."}'
    response = {
        "status": 401,
        "headers": [{"name": "DG-Error", "value": "Invalid credentials."}],
        "content": {"text": body},
    }
    (session,) = from_har(har_of(chrome_entry(response=response)), "x.har")
    assert session.recording.entries == (
        Refused(leg=0, wall_s=0.1, status=401, headers={"dg-error": "Invalid credentials."}, body=body),
        End(wall_s=0.1),
    )


@pytest.mark.parametrize("response", [None, {"status": 0, "headers": [], "content": {"text": None}}])
def test_an_upgrade_without_an_answer_is_a_lost_connection(response: Any) -> None:
    (session,) = from_har(har_of(chrome_entry(response=response)), "x.har")
    assert session.recording.entries == (
        Lost(leg=0, wall_s=0.1, audio_s=0.0, why="the upgrade was not answered"),
        End(wall_s=0.1, partial=True, why="the connection was lost"),
    )


def test_chromes_error_message_is_a_lost_connection() -> None:
    entry = chrome_entry(message("receive", 0.2, 1, "{}"), message("error", 0.5, -1, "net::ERR_CONNECTION_RESET"))
    (session,) = from_har(har_of(entry), "x.har")
    assert list(session.recording.of(Lost)) == [Lost(leg=0, wall_s=0.5, audio_s=0.0, why="net::ERR_CONNECTION_RESET")]
    assert session.recording.partial


def test_a_close_frame_is_read_where_a_tool_writes_one() -> None:
    close = {**message("receive", 0.5, 8, "bye"), "code": 1011}
    (session,) = from_har(har_of(chrome_entry(close)), "x.har")
    assert list(session.recording.of(Close)) == [
        Close(leg=0, direction=DOWN, wall_s=0.5, audio_s=0.0, code=1011, reason="bye")
    ]
    assert not session.recording.partial


def test_a_close_frame_without_a_code_is_1005() -> None:
    (session,) = from_har(har_of(chrome_entry(message("send", 0.5, 8, ""))), "x.har")
    assert [close.code for close in session.recording.of(Close)] == [1005]


def test_pings_and_pongs_are_passed_over() -> None:
    (session,) = from_har(har_of(chrome_entry(message("send", 0.1, 9, ""), message("receive", 0.2, 10, ""))), "x.har")
    assert [type(entry) for entry in session.recording.entries] == [Opened, End]


# --- secrets --------------------------------------------------------------------------------------------------------


def test_no_secret_of_the_request_enters_in_any_form() -> None:
    other = "eyJhbGciOiJIUzI1NiJ9.e30.abc-DEF_123"
    entry = chrome_entry(
        message("receive", 0.2, 1, f'{{"type":"Error","description":"bad key {KEY}"}}'),
        message("error", 0.5, -1, f"refused {other}"),
        {**message("receive", 0.6, 8, f"no {KEY}"), "code": 1008},
    )
    entry["request"]["url"] = f"wss://user:{KEY}@api.deepgram.com/v1/listen?model=nova-3&token={KEY}&tag={KEY}"
    entry["request"]["headers"] += [
        {"name": "Authorization", "value": f"Bearer {other}"},
        {"name": "Cookie", "value": "session=41"},
    ]
    entry["response"]["headers"] += [
        {"name": "X-Echo", "value": f"you sent {KEY}"},
        {"name": "Set-Cookie", "value": "session=41"},
        {"name": "Sec-WebSocket-Protocol", "value": KEY},
    ]
    (session,) = from_har(har_of(entry), "x.har")
    written = "".join(lines(session.recording)) + to_har(session.recording).decode()
    for secret in (KEY, other, "session=41", "user:"):
        assert secret not in written
    assert session.recording.header.query == "model=nova-3&tag=***"
    assert session.recording.header.replies == "api.deepgram.com"
    assert [text.text for text in session.recording.of(Text)] == ['{"type":"Error","description":"bad key ***"}']


def test_the_body_of_a_refusal_is_cleaned_too() -> None:
    response = {"status": 401, "headers": [], "content": {"text": f"unknown key {KEY}"}}
    (session,) = from_har(har_of(chrome_entry(response=response)), "x.har")
    assert [refused.body for refused in session.recording.of(Refused)] == ["unknown key ***"]


def test_a_secret_in_a_recordings_query_is_not_exported(recording: Recording) -> None:
    header = msgspec.structs.replace(recording.header, query=f"model=nova-3&token={KEY}")
    assert KEY.encode() not in to_har(replace(recording, header=header))


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "x.har: Input data was truncated; wanted a HAR file with log.entries"),
        (b"<html>", "x.har: JSON is malformed: invalid character (byte 0); wanted a HAR file with log.entries"),
        (b"[]", "x.har: Expected `object`, got `array`; wanted a HAR file with log.entries"),
        (
            b'{"log":{}}',
            "x.har: Object missing required field `entries` - at `$.log`; wanted a HAR file with log.entries",
        ),
        (b'{"log":{"entries":[{"x":"\xff"}]}}', "x.har: 'utf-8' codec can't decode byte 0xff"),
        (b'{"log":{"entries":' + b"[" * 100_000, "x.har: maximum recursion depth exceeded"),
    ],
    ids=["empty", "html", "array", "no-entries", "not-utf-8", "deep"],
)
def test_a_file_that_is_no_har_says_so(data: bytes, complaint: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_har(data, "x.har")
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (chrome_entry(startedDateTime="noon"), "x.har, entry 1: startedDateTime is 'noon'; wanted a date"),
        (chrome_entry(startedDateTime=None), "x.har, entry 1: Expected `str`, got `null` - at `$.startedDateTime`"),
        (
            chrome_entry({"type": "send"}),
            "x.har, entry 1: Object missing required field `time` - at `$._webSocketMessages[0]`",
        ),
        (
            chrome_entry(message("sent", 0.1, 1, "")),
            "x.har, entry 1, message 0: type 'sent'; wanted send, receive or error",
        ),
        (
            chrome_entry(message("send", 0.1, 1, ""), message("send", 0.2, 2, "not base64!")),
            "x.har, entry 1, message 1: data of a binary frame is no base64",
        ),
        (
            chrome_entry(message("send", 0.1, 2, "AA*AA")),
            "x.har, entry 1, message 0: data of a binary frame is no base64",
        ),
        (chrome_entry(message("send", 0.1, 2, "é")), "x.har, entry 1, message 0: data of a binary frame is no base64"),
        (
            chrome_entry({**message("send", 0.1, 2, ""), "_size": 10**12}),
            "x.har, entry 1, message 0: a frame of 1000000000000 bytes; at most 67108864 are read",
        ),
        (chrome_entry({**message("send", 0.1, 2, ""), "_size": -1}), "x.har, entry 1: Expected `int` >= 0"),
        (chrome_entry(message("send", 0.1, 1, "x" * 5_000_000)), "x.har, entry 1, message 0: its line in a recording"),
    ],
    ids=range(10),
)
def test_a_malformed_connection_is_named_with_its_entry_and_message(entry: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_har(har_of({"request": {"url": "https://app.example"}}, entry), "x.har")
    assert str(caught.value).startswith(complaint)


def test_a_file_that_is_too_large_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(har_import, "MAX_HAR_BYTES", 10)
    with pytest.raises(BadInput, match=r"^x\.har: 11 bytes; at most 10 are read$"):
        from_har(b"[" * 11, "x.har")

"""A list of Flux frames as a recording."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.recording.entries import Direction
from harness.recording.flux_frames import from_flux_frames, looks_like_flux_frames

URL = "wss://api.deepgram.com/v2/listen?model=flux-general-en&token=secret-secret&eot_threshold=0.7"
CONNECTED = '{"type":"Connected","request_id":"r","sequence_id":0}'
INFO = '{"type":"TurnInfo","audio_window_end":0.24,"novel":1.6800001}'


def session(*frames: object, url: object = URL) -> bytes:
    return json.dumps({"description": "x", "url": url, "frames": list(frames)}).encode()


def test_frames_stand_where_their_audio_ends() -> None:
    recording = from_flux_frames(session(CONNECTED, INFO, '{"type":"ConfigureSuccess"}'), "folder/taped.json")
    texts = list(recording.texts(Direction.DOWNSTREAM))

    assert [text.audio_s for text in texts] == [0.0, 0.24, 0.24]
    assert [text.wall_s for text in texts] == [0.0, 0.24, 0.24]
    assert texts[1].text == INFO
    assert recording.name == "taped"
    assert recording.request_id == "r"
    assert not recording.partial


def test_the_query_is_kept_without_its_secrets() -> None:
    header = from_flux_frames(session(CONNECTED), "x").header

    assert (header.path, header.query) == ("/v2/listen", "model=flux-general-en&eot_threshold=0.7")
    assert header.replies == "api.deepgram.com"


def test_the_real_session_is_read(shared: Path) -> None:
    path = shared / "recordings" / "flux-preamble" / "frames.json"
    recording = from_flux_frames(path.read_bytes(), str(path))

    assert len(list(recording.texts(Direction.DOWNSTREAM))) == 105
    assert max(text.audio_s for text in recording.texts(Direction.DOWNSTREAM)) == 21.92


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "x: "),
        (b'{"url":"wss://h/v2/listen"}', "x: .*frames.*wanted an object with the url of a Flux session"),
        (session("no JSON"), "x, frame 0: .*wanted a message with its type"),
        (session(CONNECTED, '{"audio_window_end":1}'), "x, frame 1: "),
        (session(CONNECTED, url="wss://[/v2/listen"), "x: url: "),
    ],
)
def test_what_is_no_such_session(data: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        from_flux_frames(data, "x")


def test_it_is_told_from_a_response() -> None:
    assert looks_like_flux_frames(session(CONNECTED))
    assert not looks_like_flux_frames(b'{"metadata":{},"results":{}}')
    assert not looks_like_flux_frames(b"\xff")

"""A small recording that every test of this room may start from."""

from __future__ import annotations

import hashlib

import pytest

from harness.recording.document import Recording
from harness.recording.entries import (
    Audio,
    Binary,
    Close,
    Direction,
    End,
    Header,
    Note,
    Opened,
    Side,
    Text,
)

SENT = bytes(range(256)) * 25


@pytest.fixture
def sent() -> bytes:
    """The audio of `recording`: 6,400 bytes, 0.2 s of 16 kHz linear16."""
    return SENT


@pytest.fixture
def recording() -> Recording:
    """One connection: two frames of audio, an answer, CloseStream, Metadata, close."""
    up, down = Direction.UPSTREAM, Direction.DOWNSTREAM
    header = Header(
        side=Side.CLIENT,
        path="/v1/listen",
        query="model=nova-3&encoding=linear16&sample_rate=16000",
        created="2026-11-19T22:41:07.318Z",
        tool="dgharness 0.1.0",
        replies="api.deepgram.com",
        synthetic=False,
    )
    opened = {"dg-request-id": "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b", "upgrade": "websocket"}
    metadata = (
        '{"type":"Metadata","transaction_key":"deprecated","request_id":"019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b",'
        '"sha256":"6d","created":"2026-11-19T22:41:07.318Z","duration":0.2,"channels":1}'
    )
    return Recording(
        header,
        (
            Opened(leg=0, wall_s=0.111, headers=opened),
            Binary(leg=0, direction=up, wall_s=0.2, audio_s=0.1, size=3200, due_s=0.2),
            Text(leg=0, direction=down, wall_s=0.25, audio_s=0.1, text='{"type":"Novel","start":2.0000002}'),
            Binary(leg=0, direction=up, wall_s=0.3, audio_s=0.2, size=3200, due_s=0.3),
            Text(leg=0, direction=up, wall_s=0.300001, audio_s=0.2, text='{"type":"CloseStream"}'),
            Note(leg=0, wall_s=0.31, audio_s=0.2, text="something to tell"),
            Text(leg=0, direction=down, wall_s=0.4, audio_s=0.2, text=metadata),
            Close(leg=0, direction=down, wall_s=0.41, audio_s=0.2, code=1000),
            Audio(
                sha256=hashlib.sha256(SENT).hexdigest(),
                size=len(SENT),
                duration_audio_s=0.2,
                encoding="linear16",
                sample_rate=16000,
                channels=1,
                source="call.wav",
            ),
            End(wall_s=0.42),
        ),
        name="call",
    )

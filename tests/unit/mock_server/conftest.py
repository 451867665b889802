"""A connection without a socket: what a client does goes in, what the server says and when comes out."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from harness.audio.decode import Audio, read_audio
from harness.protocol.options import ListenOptions, parse_query
from harness.recording.document import Recording
from harness.recording.entries import AnyEntry, Binary, Close, Direction, End, Header, Opened, Side, Text
from harness.recording.entries import Audio as AudioEntry
from mock_server.behaviour import ConnectionSettings
from mock_server.journal import Journal
from mock_server.library import Replies
from mock_server.listen_connection import ListenConnection
from mock_server.sources import Source
from tests.unit.mock_server.talk import OTHER_ID, RAW, REQUEST_ID, Talk

FIXTURES = Path(__file__).parents[3] / "fixtures"


TalkTo = Callable[..., Talk]


@pytest.fixture(scope="session")
def options() -> Callable[[str], ListenOptions]:
    """A query string's options."""

    def read(query: str = RAW) -> ListenOptions:
        parsed = parse_query(query)
        assert isinstance(parsed, ListenOptions), parsed
        return parsed

    return read


@pytest.fixture(scope="session")
def talk_to(options: Callable[[str], ListenOptions]) -> TalkTo:
    """Connect to a server that has these replies; a source alone answers whatever is sent."""

    def connect(
        replies: Replies | Source,
        query: str = RAW,
        *,
        request_id: str = REQUEST_ID,
        settings: ConnectionSettings | None = None,
    ) -> Talk:
        answering = replies if isinstance(replies, Replies) else Replies(always=replies)
        journal = Journal("/v1/listen", query, "2026-11-20T09:14:33.207Z", "dgharness test", 0.0)
        journal.opened({"dg-request-id": request_id}, 0.0)
        connection = ListenConnection(
            options(query),
            answering,
            request_id,
            "2026-11-20T09:14:33.207Z",
            journal,
            settings or ConnectionSettings(max_speed=None),
            0.0,
        )
        return Talk(connection)

    return connect


@pytest.fixture(scope="session")
def clip() -> Callable[[str], Audio]:
    """The audio of a clip of the fixtures, by its name."""
    manifest = tomllib.loads((FIXTURES / "manifest.toml").read_text())

    @cache
    def read(name: str) -> Audio:
        return read_audio(FIXTURES / manifest[name]["file"])

    return read


@pytest.fixture(scope="session")
def clip_path() -> Callable[[str], Path]:
    """Where the audio of a clip lies."""
    manifest = tomllib.loads((FIXTURES / "manifest.toml").read_text())
    return lambda name: FIXTURES / str(manifest[name]["file"])


@pytest.fixture(scope="session")
def client_recording() -> Callable[..., Recording]:
    """What a client would have recorded of a talk: its frames and the server's, on its own clock."""

    def record(talk: Talk, query: str, name: str = "taped", request_id: str = REQUEST_ID) -> Recording:
        journal = talk.connection.journal.recording()
        entries: list[AnyEntry] = [Opened(leg=0, wall_s=0.0, headers={"dg-request-id": request_id})]
        entries += [e for e in journal.entries if isinstance(e, Binary | Text | Close)]
        entries.append(
            AudioEntry(
                sha256=talk.metadata.sha256,
                size=sum(e.size for e in journal.audio_frames()),
                duration_audio_s=talk.connection.audio_s,
                encoding="linear16",
                sample_rate=16_000,
                channels=1,
            )
        )
        entries.append(End(wall_s=talk.now_s))
        header = Header(
            side=Side.CLIENT, path="/v1/listen", query=query, created="", tool="test", replies="mock", synthetic=True
        )
        return Recording(header, tuple(entries), name)

    return record


@dataclass
class Tape:
    """A recording written by hand, as a client would have: 16 kHz linear16 in 20 ms frames in real time."""

    query: str = RAW
    wall_s: float = 0.0
    audio_s: float = 0.0
    entries: list[AnyEntry] = field(default_factory=list)

    def audio(self, until_audio_s: float) -> Tape:
        while self.audio_s < until_audio_s - 1e-9:
            self.wall_s = round(self.wall_s + 0.02, 6)
            self.audio_s = round(self.audio_s + 0.02, 6)
            self.entries.append(
                Binary(leg=0, direction=Direction.UPSTREAM, wall_s=self.wall_s, audio_s=self.audio_s, size=640)
            )
        return self

    def up(self, text: str) -> Tape:
        return self._text(Direction.UPSTREAM, text, 0.0)

    def down(self, text: str, *, lag_wall_s: float = 0.0) -> Tape:
        return self._text(Direction.DOWNSTREAM, text, lag_wall_s)

    def recording(self, name: str = "taped") -> Recording:
        header = Header(
            side=Side.CLIENT, path="/v1/listen", query=self.query, created="", tool="test", replies="api.deepgram.com"
        )
        opened = Opened(leg=0, wall_s=0.0, headers={"dg-request-id": OTHER_ID})
        return Recording(header, (opened, *self.entries, End(wall_s=self.wall_s)), name)

    def _text(self, direction: Direction, text: str, lag_wall_s: float) -> Tape:
        self.wall_s = round(self.wall_s + lag_wall_s, 6)
        self.entries.append(Text(leg=0, direction=direction, wall_s=self.wall_s, audio_s=self.audio_s, text=text))
        return self


@pytest.fixture
def tape() -> Tape:
    """A new tape."""
    return Tape()


@pytest.fixture(scope="session")
def new_tape() -> type[Tape]:
    """The tape's class, for several of them."""
    return Tape


@pytest.fixture(scope="session")
def results_text() -> Callable[..., str]:
    """The literal text of Results, floats written as the live service may write them."""

    def text(
        start: str,
        duration: str,
        said: str = "",
        *,
        is_final: bool = True,
        speech_final: bool = False,
        from_finalize: bool = False,
        channel: str = "[0,1]",
        words: list[tuple[str, float, float]] | None = None,
        request_id: str = OTHER_ID,
    ) -> str:
        if words is None:
            tokens = said.split()
            step = float(duration) / max(1, len(tokens))
            words = [
                (token, round(float(start) + i * step, 4), round(float(start) + (i + 0.9) * step, 4))
                for i, token in enumerate(tokens)
            ]
        listed = ",".join(f'{{"word":"{w}","start":{s},"end":{e},"confidence":0.9871}}' for w, s, e in words)
        transcript = " ".join(word for word, _, _ in words)
        flags = [str(flag).lower() for flag in (is_final, speech_final, from_finalize)]
        return (
            f'{{"type":"Results","channel_index":{channel},"duration":{duration},"start":{start},'
            f'"is_final":{flags[0]},"speech_final":{flags[1]},"channel":{{"alternatives":[{{"transcript":"{transcript}",'
            f'"confidence":{0.9983 if words else 0.0},"words":[{listed}]}}]}},"metadata":{{"request_id":"{request_id}",'
            '"model_info":{"name":"general-nova-3","version":"2025-07-31.0","arch":"nova-3"},'
            f'"model_uuid":"5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f","novel":1}},"from_finalize":{flags[2]}}}'
        )

    return text

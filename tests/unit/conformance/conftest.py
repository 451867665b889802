"""Builds recordings by hand: a correct session to start from, and the moves to break it with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.conformance.findings import Verdict
from harness.conformance.judge import judge
from harness.recording.document import Recording
from harness.recording.entries import (
    AnyEntry,
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

QUERY = "model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true"
REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
BYTES_PER_SECOND = 32_000
UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


@dataclass
class Talk:
    """One session, written move by move; `wall_s` and the audio clock go on by themselves."""

    query: str = QUERY
    side: Side = Side.CLIENT
    path: str = "/v1/listen"
    bytes_per_second: int = BYTES_PER_SECOND
    leg: int = 0
    wall_s: float = 0.0
    audio_s: float = 0.0
    entries: list[AnyEntry] = field(default_factory=list)

    def opened(self, **headers: str) -> Talk:
        found = {name.replace("_", "-"): value for name, value in headers.items()} or {"dg-request-id": REQUEST_ID}
        self.entries.append(Opened(leg=self.leg, wall_s=self.wall_s, headers=found))
        return self

    def refused(self, status: int) -> Talk:
        self.entries.append(Refused(leg=self.leg, wall_s=self.wall_s, status=status))
        return self

    def reconnect(self) -> Talk:
        self.leg, self.audio_s = self.leg + 1, 0.0
        return self

    def wait(self, wall_s: float) -> Talk:
        self.wall_s += wall_s
        return self

    def frame(self, size: int = 640, *, due_s: float | None = None) -> Talk:
        """One binary frame now; the clocks: the audio counts it, the wall stands still."""
        self.audio_s += size / self.bytes_per_second
        self.entries.append(
            Binary(leg=self.leg, direction=UP, wall_s=self.wall_s, audio_s=self.audio_s, size=size, due_s=due_s)
        )
        return self

    def audio(self, seconds: float, size: int = 640, *, speed: float = 1.0) -> Talk:
        """So many seconds of audio in frames of one size, each followed by its own length of wall time."""
        for _ in range(round(seconds * self.bytes_per_second / size)):
            self.frame(size).wait(size / self.bytes_per_second / speed)
        return self

    def said(self, text: str) -> Talk:
        return self._text(DOWN, text)

    def says(self, kind: str, **fields: Any) -> Talk:
        """The server sends a message."""
        return self.said(json.dumps({"type": kind, **fields}))

    def tells(self, kind: str, **fields: Any) -> Talk:
        """The client sends a message."""
        return self._text(UP, json.dumps({"type": kind, **fields}, separators=(",", ":")))

    def told(self, text: str) -> Talk:
        return self._text(UP, text)

    def results(
        self,
        start: float,
        duration: float,
        text: str = "",
        *,
        final: bool = True,
        channel: tuple[int, int] = (0, 1),
        **changes: Any,
    ) -> Talk:
        """Results with one word for each word of the text, spread over the segment; `changes` replace fields."""
        words = text.split()
        step = duration / max(1, len(words))
        alternative = {
            "transcript": text,
            "confidence": 0.9 if words else 0.0,
            "words": [
                {"word": word, "start": start + step * place, "end": start + step * (place + 1), "confidence": 0.9}
                for place, word in enumerate(words)
            ],
        }
        fields: dict[str, Any] = {
            "channel_index": channel,
            "duration": duration,
            "start": start,
            "is_final": final,
            "speech_final": final,
            "channel": {"alternatives": [changes.pop("alternative", alternative)]},
            "metadata": {"request_id": changes.pop("request_id", REQUEST_ID)},
            "from_finalize": False,
        }
        return self.says("Results", **{**fields, **changes})

    def turn(
        self, number: int, event: str, window: tuple[float, float], text: str = "", index: int = 0, **more: Any
    ) -> Talk:
        """A TurnInfo with this `sequence_id`, of turn `index`."""
        words = [{"word": word, "confidence": 0.9} for word in text.split()]
        fields = {
            "request_id": REQUEST_ID,
            "event": event,
            "turn_index": index,
            "audio_window_start": window[0],
            "audio_window_end": window[1],
            "transcript": text,
            "words": words,
            "end_of_turn_confidence": 0.5,
            "sequence_id": number,
        }
        return self.says("TurnInfo", **{**fields, **more})

    def metadata(self, duration: float, **changes: Any) -> Talk:
        fields: dict[str, Any] = {
            "transaction_key": "deprecated",
            "request_id": REQUEST_ID,
            "sha256": "00" * 32,
            "created": "2026-11-20T09:14:33.207Z",
            "duration": duration,
            "channels": 1,
        }
        return self.says("Metadata", **{**fields, **changes})

    def close(self, direction: Direction = DOWN, code: int = 1000, reason: str = "") -> Talk:
        self.entries.append(
            Close(leg=self.leg, direction=direction, wall_s=self.wall_s, audio_s=self.audio_s, code=code, reason=reason)
        )
        return self

    def lost(self) -> Talk:
        self.entries.append(Lost(leg=self.leg, wall_s=self.wall_s, audio_s=self.audio_s, why="reset by peer"))
        return self

    def finish(self, duration: float | None = None) -> Talk:
        """CloseStream, Metadata, the server's close."""
        seconds = self.audio_s if duration is None else duration
        return self.tells("CloseStream").wait(0.1).metadata(seconds).close()

    def recording(self, *, partial: bool = False) -> Recording:
        header = Header(
            side=self.side,
            path=self.path,
            query=self.query,
            created="2026-11-20T09:14:33.207Z",
            tool="tests",
            replies="written by hand",
        )
        return Recording(header, (*self.entries, End(wall_s=self.wall_s, partial=partial)), "by hand")

    def judged(self, **arguments: Any) -> Verdict:
        return judge(self.recording(), **arguments)

    def _text(self, direction: Direction, text: str) -> Talk:
        self.entries.append(
            Text(leg=self.leg, direction=direction, wall_s=self.wall_s, audio_s=self.audio_s, text=text)
        )
        return self


@pytest.fixture
def talk() -> Callable[..., Talk]:
    """Makes an empty session."""
    return Talk


@pytest.fixture
def opened() -> Callable[..., Talk]:
    """Makes a session that was just opened."""
    return lambda **fields: Talk(**fields).opened()


@pytest.fixture
def spoken() -> Callable[..., Talk]:
    """Makes a session up to CloseStream: three seconds of audio, an interim, a final."""

    def make(**fields: Any) -> Talk:
        made = Talk(**fields).opened().audio(1).results(0, 1, "please book", final=False).audio(1)
        return made.results(0, 2, "please book a table").audio(1).results(2, 1, "for two")

    return make


@pytest.fixture
def rules_of() -> Callable[[Verdict], list[str]]:
    """The ids of what was found, in order."""
    return lambda verdict: [finding.rule for finding in verdict.findings]

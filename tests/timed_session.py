"""Sessions written by hand with every time known: frames of 100 ms from wall time 1.0 on, and messages when told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.recording.document import Recording
from harness.recording.entries import AnyEntry, Binary, Close, Direction, End, Header, Opened, Side, Text

QUERY = "model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true"
BEGAN_WALL_S = 1.0
FRAME_AUDIO_S = 0.1

Said = tuple[str, float, float]
"""A word with its start and end, seconds of the leg."""


@dataclass
class TimedSession:
    """One session; the audio of a leg runs at `speed`, and `finish` puts everything in order of wall time."""

    flux: bool = False
    side: Side = Side.CLIENT
    speed: float = 1.0
    due: bool = True
    leg: int = 0
    entries: list[tuple[float, int, AnyEntry]] = field(default_factory=list)
    sent: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    turn: int = 0
    source_audio_s: float | None = None

    def begins(self, source_audio_s: float) -> TimedSession:
        """The next frame begins there in the source."""
        self.source_audio_s = source_audio_s
        return self

    def audio(self, seconds: float, at_s: float | None = None) -> TimedSession:
        """Frames for so much audio, from `at_s` on or after the last frame of the leg."""
        frames = self.sent.setdefault(self.leg, [])
        if at_s is None:
            at_s = frames[-1][0] + FRAME_AUDIO_S / self.speed if frames else BEGAN_WALL_S
        audio_s = frames[-1][1] if frames else 0.0
        for number in range(round(seconds / FRAME_AUDIO_S)):
            wall_s = round(at_s + number * FRAME_AUDIO_S / self.speed, 6)
            audio_s = round(audio_s + FRAME_AUDIO_S, 6)
            frames.append((wall_s, audio_s))
            frame = Binary(
                leg=self.leg,
                direction=Direction.UPSTREAM,
                wall_s=wall_s,
                audio_s=audio_s,
                size=3200,
                due_s=wall_s if self.due else None,
                source_audio_s=self.source_audio_s,
            )
            self.source_audio_s = None
            self._put(wall_s, frame)
        return self

    def reconnect(self) -> TimedSession:
        """What follows is on the next leg."""
        self.leg += 1
        return self

    def interim(self, at_s: float, end: float, words: Iterable[Said], start: float = 0.0, **more: Any) -> TimedSession:
        """Results that are not final."""
        return self.results(at_s, start, end, words, is_final=False, **more)

    def final(self, at_s: float, end: float, words: Iterable[Said], start: float = 0.0, **more: Any) -> TimedSession:
        """Results that are final, and by an endpoint unless `speech_final` says otherwise."""
        return self.results(at_s, start, end, words, is_final=True, **{"speech_final": True, **more})

    def results(
        self, at_s: float, start: float, end: float, words: Iterable[Said], *, channel: int = 0, **more: Any
    ) -> TimedSession:
        """Results for the audio from `start` to `end`."""
        said = list(words)
        alternative = {
            "transcript": " ".join(word for word, _, _ in said),
            "confidence": 0.9,
            "words": [
                {"word": word.strip(".").lower(), "punctuated_word": word, "start": a, "end": b, "confidence": 0.9}
                for word, a, b in said
            ],
        }
        return self.down(
            at_s,
            "Results",
            channel_index=[channel, 2],
            start=start,
            duration=end - start,
            channel={"alternatives": [alternative]},
            metadata={"request_id": "r"},
            **more,
        )

    def turn_info(
        self, at_s: float, event: str, end: float, words: Iterable[Said], *, timed: bool = True, **more: Any
    ) -> TimedSession:
        """A TurnInfo for the window from 0 to `end`."""
        said = list(words)
        return self.down(
            at_s,
            "TurnInfo",
            request_id="r",
            event=event,
            turn_index=self.turn,
            audio_window_start=0.0,
            audio_window_end=end,
            transcript=" ".join(word for word, _, _ in said),
            words=[
                {"word": word, "confidence": 0.9, **({"start": a, "end": b} if timed else {})} for word, a, b in said
            ],
            end_of_turn_confidence=0.5,
            sequence_id=1,
            **more,
        )

    def down(self, at_s: float, kind: str, **fields: Any) -> TimedSession:
        """A message of the server."""
        return self._text(Direction.DOWNSTREAM, at_s, kind, fields)

    def up(self, at_s: float, kind: str) -> TimedSession:
        """A message of the client."""
        return self._text(Direction.UPSTREAM, at_s, kind, {})

    def close(self, at_s: float) -> TimedSession:
        """The server's close frame."""
        self._put(at_s, Close(leg=self.leg, direction=Direction.DOWNSTREAM, wall_s=at_s, audio_s=0.0, code=1000))
        return self

    def finish(self, *, shift_s: float = 0.0, late_s: float = 0.0) -> Recording:
        """The recording; every wall time moved by `shift_s`, what the server said by `late_s` besides."""
        opened: list[AnyEntry] = [Opened(leg=leg, wall_s=shift_s, headers={}) for leg in sorted(self.sent)[:1]]
        timed = sorted(
            (wall_s + (late_s if _from_server(entry) else 0.0), order, entry) for wall_s, order, entry in self.entries
        )
        entries = [self._moved(entry, wall_s, shift_s) for wall_s, _, entry in timed]
        header = Header(
            side=self.side,
            path="/v2/listen" if self.flux else "/v1/listen",
            query=QUERY,
            created="2026-11-20T09:14:33.207Z",
            tool="tests",
            replies="written by hand",
        )
        last_s = max((wall_s for wall_s, _, _ in timed), default=0.0) + shift_s
        return Recording(header, (*opened, *entries, End(wall_s=last_s)), "by hand")

    def _text(self, direction: Direction, at_s: float, kind: str, fields: dict[str, Any]) -> TimedSession:
        text = json.dumps({"type": kind, **fields})
        self._put(at_s, Text(leg=self.leg, direction=direction, wall_s=at_s, audio_s=0.0, text=text))
        return self

    def _put(self, wall_s: float, entry: AnyEntry) -> None:
        self.entries.append((wall_s, len(self.entries), entry))

    def _moved(self, entry: AnyEntry, wall_s: float, shift_s: float) -> AnyEntry:
        from msgspec.structs import replace

        if isinstance(entry, Binary):
            due_s = None if entry.due_s is None else entry.due_s + shift_s
            return replace(entry, wall_s=wall_s + shift_s, due_s=due_s)
        assert isinstance(entry, Text | Close)
        sent = [audio_s for sent_s, audio_s in self.sent.get(entry.leg, []) if sent_s <= wall_s]
        return replace(entry, wall_s=wall_s + shift_s, audio_s=max(sent, default=0.0))


def _from_server(entry: AnyEntry) -> bool:
    return isinstance(entry, Text | Close) and entry.direction is Direction.DOWNSTREAM

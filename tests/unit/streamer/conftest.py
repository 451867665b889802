"""A streaming client whose server is the test itself: it says what it likes, when it likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from msgspec.structs import replace

from harness.audio.format import AudioFormat
from harness.protocol.codec import encode
from harness.protocol.messages import Alternative, Channel, Message, Results, ResultsMetadata, Word
from harness.recording.entries import Binary, Direction, Header, Side, Text
from harness.streamer.actions import Action, Connect, HangUp, SendAudio, SendText
from harness.streamer.machine import Streamer
from harness.streamer.notes import Notes, StreamOutcome
from harness.streamer.settings import StreamSettings

FMT = AudioFormat(sample_rate=1000)
"""1000 frames a second: a byte position halved is milliseconds."""

MakeWord = Callable[..., Word]
MakeFinal = Callable[..., Results]


@dataclass
class Client:
    """The machine, a clock, and everything it asked for.

    Attributes:
        now_s: the virtual clock.
        done: what it asked for, with the time of each.
        fed_frames: how much audio the source gave it.
    """

    settings: StreamSettings
    seed: int = 0
    header: bytes = b""
    now_s: float = 1000.0
    done: list[tuple[float, Action]] = field(default_factory=list)
    fed_frames: int = 0

    def __post_init__(self) -> None:
        self.notes = Notes(FMT, "made up", None, self.now_s, container="wav" if self.header else None)
        rng = Random(self.seed)
        self.machine = Streamer(FMT, self.settings, rng, self.notes, "here", self.now_s, header=self.header)

    def feed(self, audio_s: float) -> None:
        """The source gives so much audio; the bytes are its own positions, so that they can be told apart."""
        frames = range(self.fed_frames, self.fed_frames + round(audio_s * FMT.sample_rate))
        self.fed_frames = frames.stop
        self.machine.feed(b"".join((frame % 65536).to_bytes(2, "little") for frame in frames), self.now_s)

    def end(self) -> None:
        self.machine.end_of_source()

    def did(self, actions: list[Action]) -> list[Action]:
        self.done += [(self.now_s, action) for action in actions]
        return actions

    def begin(self) -> list[Action]:
        return self.did(self.machine.begin())

    def open(self) -> list[Action]:
        return self.did(self.machine.connected({}, self.now_s))

    def run_to(self, until_s: float) -> None:
        """Let time pass, waking the machine whenever it wants to be."""
        for _ in range(100_000):
            wakeup_s = self.machine.next_wakeup_s
            if wakeup_s is None or wakeup_s > until_s:
                break
            self.now_s = max(self.now_s, wakeup_s)
            self.did(self.machine.wake(self.now_s))
        else:
            pytest.fail(f"woken for ever at {self.now_s}")
        self.now_s = until_s

    def run_for(self, duration_s: float) -> None:
        self.run_to(self.now_s + duration_s)

    def hear(self, message: Message) -> None:
        self.machine.receive_text(encode(message), self.now_s)

    def cut(self, code: int = 1006, reason: str = "cut") -> None:
        self.machine.closed(code, reason, self.now_s)

    @property
    def said(self) -> list[str]:
        """Every text frame sent."""
        return [action.text for _, action in self.done if isinstance(action, SendText)]

    @property
    def connects(self) -> list[float]:
        """When it wanted a connection, in seconds since the first."""
        times = [at for at, action in self.done if isinstance(action, Connect)]
        return [round(at - times[0], 6) for at in times]

    @property
    def hang_ups(self) -> int:
        return sum(isinstance(action, HangUp) for _, action in self.done)

    @property
    def frames(self) -> list[tuple[float, bytes]]:
        """Every binary frame, with its time."""
        return [(at, action.data) for at, action in self.done if isinstance(action, SendAudio)]

    def sent(self, leg: int) -> list[tuple[float, float]]:
        """What of the source went out on one connection, in seconds."""
        return [(span.start / 1000, span.end / 1000) for span in self.machine.ledger().sent if span.leg == leg]

    def outcome(self) -> StreamOutcome:
        self.notes.end()
        header = Header(
            side=Side.CLIENT, path="/", query="", created="2026-01-01T00:00:00Z", tool="test", replies="test"
        )
        return self.notes.outcome(header, self.machine.ledger())

    def upstream(self) -> list[Binary | Text]:
        """What the notes have of our own frames."""
        entries = self.outcome().recording.entries
        return [e for e in entries if isinstance(e, Binary | Text) and e.direction is Direction.UPSTREAM]


@pytest.fixture
def client() -> Callable[..., Client]:
    """client(settings, seed=0) -> Client, not begun yet."""
    return Client


@pytest.fixture
def word() -> MakeWord:
    """word(text, start, end) -> Word."""

    def make(text: str, start: float, end: float) -> Word:
        return Word(word=text, start=start, end=end, confidence=0.9)

    return make


@pytest.fixture
def final(word: MakeWord) -> MakeFinal:
    """final(start, end, *(text, start, end), channel=(0, 1), is_final=True, **fields of Results) -> Results."""

    def make(
        start: float,
        end: float,
        *said: tuple[str, float, float],
        channel: tuple[int, int] = (0, 1),
        is_final: bool = True,
        **more: object,
    ) -> Results:
        words = tuple(word(*one) for one in said)
        text = " ".join(one.word for one in words)
        results = Results(
            channel_index=channel,
            start=start,
            duration=round(end - start, 6),
            is_final=is_final,
            channel=Channel(alternatives=(Alternative(transcript=text, confidence=0.9, words=words),)),
            metadata=ResultsMetadata(request_id="r"),
        )
        return replace(results, **more)

    return make

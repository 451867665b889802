"""Whatever a client does, a connection never raises, never speaks after its close, and ends in true figures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from harness.audio.decode import encode, read_audio
from harness.audio.format import AudioFormat
from harness.conformance.findings import Blame
from harness.conformance.judge import judge
from harness.protocol.codec import decode_server
from harness.protocol.messages import MalformedMessage, Metadata, Results, UnknownMessage
from harness.protocol.options import ListenOptions, parse_query
from mock_server.behaviour import ConnectionSettings
from mock_server.connection import Action
from mock_server.faults.steps import SendClose, SendText
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Known, Replies
from mock_server.listen_connection import ListenConnection
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken

FIXTURES = Path(__file__).parents[2] / "fixtures" / "audio"
REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
RAW = "model=nova-3&encoding=linear16&sample_rate=16000"
SAY = SpokenSource("say", spoken("Please book a table for two. Tomorrow at seven, by the window, if you can."))
QUERIES = [
    RAW,
    RAW + "&interim_results=true&vad_events=true&utterance_end_ms=1000",
    RAW + "&interim_results=true&endpointing=false&punctuate=true",
    RAW + "&channels=2&multichannel=true&interim_results=true",
    "model=nova-2",
    "model=nova-3&multichannel=true",
    "model=nova-3&encoding=opus&sample_rate=48000",
]
TEXTS = [
    '{"type":"KeepAlive"}',
    '{"type":"Finalize"}',
    '{"type":"Finalize","channel":0}',
    '{"type":"Finalize","channel":99}',
    '{"type":"Configure","keyterms":["a"]}',
    '{"type":"Configure","features":{"numerals":true}}',
    '{"type":"Sync","id":3}',
    '{"type":"Flush"}',
    "not json",
    "",
]


@cache
def _booking() -> bytes:
    return encode(read_audio(FIXTURES / "booking.wav"), AudioFormat())


@cache
def _library() -> Replies:
    clips = [
        Known(SpokenSource(name, spoken(f"this is {name}")), audio=read_audio(FIXTURES / f"{name}.wav"))
        for name in ("booking", "command")
    ]
    return Replies(clips)


REPLIES: dict[str, Callable[[], Replies]] = {
    "always": lambda: Replies(always=SAY),
    "library": _library,
    "nothing": Replies,
    "silence": lambda: Replies(unknown_is_silence=True),
}


class Client(RuleBasedStateMachine):
    """A client of random behaviour and random moods."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.sent, self.packets = b"", 0
        self.said: list[str] = []
        self.finalized = self.asked_to_close = self.gone = False
        self.close: SendClose | None = None
        self.legs = Legs()

    @initialize(query=st.sampled_from(QUERIES), replies=st.sampled_from(sorted(REPLIES)))
    def connect(self, query: str, replies: str) -> None:
        self.query, self.replies = query, replies
        self._open()

    def _open(self) -> None:
        options = parse_query(self.query)
        assert isinstance(options, ListenOptions)
        self.options = options
        journal = Journal("/v1/listen", self.query, "2026-11-20T09:14:33.207Z", "test", self.now_s)
        journal.opened({"dg-request-id": REQUEST_ID}, self.now_s)
        self.connection = ListenConnection(
            options,
            REPLIES[self.replies](),
            REQUEST_ID,
            "2026-11-20T09:14:33.207Z",
            journal,
            ConnectionSettings(),
            self.now_s,
            legs=self.legs,
            client=self.query,
        )

    @rule(size=st.sampled_from([1, 3, 641, 32_000, 96_000, 200_000]), speech=st.booleans())
    def audio(self, size: int, speech: bool) -> None:
        at = len(self.sent)
        data = (_booking()[at : at + size] if speech else b"").ljust(size, b"\0")
        self._sent(data)
        self._take(self.connection.receive_binary(data, self.now_s))

    @rule(text=st.sampled_from(TEXTS))
    def text(self, text: str) -> None:
        if self._open_still() and "Finalize" in text:
            self.finalized = True
        self._take(self.connection.receive_text(text, self.now_s))

    @rule(empty_frame=st.booleans())
    def close_stream(self, empty_frame: bool) -> None:
        self.asked_to_close = self.asked_to_close or self._open_still()
        if empty_frame:
            self._take(self.connection.receive_binary(b"", self.now_s))
        else:
            self._take(self.connection.receive_text('{"type":"CloseStream"}', self.now_s))

    @rule(duration_s=st.sampled_from([0.0, 0.02, 0.3, 4.0, 11.0]))
    def wait(self, duration_s: float) -> None:
        until_s = self.now_s + duration_s
        while (wakeup_s := self.connection.next_wakeup_s) is not None and wakeup_s <= until_s:
            assert wakeup_s >= self.now_s
            self.now_s = wakeup_s
            self._take(self.connection.wake(self.now_s))
        self.now_s = until_s

    @rule(early_s=st.floats(0, 1))
    def wake_for_nothing(self, early_s: float) -> None:
        self.now_s += early_s
        self._take(self.connection.wake(self.now_s))

    @precondition(lambda self: not self.gone)
    @rule(code=st.sampled_from([1000, 1001, 1005, 1006]))
    def leave(self, code: int) -> None:
        self.gone = True
        if not self.connection.closed:
            self.asked_to_close = False  # it did not wait for what is still being transcribed
        self.connection.receive_close(code, "", self.now_s)

    @precondition(lambda self: self.gone)
    @rule()
    def come_back(self) -> None:
        self.connection.finish(self.now_s)
        self.sent, self.packets, self.said, self.close = b"", 0, [], None
        self.finalized = self.asked_to_close = self.gone = False
        self._open()

    @invariant()
    def a_wake_leaves_nothing_due(self) -> None:
        if not hasattr(self, "connection"):
            return
        self._take(self.connection.wake(self.now_s))
        wakeup_s = self.connection.next_wakeup_s
        assert wakeup_s is None or wakeup_s > self.now_s
        assert wakeup_s is None or not self.connection.closed

    def teardown(self) -> None:
        if not hasattr(self, "connection"):
            return
        if self.asked_to_close:
            self.wait(len(self.sent) / 4_000)  # a burst is transcribed in its own time
        messages = [decode_server(text).message for text in self.said]
        assert not any(isinstance(message, MalformedMessage | UnknownMessage) for message in messages)
        metadata = [message for message in messages if isinstance(message, Metadata)]
        refused = self.close is not None and self.close.reason.startswith("dgharness")
        if self.asked_to_close and not refused:
            assert self.close == SendClose(1000, "")
            assert metadata == [messages[-1]]
            self._assert_true(metadata[0])
        else:
            assert metadata == []
        results = [message for message in messages if isinstance(message, Results)]
        assert self.finalized or not any(message.from_finalize for message in results)
        self.connection.finish(self.now_s)
        assert judge(self.connection.journal.recording()).of(Blame.SERVER) == ()

    def _assert_true(self, metadata: Metadata) -> None:
        raw = self.options.raw_format
        assert metadata.sha256 == hashlib.sha256(self.sent).hexdigest()
        if raw is None and self.options.encoding is not None:
            # What random bytes are as Opus is the decoder's to say: a packet holds 120 ms at most (RFC 6716, 3.2.5).
            assert 0 <= metadata.duration <= 0.12 * self.packets + 1e-6
            assert metadata.channels == (1 if metadata.duration else 0)
            return
        assert metadata.duration == pytest.approx(raw.seconds(len(self.sent)) if raw else 0.0, abs=1e-6)
        assert metadata.channels == (raw.channels if raw and self.sent else 0)

    def _open_still(self) -> bool:
        return not self.gone and not self.connection.closed

    def _sent(self, data: bytes) -> None:
        if self._open_still() and not self.asked_to_close:
            self.sent += data
            self.packets += 1

    def _take(self, actions: list[Action]) -> None:
        for action in actions:
            assert self.close is None
            assert not self.gone
            match action:
                case SendText(text):
                    self.said.append(text)
                case SendClose():
                    self.close = action


Client.TestCase.settings = settings(max_examples=600, stateful_step_count=30)
TestClient = Client.TestCase

"""A client's and a server's session joined in memory: no legal conversation is ever a violation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from harness.errors import LocalProtocolError
from harness.protocol.messages import CloseStream, Configure, Finalize, KeepAlive, SpeechStarted, Sync
from harness.protocol.session import (
    AudioReceived,
    Closed,
    CloseStreamReceived,
    Event,
    ListenSession,
    MessageReceived,
    Role,
    State,
    TimerFired,
    Violation,
)

WIRE = Path(__file__).parents[2] / "fixtures" / "wire"
METADATA = (WIRE / "metadata.json").read_text(encoding="utf-8").strip()
OUTPUTS = [
    (WIRE / f"{name}.json").read_text(encoding="utf-8").strip()
    for name in ("results-interim", "results-final", "results-silence", "utterance-end", "error-schema", "sync")
]
CONTROLS = [KeepAlive(), Finalize(), Finalize(channel=1), Configure(keyterms=("quill",)), Sync(id=4)]
ORDER = list(State)

Delivery = Callable[[float], list[Event]]


class Conversation(RuleBasedStateMachine):
    """Both ends, and what is under way between them; frames keep their order, delivery takes as long as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self.client = ListenSession(Role.CLIENT, self.now_s)
        self.server = ListenSession(Role.SERVER, self.now_s)
        self.upstream: deque[Delivery] = deque()
        self.downstream: deque[Delivery] = deque()
        self.sent = bytearray()
        self.heard = bytearray()
        self.said: list[str] = []
        self.read: list[str] = []
        self.passed = {Role.CLIENT: [State.OPEN], Role.SERVER: [State.OPEN]}

    # --- the client ---

    @precondition(lambda self: self.client.state is State.OPEN)
    @rule(data=st.binary(min_size=1, max_size=8))
    def client_sends_audio(self, data: bytes) -> None:
        self.client.send_audio(data, self.now_s)
        self.sent += data
        self.upstream.append(lambda now_s: self.server.receive_binary(data, now_s))

    @precondition(lambda self: self.client.state is State.OPEN)
    @rule(message=st.sampled_from(CONTROLS))
    def client_sends_control(self, message: KeepAlive) -> None:
        text = self.client.send(message, self.now_s)
        self.upstream.append(lambda now_s: self.server.receive_text(text, now_s))

    @precondition(lambda self: self.client.state is State.OPEN)
    @rule()
    def client_says_it_is_done(self) -> None:
        text = self.client.send(CloseStream(), self.now_s)
        self.upstream.append(lambda now_s: self.server.receive_text(text, now_s))

    @precondition(lambda self: self.client.state is not State.CLOSED)
    @rule()
    def client_closes(self) -> None:
        self.client.send_close(self.now_s)
        self.upstream.append(self._close_at_server)

    # --- the server ---

    @precondition(lambda self: self.server.state in (State.OPEN, State.FINISHING))
    @rule(text=st.sampled_from(OUTPUTS))
    def server_says_something(self, text: str) -> None:
        self.server.send_text(text, self.now_s)
        self._under_way_downstream(text)

    @precondition(lambda self: self.server.state in (State.OPEN, State.FINISHING))
    @rule()
    def server_hears_speech(self) -> None:
        self._under_way_downstream(self.server.send(SpeechStarted(channel=(0, 1), timestamp=0.5), self.now_s))

    @precondition(lambda self: self.server.state is State.FINISHING)
    @rule()
    def server_sends_metadata(self) -> None:
        self.server.send_text(METADATA, self.now_s)
        self._under_way_downstream(METADATA)

    @precondition(lambda self: self.server.state is not State.CLOSED)
    @rule(code=st.sampled_from([1000, 1008, 1011]))
    def server_closes(self, code: int) -> None:
        self.server.send_close(self.now_s)
        self.downstream.append(lambda now_s: self._close_at_client(code, now_s))

    # --- the network ---

    @precondition(lambda self: self.upstream)
    @rule()
    def upstream_arrives(self) -> None:
        self._take(self.upstream.popleft()(self.now_s))

    @precondition(lambda self: self.downstream)
    @rule()
    def downstream_arrives(self) -> None:
        self._take(self.downstream.popleft()(self.now_s))

    # --- time ---

    @rule(duration_s=st.floats(0.0, 40.0))
    def time_passes(self, duration_s: float) -> None:
        self.now_s += duration_s
        for session in (self.client, self.server):
            for event in session.wake(self.now_s):
                assert isinstance(event, TimerFired)
            assert session.wake(self.now_s) == [], "a timer that was reported is not reported again"
            assert session.next_wakeup_s is None or session.next_wakeup_s > self.now_s

    # --- laws ---

    @invariant()
    def what_arrived_is_what_was_sent(self) -> None:
        assert self.sent.startswith(self.heard)
        assert self.said[: len(self.read)] == self.read

    @invariant()
    def states_only_go_forward(self) -> None:
        for session in (self.client, self.server):
            passed = self.passed[session.role]
            assert ORDER.index(session.state) >= ORDER.index(passed[-1])
            passed.append(session.state)

    @invariant()
    def a_closed_session_wants_nothing_and_allows_nothing(self) -> None:
        for session in (self.client, self.server):
            if session.state is State.CLOSED:
                assert session.next_wakeup_s is None
                self._must_refuse(session)

    def teardown(self) -> None:
        """Whatever is still under way arrives, and then both ends have read everything."""
        while self.upstream or self.downstream:
            self._take((self.upstream or self.downstream).popleft()(self.now_s))
        assert self.heard == self.sent
        assert self.read == self.said

    # --- helpers ---

    def _under_way_downstream(self, text: str) -> None:
        self.said.append(text)
        self.downstream.append(lambda now_s: self.client.receive_text(text, now_s))

    def _close_at_server(self, now_s: float) -> list[Event]:
        if self.server.state is not State.CLOSED:  # RFC 6455, 5.5.1: a close frame is answered by a close frame
            self.downstream.append(lambda later_s: self.client.receive_close(1000, "", later_s))
        return self.server.receive_close(1000, "", now_s)

    def _close_at_client(self, code: int, now_s: float) -> list[Event]:
        if self.client.state is not State.CLOSED:
            self.upstream.append(lambda later_s: self.server.receive_close(code, "", later_s))
        return self.client.receive_close(code, "", now_s)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            assert not isinstance(event, Violation), event
            match event:
                case AudioReceived(data):
                    self.heard += data
                case MessageReceived(decoded) if decoded.text in (METADATA, *OUTPUTS, SPEECH_STARTED):
                    self._note_read(decoded.text)
                case Closed(after=after):
                    assert after is not State.CLOSED
                case CloseStreamReceived(empty_frame=empty_frame):
                    assert not empty_frame

    def _note_read(self, text: str) -> None:
        # `Sync` has the same text both ways: only what the server said counts here.
        if len(self.read) < len(self.said) and self.said[len(self.read)] == text:
            self.read.append(text)

    def _must_refuse(self, session: ListenSession) -> None:
        try:
            session.send_close(self.now_s)
        except LocalProtocolError:
            return
        raise AssertionError("a second close was allowed")


SPEECH_STARTED = '{"type":"SpeechStarted","channel":[0,1],"timestamp":0.5}'

TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=150, stateful_step_count=40)

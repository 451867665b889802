"""What the connections of both endpoints do alike, pure: frames and times in, actions out.

What a client sends is heard and noted, what it asks for is done once all audio before it was transcribed, and what is
said to it is noted as it goes out. The endpoints know what that is: `listen_connection` and `flux_connection`.

No socket, no clock: the WebSocket shell executes the actions, a simulation may do the same in virtual time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from harness.protocol.closing import CUT, NORMAL, CloseReason, ReasonStyle
from harness.protocol.flux_session import FluxEvent, FluxMessageReceived, FluxSession
from harness.protocol.session import (
    AudioReceived,
    Closed,
    CloseStreamReceived,
    Event,
    ListenSession,
    MessageReceived,
    State,
    TimerFired,
    TimerKind,
    Violation,
)
from harness.recording.entries import Direction
from mock_server.faults.steps import SendClose, SendText
from mock_server.hearing import Hearing
from mock_server.journal import Journal
from mock_server.library import Unidentified
from mock_server.script import TOLERANCE_AUDIO_S
from mock_server.throttle import Throttle
from mock_server.transcriber import LiveTranscriber, LiveTurns, News, Transcriber, Turns, nobody_waits

Action: TypeAlias = SendText | SendClose
"""What is to be done to the socket."""

Fulfil: TypeAlias = Callable[[float], list[Action]]
"""Does what was asked for, now."""


@dataclass(frozen=True)
class Waiting:
    """A request that is fulfilled once all audio before it was transcribed, and `ready` agrees."""

    audio_s: float
    fulfil: Fulfil
    ready: Callable[[], bool]


class Connection(ABC):
    """What the server does on one streaming connection.

    Args:
        request_id: of this connection.
        session: of the endpoint.
        hearing: takes in the audio.
        journal: takes note of everything.
        processing_speed: audio seconds transcribed in a second at most; None transcribes everything at once.
        reason_style: how close reasons are worded.
        now_s: monotonic seconds at the upgrade.

    Attributes:
        closed_in_order: whether the client answered our last close frame, and so has everything.
        on_news: called, from any thread, when `wake` should be called though no time was named for it.
    """

    _answers_to_close: ClassVar[frozenset[int]] = frozenset({NORMAL})
    """The codes with which a client may answer our close frame."""

    def __init__(
        self,
        request_id: str,
        session: ListenSession | FluxSession,
        hearing: Hearing,
        journal: Journal,
        processing_speed: float | None,
        reason_style: ReasonStyle,
        now_s: float,
    ) -> None:
        self.request_id = request_id
        self.journal = journal
        self.closed_in_order = False
        self.on_news: News = nobody_waits
        self._session = session
        self._hearing = hearing
        self._throttle = Throttle(processing_speed, now_s)
        self._reason_style = reason_style
        self._transcriber: Transcriber | Turns | None = None
        self._live: LiveTranscriber | LiveTurns | None = None
        self._waiting: deque[Waiting] = deque()
        self._ending = False  # the client has asked to close

    # --- what the client did ----------------------------------------------------------------------------------------

    def receive_text(self, text: str, now_s: float) -> list[Action]:
        """One text frame."""
        self.journal.text(Direction.UPSTREAM, text, now_s, self.audio_s)
        return self._handle(self._session.receive_text(text, now_s), now_s)

    def receive_binary(self, data: bytes, now_s: float) -> list[Action]:
        """One binary frame."""
        events = self._session.receive_binary(data, now_s)
        if self._session.state is State.OPEN:
            self._hearing.hear(data, now_s)
            self._hand_on()
        self.journal.binary(data, now_s, self.audio_s)
        return self._handle(events, now_s)

    def receive_ping(self, now_s: float) -> None:
        """A ping, which is answered beside this."""
        self._session.receive_ping(now_s)

    def receive_close(self, code: int, reason: str, now_s: float) -> None:
        """The connection is over; 1005 is a close frame without a code, 1006 none at all."""
        # Only a client that answers our last close frame has everything; any other may come back for the rest.
        self.closed_in_order = self.closed and code in self._answers_to_close
        self._session.receive_close(code, reason, now_s)
        self.journal.closed_by_client(code, reason, now_s, self.audio_s)

    def let_go(self, why: str, now_s: float) -> None:
        """The server itself has cut the connection, without a close frame."""
        self._session.receive_close(CUT, "", now_s)
        self.journal.cut_by_server(why, now_s, self.audio_s)

    def wake(self, now_s: float) -> list[Action]:
        """The time asked for has come."""
        if self.closed:
            return []
        return self._proceed(now_s) + self._time_out(now_s)

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest."""
        if self.closed:
            return None
        waits = self._deadlines()
        if self._transcriber is not None:
            waits.append(self._transcriber.next_wakeup_s)
        if self._throttle.behind and self._idle():
            waits.append(self._backlog_wakeup_s)
        return min((wait for wait in waits if wait is not None), default=None)

    @property
    def audio_s(self) -> float:
        """Seconds of audio received."""
        return self._hearing.decoder.audio_s

    @property
    def closed(self) -> bool:
        """Whether nothing more can be said."""
        return self._session.state is State.CLOSED

    def finish(self, now_s: float) -> None:
        """Put what was received and how it ended into the journal; called once, when the socket is gone."""
        if self._live is not None:
            self._live.abandon()
        self._hearing.finish(now_s, finished=self.closed_in_order)

    # --- what follows from it ---------------------------------------------------------------------------------------

    def _handle(self, events: Iterable[Event | FluxEvent], now_s: float) -> list[Action]:
        return [action for event in events for action in self._react(event, now_s)]

    def _react(self, event: Event | FluxEvent, now_s: float) -> list[Action]:
        if self._session.state is State.CLOSED:
            return []
        match event:
            case AudioReceived():
                return self._audio_came(now_s)
            case MessageReceived(decoded) | FluxMessageReceived(decoded):
                return self._answer(decoded.message, decoded.text, now_s) if self._session.state is State.OPEN else []
            case CloseStreamReceived():
                return self._close_stream(now_s)
            case TimerFired(kind):
                return self._give_up(CloseReason.NET_0001 if kind is TimerKind.IDLE else CloseReason.NET_0000, now_s)
            case Violation() | Closed():
                return []  # noted in the journal; the judge speaks of it

    def _deadlines(self) -> list[float | None]:
        """When the client will have been silent for too long."""
        return [self._session.next_wakeup_s]

    def _time_out(self, now_s: float) -> list[Action]:
        return self._handle(self._session.wake(now_s), now_s)

    def _audio_came(self, now_s: float) -> list[Action]:
        if self._session.state is not State.OPEN:
            return []
        if self._hearing.unidentified is not None:
            return self._refuse(self._hearing.unidentified, now_s)
        if self._hearing.decoder.undecodable and self._refuses_undecodable:
            return self._give_up(CloseReason.DATA_0000, now_s)
        return self._proceed(now_s)

    def _close_stream(self, now_s: float) -> list[Action]:
        if self._session.state is not State.FINISHING or self._ending:
            return []
        self._ending = True
        self._hearing.end()
        self._hand_on()
        if self._hearing.unidentified is not None:
            return self._refuse(self._hearing.unidentified, now_s)
        self._wait(self._flush)
        return self._in_turn(self._finish_stream, now_s)

    def _refuse(self, why: Unidentified, now_s: float) -> list[Action]:
        self.journal.note(why.sentence, now_s, self.audio_s)
        return self._close_unidentified(why.sentence, now_s)

    # --- in the order of the stream ---------------------------------------------------------------------------------

    def _hand_on(self) -> None:
        """Begin, once it is known whose audio this is; a recogniser hears what was decoded."""
        if self._transcriber is None:
            self._begin()
        if self._live is not None:
            for samples in self._hearing.take_samples():
                self._live.hear(samples)

    def _in_turn(self, fulfil: Fulfil, now_s: float, ready: Callable[[], bool] | None = None) -> list[Action]:
        """Do it once all audio before it was transcribed."""
        self._wait(fulfil, ready)
        return self._proceed(now_s)

    def _wait(self, fulfil: Fulfil, ready: Callable[[], bool] | None = None) -> None:
        self._waiting.append(Waiting(self.audio_s, fulfil, ready or self._idle))

    def _idle(self) -> bool:
        """Whether everything was said about the audio that is transcribed, and the transcriber can be asked more."""
        return self._transcriber is None or not self._transcriber.busy

    def _proceed(self, now_s: float) -> list[Action]:
        """What the audio transcribed by now brings about, and the requests that stood between it."""
        actions: list[Action] = []
        processed_audio_s = self._throttle.advance(self.audio_s, now_s)
        while self._waiting and self._waiting[0].audio_s <= processed_audio_s + TOLERANCE_AUDIO_S:
            waiting = self._waiting[0]
            actions += self._transcribe(waiting.audio_s, now_s)
            if not waiting.ready():
                return actions
            self._waiting.popleft()
            actions += waiting.fulfil(now_s)
            if self.closed:
                return actions
        actions += self._transcribe(processed_audio_s, now_s)
        return actions

    # --- saying it --------------------------------------------------------------------------------------------------

    def _say(self, texts: Iterable[str], now_s: float) -> list[Action]:
        actions: list[Action] = []
        for text in texts:
            self._session.send_text(text, now_s)
            self.journal.text(Direction.DOWNSTREAM, text, now_s, self.audio_s)
            actions += self._deliver(text)
        return actions

    def _deliver(self, text: str) -> list[Action]:
        return [SendText(text)]

    def _close(self, code: int, reason: str, now_s: float) -> list[Action]:
        self._session.send_close(now_s)
        self.journal.closed_by_server(code, reason, now_s, self.audio_s)
        return [SendClose(code, reason)]

    def _give_up(self, reason: CloseReason, now_s: float) -> list[Action]:
        """Close for a fault of the client's."""
        return self._close(reason.close_code, reason.text(self._reason_style), now_s)

    # --- what an endpoint knows for itself --------------------------------------------------------------------------

    @property
    @abstractmethod
    def _refuses_undecodable(self) -> bool:
        """Whether bytes that are no audio end the session."""

    @property
    @abstractmethod
    def _backlog_wakeup_s(self) -> float | None:
        """When the audio that waits to be transcribed brings about the next thing to say."""

    @abstractmethod
    def _begin(self) -> None:
        """Have the stream transcribed, if it is known by now whose audio this is."""

    @abstractmethod
    def _transcribe(self, audio_s: float, now_s: float) -> list[Action]:
        """So much audio may be transcribed by now."""

    @abstractmethod
    def _answer(self, message: object, text: str, now_s: float) -> list[Action]:
        """The client's text frame, other than CloseStream, while the session is open."""

    @abstractmethod
    def _flush(self, now_s: float) -> list[Action]:
        """Say everything that is left about the audio."""

    @abstractmethod
    def _finish_stream(self, now_s: float) -> list[Action]:
        """Everything was said: close in good order."""

    @abstractmethod
    def _close_unidentified(self, why: str, now_s: float) -> list[Action]:
        """Close because nothing answers this audio."""

"""One Flux connection, pure: frames and times in, actions out. The counterpart of `connection` for `/v2/listen`.

No socket, no clock: the WebSocket shell executes the actions, a simulation may do the same in virtual time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.protocol.closing import CUT, NO_CODE, NORMAL, CloseReason
from harness.protocol.flux_messages import (
    Connected,
    FluxConfigure,
    FluxConfigureFailure,
    FluxConfigureSuccess,
    FluxError,
    ForceEndTurn,
)
from harness.protocol.flux_options import FluxOptions
from harness.protocol.flux_session import FluxEvent, FluxMessageReceived, FluxSession
from harness.protocol.session import (
    AudioReceived,
    Closed,
    CloseStreamReceived,
    Role,
    State,
    TimerFired,
    Violation,
)
from harness.recording.entries import Direction
from mock_server.connection import Action, SendClose, SendText
from mock_server.flux.configuring import Configuration, too_many
from mock_server.flux.replay import FluxReplay
from mock_server.flux.script import STEP_AUDIO_S, TOLERANCE_AUDIO_S
from mock_server.flux.settings import FluxSettings
from mock_server.flux.turns import Saying
from mock_server.flux.wording import Worded, worded
from mock_server.flux_hearing import FluxHearing
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies, Unidentified
from mock_server.throttle import Throttle
from mock_server.transcriber import LiveTurns, News, Recogniser, nobody_waits


@dataclass(frozen=True)
class _Waiting:
    """A request that is answered once all audio before it was transcribed."""

    audio_s: float
    fulfil: Callable[[float], list[Action]]


class FluxConnection:
    """What the server does on one `/v2/listen` connection.

    Args:
        options: the parsed query string.
        replies: what there is to answer with.
        request_id: of this connection.
        journal: takes note of everything.
        settings: time-outs and switches.
        now_s: monotonic seconds at the upgrade.
        legs: what is remembered of clients that were cut off; None remembers nothing.
        client: who this client is, as far as that can be told.

    Attributes:
        closed_in_order: whether the client answered our last close frame, and so has everything.
        on_news: called, from any thread, when `wake` should be called though no time was named for it.
    """

    def __init__(
        self,
        options: FluxOptions,
        replies: Replies,
        request_id: str,
        journal: Journal,
        settings: FluxSettings,
        now_s: float,
        *,
        legs: Legs | None = None,
        client: str = "",
    ) -> None:
        self.request_id = request_id
        self.journal = journal
        self.closed_in_order = False
        self.on_news: News = nobody_waits
        self._settings = settings
        self._session = FluxSession(Role.SERVER, now_s, settings.timers)
        self._configuration = Configuration(options, settings.bounds)
        remembered = legs if legs is not None and replies.goes_by_recordings else Legs()
        self._hearing = FluxHearing(options.as_listen_options, replies, journal, remembered, client, now_s)
        self._sequence_id = 0
        self._pending_configures = 0  # that have no answer yet
        self._replay: FluxReplay | LiveTurns | None = None
        self._live: LiveTurns | None = None
        self._closing = False  # a recogniser was asked for its last words
        self._throttle = Throttle(settings.processing_speed, now_s)
        self._waiting: deque[_Waiting] = deque()
        self._begin_replay()

    # --- what the client did ----------------------------------------------------------------------------------------

    def receive_text(self, text: str, now_s: float) -> list[Action]:
        """One text frame."""
        greeting = self._greet(now_s)
        self.journal.text(Direction.UPSTREAM, text, now_s, self.audio_s)
        return [*greeting, *self._handle(self._session.receive_text(text, now_s), now_s)]

    def receive_binary(self, data: bytes, now_s: float) -> list[Action]:
        """One binary frame."""
        greeting = self._greet(now_s)
        events = self._session.receive_binary(data, now_s)
        if self._session.state is State.OPEN:
            self._hearing.hear(data, now_s)
            self._begin_replay()
            self._hand_on()
        self.journal.binary(data, now_s, self.audio_s)
        return [*greeting, *self._handle(events, now_s)]

    def receive_ping(self, now_s: float) -> None:
        """A ping, which is answered beside this, and holds an idle session open."""
        self._session.receive_ping(now_s)

    def receive_close(self, code: int, reason: str, now_s: float) -> None:
        """The connection is over; 1005 is a close frame without a code, 1006 none at all."""
        self.closed_in_order = code in (NORMAL, NO_CODE) and self._session.state is State.CLOSED
        self._session.receive_close(code, reason, now_s)
        self.journal.closed_by_client(code, reason, now_s, self.audio_s)

    def let_go(self, why: str, now_s: float) -> None:
        """The server itself has cut the connection, without a close frame."""
        self._session.receive_close(CUT, "", now_s)
        self.journal.cut_by_server(why, now_s, self.audio_s)

    def wake(self, now_s: float) -> list[Action]:
        """The time asked for has come."""
        actions = self._greet(now_s)
        if self.closed:
            return actions
        actions += self._proceed(now_s)
        if self._closing and self._replay is not None and not self._replay.busy:
            return [*actions, *self._close(self._settings.close_code, "", now_s)]
        return actions + self._handle(self._session.wake(now_s), now_s)

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest: at once for the greeting."""
        if self.closed:
            return None
        if not self._sequence_id:
            return self._session.opened_s
        waits = [self._session.next_wakeup_s, self._replay.next_wakeup_s if self._replay else None]
        if self._throttle.behind:
            waits.append(self._throttle.reaches_at_s(self._throttle.processed_audio_s + STEP_AUDIO_S))
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
        self._hearing.finish(now_s, closed_in_order=self.closed_in_order)

    # --- what follows from it ---------------------------------------------------------------------------------------

    def _greet(self, now_s: float) -> list[Action]:
        """Connected comes at once, before anything was sent (AsyncAPI, ListenV2Connected): clients wait for it."""
        return [] if self._sequence_id or self.closed else self._say([Connected(request_id="", sequence_id=0)], now_s)

    def _handle(self, events: Iterable[FluxEvent], now_s: float) -> list[Action]:
        return [action for event in events for action in self._react(event, now_s)]

    def _react(self, event: FluxEvent, now_s: float) -> list[Action]:
        if self._session.state is State.CLOSED:
            return []
        match event:
            case AudioReceived():
                return self._audio_came(now_s)
            case FluxMessageReceived(decoded):
                return self._answer_control(decoded.message, now_s)
            case CloseStreamReceived():
                return self._close_stream(now_s)
            case TimerFired():
                reason = CloseReason.NET_0001
                return self._close(reason.close_code, reason.text(self._settings.reason_style), now_s)
            case Violation() | Closed():
                return []  # noted in the journal; the judge speaks of it

    def _audio_came(self, now_s: float) -> list[Action]:
        if self._session.state is not State.OPEN:
            return []
        if self._hearing.unidentified is not None:
            return self._refuse(self._hearing.unidentified, now_s)
        if self._hearing.decoder.undecodable:
            reason = CloseReason.DATA_0000
            return self._close(reason.close_code, reason.text(self._settings.reason_style), now_s)
        return self._proceed(now_s)

    def _proceed(self, now_s: float) -> list[Action]:
        """What the audio transcribed by now brings about, and the requests that stood between it."""
        actions: list[Action] = []
        processed_audio_s = self._throttle.advance(self.audio_s, now_s)
        while self._waiting and self._waiting[0].audio_s <= processed_audio_s + TOLERANCE_AUDIO_S:
            waiting = self._waiting.popleft()
            actions += [*self._hear_until(waiting.audio_s, now_s), *waiting.fulfil(now_s)]
        return actions if self.closed else [*actions, *self._hear_until(processed_audio_s, now_s)]

    def _hear_until(self, audio_s: float, now_s: float) -> list[Action]:
        return [] if self._replay is None else self._say(self._replay.receive_audio(audio_s, now_s), now_s)

    def _in_turn(self, fulfil: Callable[[float], list[Action]], now_s: float) -> list[Action]:
        """Do it once all audio before it was transcribed."""
        self._waiting.append(_Waiting(self.audio_s, fulfil))
        return self._proceed(now_s)

    def _answer_control(self, message: object, now_s: float) -> list[Action]:
        if self._session.state is not State.OPEN:
            return []
        match message:
            case FluxConfigure():
                self._pending_configures += 1
                most = self._settings.pending_configures
                if most is not None and self._pending_configures > most:
                    return self._say([too_many(most)], now_s)
                return self._in_turn(lambda now_s: self._configure(message, now_s), now_s)
            case ForceEndTurn() if self._settings.force_end_turn:
                return self._in_turn(self._force_end_turn, now_s)
        # Whatever Flux does not know, KeepAlive and Finalize of v1 too, ends the session (python-sdk issues 618, 649).
        return self._fail("UNPARSABLE_CLIENT_MESSAGE", "The last text message could not be parsed.", now_s)

    def _force_end_turn(self, now_s: float) -> list[Action]:
        return self._say(self._replay.force_end_turn(now_s) if self._replay else [], now_s)

    def _configure(self, message: FluxConfigure, now_s: float) -> list[Action]:
        reply = self._configuration.apply(message)
        if self._replay is None:
            return self._say([reply], now_s)
        return self._say(self._replay.configure(reply, self._configuration.thresholds, now_s), now_s)

    def _close_stream(self, now_s: float) -> list[Action]:
        if self._session.state is not State.FINISHING:
            return []
        self._hearing.close_stream()
        self._begin_replay()
        self._hand_on()
        if self._hearing.unidentified is not None:
            return self._refuse(self._hearing.unidentified, now_s)
        return self._in_turn(self._finish_stream, now_s)

    def _finish_stream(self, now_s: float) -> list[Action]:
        said: list[Action] = []
        if self._replay is not None:
            said += self._say(self._replay.close_stream(self.audio_s, now_s), now_s)
            if self._replay.busy:
                self._closing = True
                return said
        # An open turn stays open, and no Metadata comes; production closes without a code (deepgram-js-sdk PR 557).
        return [*said, *self._close(self._settings.close_code, "", now_s)]

    def _begin_replay(self) -> None:
        """Once it is known whose audio this is."""
        hearing = self._hearing
        if self._replay is not None or hearing.source is None:
            return
        if isinstance(hearing.source, Recogniser):
            if not hearing.decoder.channels:
                return  # a container's header is still to come
            thresholds, rate = self._configuration.thresholds, hearing.decoder.sample_rate
            self._replay = self._live = hearing.source.turns(thresholds, rate, lambda: self.on_news())
            return
        self._replay = FluxReplay(
            hearing.source.turns(),
            self._configuration.thresholds,
            from_audio_s=hearing.from_audio_s,
            lag_scale=self._settings.lag_scale,
        )

    def _hand_on(self) -> None:
        """Let a recogniser hear what was decoded."""
        if self._live is not None:
            for samples in self._hearing.take_samples():
                self._live.hear(samples)

    def _refuse(self, why: Unidentified, now_s: float) -> list[Action]:
        self.journal.note(why.sentence, now_s, self.audio_s)
        return self._fail("DGHARNESS_NO_RECORDING", why.sentence, now_s)

    # --- saying it --------------------------------------------------------------------------------------------------

    def _fail(self, code: str, description: str, now_s: float) -> list[Action]:
        """A fatal Error, and the end."""
        error = FluxError(sequence_id=0, code=code, description=description)
        return [*self._say([error], now_s), *self._close(self._settings.close_code, "", now_s)]

    def _say(self, queued: Sequence[Worded], now_s: float) -> list[Action]:
        actions: list[Action] = []
        for message in queued:
            if isinstance(message, FluxConfigureSuccess | FluxConfigureFailure):
                self._pending_configures -= 1
            spoken = self._configuration.in_languages(message) if isinstance(message, Saying) else message
            text = worded(spoken, self.request_id, self._sequence_id, self._settings)
            self._sequence_id += 1
            self._session.send_text(text, now_s)
            self.journal.text(Direction.DOWNSTREAM, text, now_s, self.audio_s)
            actions.append(SendText(text))
        return actions

    def _close(self, code: int, reason: str, now_s: float) -> list[Action]:
        self._session.send_close(now_s)
        self.journal.closed_by_server(code, reason, now_s, self.audio_s)
        return [SendClose(code, reason)]

"""One streaming connection, pure: frames and times in, actions out. Session, identification and replay meet here.

No socket, no clock: the WebSocket shell executes the actions, a simulation may do the same in virtual time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from msgspec import UNSET, UnsetType

from harness.protocol.closing import CUT, NORMAL, CloseReason
from harness.protocol.codec import encode
from harness.protocol.messages import (
    Configure,
    ConfigureFailure,
    ConfigureSuccess,
    Error,
    Finalize,
    KeepAlive,
    Message,
    Metadata,
    ModelInfo,
    Sync,
)
from harness.protocol.options import ListenOptions
from harness.protocol.query_rules import MAX_KEYTERM_TOKENS
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
    TimerKind,
    Violation,
)
from harness.recording.entries import Direction
from mock_server.behaviour import ConnectionSettings as ConnectionSettings
from mock_server.behaviour import Undecodable
from mock_server.hearing import PIECE_BYTES as PIECE_BYTES
from mock_server.hearing import Hearing
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies, Unidentified
from mock_server.replay import ReplayEngine
from mock_server.script import TOLERANCE_AUDIO_S, Script, continued
from mock_server.throttle import Throttle
from mock_server.transcriber import LiveTranscriber, News, Recogniser, Transcriber, nobody_waits
from mock_server.utterance_end import delayed, with_sentinel


@dataclass(frozen=True)
class SendText:
    """Send this text frame."""

    text: str


@dataclass(frozen=True)
class SendClose:
    """Close the connection with this code and reason."""

    code: int
    reason: str


Action: TypeAlias = SendText | SendClose
Post: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class _Waiting:
    """A request that is answered once all audio before it was transcribed."""

    audio_s: float
    request: Finalize | Sync | Configure | CloseStreamReceived


class ListenConnection:
    """What the server does on one `/v1/listen` connection.

    Args:
        options: the parsed query string.
        replies: what there is to answer with.
        request_id: of this connection.
        created: RFC 3339 date of the upgrade, for Metadata.
        journal: takes note of everything.
        settings: time-outs and switches.
        now_s: monotonic seconds at the upgrade.
        legs: what is remembered of clients that were cut off; None remembers nothing.
        client: who this client is, as far as that can be told.
        post: takes every message instead of the client, who asked for that with `callback`.

    Attributes:
        closed_in_order: whether the client answered our last close frame, and so has everything.
        on_news: called, from any thread, when `wake` should be called though no time was named for it.
    """

    def __init__(
        self,
        options: ListenOptions,
        replies: Replies,
        request_id: str,
        created: str,
        journal: Journal,
        settings: ConnectionSettings,
        now_s: float,
        *,
        legs: Legs | None = None,
        client: str = "",
        post: Post | None = None,
    ) -> None:
        self.request_id = request_id
        self.journal = journal
        self._options = _understood(options, settings)
        self._created = created
        self._settings = settings
        self._post = post
        self._session = ListenSession(Role.SERVER, now_s, settings.timers)
        remembered = legs if legs is not None and replies.goes_by_recordings else Legs()
        self._hearing = Hearing(options, replies, remembered, client, journal, now_s)
        self._engine: Transcriber | None = None
        self._live: LiveTranscriber | None = None
        self._script: Script | None = None
        self._model: tuple[str, ModelInfo] | None = None
        self._flushed = False  # the transcriber was asked for its last words
        self.on_news: News = nobody_waits
        self.closed_in_order = False
        self._waiting: deque[_Waiting] = deque()
        self._throttle = Throttle(settings.processing_speed, now_s)
        self._audio_came_s: float | None = None
        self._begin_replay()

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
            self._begin_replay()
            self._hand_on()
        self.journal.binary(data, now_s, self.audio_s)
        return self._handle(events, now_s)

    def receive_ping(self, now_s: float) -> None:
        """A ping, which is answered beside this; it does not keep a session alive (protocol, KeepAlive)."""

    def receive_close(self, code: int, reason: str, now_s: float) -> None:
        """The connection is over; 1006 means that no close frame came."""
        # Only a client that answers our last close frame has everything; any other may come back for the rest.
        self.closed_in_order = code == NORMAL and self._session.state is State.CLOSED
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
        actions = self._proceed(now_s)
        overdue = self._overdue(now_s)
        if overdue is not None and not self.closed:
            return [*actions, *self._give_up(overdue, now_s)]
        return actions + self._handle(self._session.wake(now_s), now_s)

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest."""
        if self.closed:
            return None
        waits = [self._session.next_wakeup_s, *(at_s for at_s, _ in self._audio_deadlines())]
        if self._engine is not None:
            waits.append(self._engine.next_wakeup_s)
        if self._throttle.behind and (self._engine is None or not self._engine.busy):
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
        departed_at_audio_s = self._hearing.departed_at_audio_s
        if departed_at_audio_s is not None and self._script is not None:
            self.journal.note(
                f"the stream left recording {self._script.name} at {departed_at_audio_s:.2f} s of audio: "
                "what was answered from there on is not about what was sent",
                now_s,
                self.audio_s,
            )
        self._hearing.finish(now_s, finished=self.closed_in_order)

    # --- what follows from it ---------------------------------------------------------------------------------------

    def _handle(self, events: Iterable[Event], now_s: float) -> list[Action]:
        return [action for event in events for action in self._react(event, now_s)]

    def _react(self, event: Event, now_s: float) -> list[Action]:
        if self._session.state is State.CLOSED:
            return []
        match event:
            case AudioReceived():
                return self._audio_came(now_s)
            case MessageReceived(decoded):
                return self._answer_control(decoded.message, decoded.text, now_s)
            case CloseStreamReceived():
                return self._close_stream(now_s)
            case TimerFired(kind):
                return self._time_out(kind, now_s)
            case Violation() | Closed():
                return []  # noted in the journal; the judge speaks of it

    def _audio_came(self, now_s: float) -> list[Action]:
        if self._session.state is not State.OPEN:
            return []
        self._audio_came_s = now_s
        if self._hearing.unidentified is not None:
            return self._refuse(self._hearing.unidentified, now_s)
        if self._hearing.decoder.undecodable and self._settings.undecodable is Undecodable.DATA_0000:
            return self._give_up(CloseReason.DATA_0000, now_s)
        return self._proceed(now_s)

    # --- audio takes its time -----------------------------------------------------------------------------------------

    def _proceed(self, now_s: float) -> list[Action]:
        """What the audio transcribed by now brings about, and the requests that stood between it."""
        actions: list[Action] = []
        processed_audio_s = self._throttle.advance(self.audio_s, now_s)
        while self._waiting and self._waiting[0].audio_s <= processed_audio_s + TOLERANCE_AUDIO_S:
            waiting = self._waiting[0]
            if self._engine is None and isinstance(waiting.request, Finalize) and self._session.state is State.OPEN:
                # Whose audio it is takes half a second of speech to find out: this is answered then, as of now.
                return actions
            if self._engine is not None:
                actions += self._say(self._engine.receive_audio(waiting.audio_s, now_s), now_s)
                if self._engine.busy:
                    return actions  # until it has said all that comes before
            self._waiting.popleft()
            actions += self._fulfil(waiting.request, now_s)
            if self.closed:
                return actions
            if self._engine is not None and self._engine.busy:
                return actions
        if self._engine is not None:
            actions += self._say(self._engine.receive_audio(processed_audio_s, now_s), now_s)
        return actions

    def _fulfil(self, request: Finalize | Sync | Configure | CloseStreamReceived, now_s: float) -> list[Action]:
        match request:
            case Configure(keyterms=keyterms):
                return self._send(ConfigureSuccess(request_id=self.request_id, keyterms=keyterms or ()), now_s)
            case Sync():
                return self._send(request, now_s)
            case Finalize(channel=channel):
                return [] if self._engine is None else self._say(self._engine.finalize(_number(channel)), now_s)
            case CloseStreamReceived():
                last: list[Action] = []
                if self._engine is not None and not self._flushed:
                    self._flushed = True
                    last = self._say(self._engine.close_stream(), now_s)
                    if self._engine.busy:
                        self._waiting.appendleft(_Waiting(self.audio_s, request))
                        return last
                return [*last, *self._send(self._metadata(), now_s), *self._close(NORMAL, "", now_s)]

    @property
    def _backlog_wakeup_s(self) -> float | None:
        """When the audio that waits to be transcribed brings about the next thing to say."""
        # One that was reached but for rounding waits for something else (`_proceed`): it would wake without end.
        reached_audio_s = self._throttle.processed_audio_s + TOLERANCE_AUDIO_S
        dues = [waiting.audio_s for waiting in [*self._waiting][:1] if waiting.audio_s > reached_audio_s]
        if self._engine is not None and (due_audio_s := self._engine.next_due_audio_s) is not None:
            dues.append(due_audio_s)
        received = [due_audio_s for due_audio_s in dues if due_audio_s <= self.audio_s + TOLERANCE_AUDIO_S]
        return self._throttle.reaches_at_s(min(received)) if received else None

    def _audio_deadlines(self) -> list[tuple[float, CloseReason]]:
        """When the audio itself has been away for too long, whatever KeepAlive says."""
        if self._session.state is not State.OPEN:
            return []
        if self._audio_came_s is None:
            after_s, since_s, reason = self._settings.first_audio_after_s, self._session.opened_s, CloseReason.NET_0001
        else:
            after_s, since_s, reason = self._settings.audio_after_s, self._audio_came_s, CloseReason.NET_0002
        return [] if after_s is None else [(since_s + after_s, reason)]

    def _overdue(self, now_s: float) -> CloseReason | None:
        return next((reason for at_s, reason in self._audio_deadlines() if at_s <= now_s), None)

    # --- what the client asks for -------------------------------------------------------------------------------------

    def _answer_control(self, message: object, text: str, now_s: float) -> list[Action]:
        if self._session.state is not State.OPEN:
            return []
        match message:
            case KeepAlive():
                return []
            case Configure():
                return self._configure(message, now_s)
            case Finalize() | Sync():
                self._waiting.append(_Waiting(self.audio_s, message))
                return self._proceed(now_s)
        # The session goes on after text that is no message (spec-mock-go-sdk: Error, variant SchemaError).
        complaint = "Could not deserialize last text message: unknown type or malformed JSON"
        return self._send(Error(variant="SchemaError", description=complaint, message=text[:500]), now_s)

    def _configure(self, message: Configure, now_s: float) -> list[Action]:
        if message.keyterms in (UNSET, None):
            return self._send(ConfigureSuccess(request_id=self.request_id), now_s)
        if not self._options.effective_model.startswith("nova-3"):
            code, why = "CONFIGURE_KEYTERMS_NOT_SUPPORTED", "keyterms can be changed on nova-3 models only"
            return self._send(ConfigureFailure(request_id=self.request_id, code=code, description=why), now_s)
        # One token for each word at the least, as in the judgement of a query string.
        if sum(len(term.split()) for term in message.keyterms or ()) > MAX_KEYTERM_TOKENS:
            code, why = "CONFIGURE_KEYTERM_LIMIT_EXCEEDED", f"the keyterms are more than {MAX_KEYTERM_TOKENS} tokens"
            return self._send(ConfigureFailure(request_id=self.request_id, code=code, description=why), now_s)
        if any(isinstance(waiting.request, Configure) for waiting in self._waiting):
            code, why = "CONFIGURE_ALREADY_PENDING", "the Configure before it is not answered yet"
            return self._send(ConfigureFailure(request_id=self.request_id, code=code, description=why), now_s)
        # The answer tells from where on they hold (Deepgram changelog, October 2026): after the audio before it.
        self._waiting.append(_Waiting(self.audio_s, message))
        return self._proceed(now_s)

    def _close_stream(self, now_s: float) -> list[Action]:
        asked_before = any(isinstance(waiting.request, CloseStreamReceived) for waiting in self._waiting)
        if self._session.state is not State.FINISHING or asked_before:
            return []
        self._hearing.end()
        self._begin_replay()
        self._hand_on()
        if self._hearing.unidentified is not None:
            return self._refuse(self._hearing.unidentified, now_s)
        self._waiting.append(_Waiting(self.audio_s, CloseStreamReceived()))
        return self._proceed(now_s)

    def _time_out(self, kind: TimerKind, now_s: float) -> list[Action]:
        return self._give_up(CloseReason.NET_0001 if kind is TimerKind.IDLE else CloseReason.NET_0000, now_s)

    def _give_up(self, reason: CloseReason, now_s: float) -> list[Action]:
        """Close for a fault of the client's; with `debug=true` an Error frame says so first (spec-mock-go-sdk)."""
        sentence = reason.text(self._settings.reason_style)
        error = Error(variant="Closing", code=reason.value, description=sentence)
        said = self._send(error, now_s) if self._options.debug else []
        return [*said, *self._close(reason.close_code, sentence, now_s)]

    # --- whose audio it is ------------------------------------------------------------------------------------------

    def _begin_replay(self) -> None:
        """Say what the source says, once it is known and how many channels there are."""
        source = self._hearing.source
        channels = self._hearing.decoder.channels if self._options.multichannel else 1
        if self._engine is not None or source is None or not channels:
            return  # a container says how many in its header, which is still to come
        if isinstance(source, Recogniser):
            rate = self._hearing.decoder.sample_rate
            self._live = source.transcriber(self._options, channels, rate, self.request_id, lambda: self.on_news())
            self._engine, self._model = self._live, (source.model_uuid, source.model)
            return
        script = source.script(self._options, channels)
        if self._settings.utterance_end_sentinel:
            script = replace(script, cues=with_sentinel(script.cues))
        if self._settings.utterance_end_late_audio_s:
            script = replace(script, cues=delayed(script.cues, self._settings.utterance_end_late_audio_s))
        self._script = continued(script, self._hearing.place_audio_s)
        self._engine = ReplayEngine(
            self._script,
            self._options,
            self.request_id,
            lag_scale=self._settings.lag_scale,
            finalize_reply=self._settings.finalize_reply,
        )
        self._model = (self._script.model_uuid, self._script.model)

    def _hand_on(self) -> None:
        """Let a recogniser hear what was decoded."""
        if self._live is not None:
            for samples in self._hearing.take_samples():
                self._live.hear(samples)

    def _refuse(self, why: Unidentified, now_s: float) -> list[Action]:
        self.journal.note(why.sentence, now_s, self.audio_s)
        error = Error(variant="Closing", code="DGHARNESS_NO_RECORDING", description=why.sentence)
        return [*self._send(error, now_s), *self._close(1011, "dgharness: no recording matches this audio", now_s)]

    # --- saying it --------------------------------------------------------------------------------------------------

    def _metadata(self) -> Metadata:
        """True duration and sha256 of what came; models only when something was decoded, as on the wire."""
        model = self._model if self.audio_s > 0 else None
        return Metadata(
            transaction_key="deprecated",
            request_id=self.request_id,
            sha256=self._hearing.sha256,
            created=self._created,
            duration=round(self.audio_s, 6),
            channels=self._hearing.decoder.channels if self.audio_s > 0 else 0,
            models=(model[0],) if model else UNSET,
            model_info={model[0]: model[1]} if model else UNSET,
            extra=self._options.extra_fields or UNSET,
        )

    def _send(self, message: Message, now_s: float) -> list[Action]:
        return self._say([encode(message)], now_s)

    def _say(self, texts: Iterable[str], now_s: float) -> list[Action]:
        actions: list[Action] = []
        for text in texts:
            self._session.send_text(text, now_s)
            self.journal.text(Direction.DOWNSTREAM, text, now_s, self.audio_s)
            if self._post is not None:
                self._post(text)
            else:
                actions.append(SendText(text))
        return actions

    def _close(self, code: int, reason: str, now_s: float) -> list[Action]:
        self._session.send_close(now_s)
        self.journal.closed_by_server(code, reason, now_s, self.audio_s)
        return [SendClose(code, reason)]


def _number(channel: int | UnsetType) -> int | None:
    return None if channel is UNSET else channel


def _understood(options: ListenOptions, settings: ConnectionSettings) -> ListenOptions:
    """What a server takes a query for that does not have every feature yet."""
    if options.detect_entities and not settings.live_entities:
        options = replace(options, detect_entities=None, punctuate=True)  # which they imply
    if options.diarize_model and not settings.details_of_2026:
        options = replace(options, diarize_model=None, diarize=True)
    return options

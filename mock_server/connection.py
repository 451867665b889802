"""One streaming connection, pure: frames and times in, actions out. Session, identification and replay meet here.

No socket, no clock: the WebSocket shell executes the actions, a simulation may do the same in virtual time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from msgspec import UNSET

from harness.audio.chunking import split
from harness.audio.stream_decoder import StreamDecoder
from harness.protocol.closing import CUT, NORMAL, CloseReason, ReasonStyle
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
    Timers,
    Violation,
)
from harness.recording.entries import Direction
from mock_server.journal import Journal
from mock_server.legs import Leg, Legs, find_place
from mock_server.library import Identification, Replies, Unidentified
from mock_server.replay import ReplayEngine
from mock_server.script import Script, continued
from mock_server.sources import Source


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

PIECE_BYTES: Final = 4096
"""How much of a long frame is decoded and compared at a time: under ten seconds of any format but silence."""


@dataclass(frozen=True)
class ConnectionSettings:
    """How the server behaves where the live service's behaviour is fixed, disputed or unknown.

    Attributes:
        timers: idle and output time-outs.
        lag_scale: factor on recorded lags; 0 answers as soon as the audio is there.
        reason_style: close reasons as sentences, as on the wire, or as bare codes, as in the docs' table.
    """

    timers: Timers = Timers()
    lag_scale: float = 1.0
    reason_style: ReasonStyle = ReasonStyle.SENTENCE


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

    Attributes:
        closed_in_order: whether the client answered our last close frame, and so has everything.
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
    ) -> None:
        self.request_id = request_id
        self.journal = journal
        self._options = options
        self._created = created
        self._settings = settings
        self._session = ListenSession(Role.SERVER, now_s, settings.timers)
        self._decoder = StreamDecoder(options.raw_format)
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._identification: Identification = replies.identify(options)
        self._engine: ReplayEngine | None = None
        self._script: Script | None = None
        self._legs, self._client = legs if legs is not None else Legs(), client
        self._leg, self._before = self._legs.begin(client, options.raw_format, now_s)
        self.closed_in_order = False
        self._unidentified: Unidentified | None = None
        self._owed: list[tuple[float, int | None]] = []
        if self._before is None:
            self._adopt(self._identification.source)

    # --- what the client did ----------------------------------------------------------------------------------------

    def receive_text(self, text: str, now_s: float) -> list[Action]:
        """One text frame."""
        self.journal.text(Direction.UPSTREAM, text, now_s, self.audio_s)
        return self._handle(self._session.receive_text(text, now_s), now_s)

    def receive_binary(self, data: bytes, now_s: float) -> list[Action]:
        """One binary frame."""
        events = self._session.receive_binary(data, now_s)
        if self._session.state is State.OPEN:
            self._hear(data, now_s)
        self.journal.binary(data, now_s, self.audio_s)
        return self._handle(events, now_s)

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
        actions = self._say(self._engine.wake(now_s), now_s) if self._engine and not self.closed else []
        return actions + self._handle(self._session.wake(now_s), now_s)

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest."""
        if self.closed:
            return None
        waits = [self._session.next_wakeup_s, self._engine.next_wakeup_s if self._engine else None]
        return min((wait for wait in waits if wait is not None), default=None)

    @property
    def audio_s(self) -> float:
        """Seconds of audio received."""
        return self._decoder.audio_s

    @property
    def closed(self) -> bool:
        """Whether nothing more can be said."""
        return self._session.state is State.CLOSED

    def finish(self, now_s: float) -> None:
        """Put what was received and how it ended into the journal; called once, when the socket is gone."""
        departed_at_audio_s = self._identification.departed_at_audio_s
        if departed_at_audio_s is not None and self._script is not None:
            self.journal.note(
                f"the stream left recording {self._script.name} at {departed_at_audio_s:.2f} s of audio: "
                "what was answered from there on is not about what was sent",
                now_s,
                self.audio_s,
            )
        # One that was cut off before its place was found changes nothing: the one before it is still unfinished.
        unfinished = self._leg if self._before is None else self._before
        self._legs.ended(self._client, unfinished, now_s, finished=self.closed_in_order)
        self.journal.finish(self._sha256.hexdigest(), self._size, self._decoder, self._options, now_s)

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
        if self._unidentified is not None:
            return self._refuse(self._unidentified, now_s)
        if self._engine is None:
            return []
        return self._say(
            [*self._pay_owed(self._engine, now_s), *self._engine.receive_audio(self.audio_s, now_s)], now_s
        )

    def _answer_control(self, message: object, text: str, now_s: float) -> list[Action]:
        if self._session.state is not State.OPEN:
            return []
        match message:
            case KeepAlive():
                return []
            case Finalize(channel=channel):
                return self._finalize(None if channel is UNSET else channel, now_s)
            case Configure():
                return self._configure(message, now_s)
            case Sync():
                return self._send(message, now_s)
        # The session goes on after text that is no message (spec-mock-go-sdk: Error, variant SchemaError).
        complaint = "Could not deserialize last text message: unknown type or malformed JSON"
        return self._send(Error(variant="SchemaError", description=complaint, message=text[:500]), now_s)

    def _finalize(self, channel: int | None, now_s: float) -> list[Action]:
        if self._engine is None:
            # Whose audio it is takes half a second of speech to find out: this is answered then, as of now.
            self._owed.append((self.audio_s, channel))
            return []
        return self._say(self._engine.finalize(channel), now_s)

    def _pay_owed(self, engine: ReplayEngine, now_s: float) -> list[str]:
        """The answers to every Finalize that came before it was known what to say."""
        owed, self._owed = self._owed, []
        said: list[str] = []
        for audio_s, channel in owed:
            said += engine.receive_audio(audio_s, now_s)
            said += engine.finalize(channel)
        return said

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
        return self._send(ConfigureSuccess(request_id=self.request_id, keyterms=message.keyterms), now_s)

    def _close_stream(self, now_s: float) -> list[Action]:
        if self._session.state is not State.FINISHING:
            return []
        self._decoder.finish()
        self._identify(last_chance=True)
        if self._unidentified is not None:
            return self._refuse(self._unidentified, now_s)
        said: list[Action] = []
        if self._engine is not None:
            said += self._say(self._pay_owed(self._engine, now_s), now_s)
            said += self._say(self._engine.receive_audio(self.audio_s, now_s), now_s)
            said += self._say(self._engine.close_stream(), now_s)
        return [*said, *self._send(self._metadata(), now_s), *self._close(1000, "", now_s)]

    def _time_out(self, kind: TimerKind, now_s: float) -> list[Action]:
        reason = CloseReason.NET_0001 if kind is TimerKind.IDLE else CloseReason.NET_0000
        return self._close(reason.close_code, reason.text(self._settings.reason_style), now_s)

    # --- whose audio it is ------------------------------------------------------------------------------------------

    def _hear(self, data: bytes, now_s: float) -> None:
        self._sha256.update(data)
        self._size += len(data)
        self._leg.heard(data)
        self._leg.heard_s = now_s
        # A frame may be as long as the whole stream, of which the decoder keeps some seconds only.
        for piece in split(data, PIECE_BYTES):
            self._decoder.feed(piece)
            self._leg.heard_audio_s = self._decoder.audio_s
            if self._unidentified is None:
                self._identify(last_chance=False)

    def _identify(self, *, last_chance: bool) -> None:
        """Look for the recording this audio belongs to."""
        if self._before is not None and not self._placed(self._before, last_chance=last_chance):
            return
        outcome = self._identification.listen(self._decoder, last_chance=last_chance)
        if isinstance(outcome, Unidentified):
            self._unidentified = outcome
        elif outcome is not None:
            self._adopt(outcome)
        elif self._engine is None and self._leg.source is not None:
            self._begin_replay(self._leg.source)

    def _placed(self, before: Leg, *, last_chance: bool) -> bool:
        """Find out whether this connection goes on from an earlier one, and where; False as long as that is open."""
        samples, rate = self._decoder.samples_since(0), self._decoder.sample_rate
        place = find_place(self._leg, before, samples, rate, last_chance=last_chance)
        if place is None:
            return False
        self._before = None
        if place.continues is None:
            self._adopt(self._identification.source)
        else:
            self.journal.note(
                f"connection {self._leg.number + 1} of its session: goes on at {place.audio_s:.3f} s of the source",
                self._session.opened_s,
                0.0,
            )
            self._identification.settle(before.source, before.known, place.audio_s)
            self._adopt(before.source, place.audio_s)
        return True

    def _adopt(self, source: Source | None, from_audio_s: float = 0.0) -> None:
        if source is None:
            return
        self._leg.source, self._leg.place_audio_s = source, from_audio_s
        self._leg.known = self._identification.recording
        self._legs.runs(self._client, self._leg)
        self.journal.replies_from(source)
        self._begin_replay(source)

    def _begin_replay(self, source: Source) -> None:
        channels = self._decoder.channels if self._options.multichannel else 1
        if not channels:
            return  # a container says so in its header, which is still to come
        self._script = continued(source.script(self._options, channels), self._leg.place_audio_s)
        self._engine = ReplayEngine(self._script, self._options, self.request_id, lag_scale=self._settings.lag_scale)

    def _refuse(self, why: Unidentified, now_s: float) -> list[Action]:
        self.journal.note(why.sentence, now_s, self.audio_s)
        error = Error(variant="Closing", code="DGHARNESS_NO_RECORDING", description=why.sentence)
        return [*self._send(error, now_s), *self._close(1011, "dgharness: no recording matches this audio", now_s)]

    # --- saying it --------------------------------------------------------------------------------------------------

    def _metadata(self) -> Metadata:
        """True duration and sha256 of what came; models only when something was decoded, as on the wire."""
        script = self._script if self.audio_s > 0 else None
        return Metadata(
            transaction_key="deprecated",
            request_id=self.request_id,
            sha256=self._sha256.hexdigest(),
            created=self._created,
            duration=round(self.audio_s, 6),
            channels=self._decoder.channels if self.audio_s > 0 else 0,
            models=(script.model_uuid,) if script else UNSET,
            model_info={script.model_uuid: script.model} if script else UNSET,
        )

    def _send(self, message: Message, now_s: float) -> list[Action]:
        return self._say([encode(message)], now_s)

    def _say(self, texts: Iterable[str], now_s: float) -> list[Action]:
        actions: list[Action] = []
        for text in texts:
            self._session.send_text(text, now_s)
            self.journal.text(Direction.DOWNSTREAM, text, now_s, self.audio_s)
            actions.append(SendText(text))
        return actions

    def _close(self, code: int, reason: str, now_s: float) -> list[Action]:
        self._session.send_close(now_s)
        self.journal.closed_by_server(code, reason, now_s, self.audio_s)
        return [SendClose(code, reason)]

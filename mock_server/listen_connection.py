"""One `/v1/listen` connection, pure: how its audio is transcribed, what its requests are answered with, how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import UNSET

from harness.protocol.closing import NORMAL, CloseReason
from harness.protocol.codec import encode
from harness.protocol.messages import (
    Configure,
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
from harness.protocol.session import ListenSession, Role, State
from mock_server.audio_deadline import AudioDeadline
from mock_server.behaviour import ConnectionSettings, Undecodable
from mock_server.configuring import changes_keyterms, refused
from mock_server.connection import Action, Connection
from mock_server.hearing import Hearing
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies
from mock_server.replay import ReplayEngine
from mock_server.script import TOLERANCE_AUDIO_S, continued
from mock_server.transcriber import Recogniser, Transcriber
from mock_server.utterance_end import as_chosen

Post: TypeAlias = Callable[[str], None]


class ListenConnection(Connection):
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
    """

    _transcriber: Transcriber | None

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
        session = ListenSession(Role.SERVER, now_s, settings.timers)
        hearing = Hearing(options, replies, legs, client, journal, now_s)
        super().__init__(request_id, session, hearing, journal, settings.processing_speed, settings.reason_style, now_s)
        self._options = settings.understood(options)
        self._created = created
        self._settings = settings
        self._post = post
        self._model: tuple[str, ModelInfo] | None = None
        self._configure_pending = False
        self._audio_deadline = AudioDeadline(settings.first_audio_after_s, settings.audio_after_s, now_s)
        self._begin()

    # --- audio takes its time ---------------------------------------------------------------------------------------

    def _begin(self) -> None:
        source, decoder = self._hearing.source, self._hearing.decoder
        channels = decoder.channels if self._options.multichannel else 1
        if source is None or not channels:
            return  # a container says how many in its header, which is still to come
        if isinstance(source, Recogniser):
            rate, news = decoder.sample_rate, lambda: self.on_news()
            self._live = source.transcriber(self._options, channels, rate, self.request_id, news)
            self._transcriber, self._model = self._live, (source.model_uuid, source.model)
            return
        script = as_chosen(source.script(self._options, channels), self._settings)
        script = continued(script, self._hearing.place_audio_s)
        self._transcriber = ReplayEngine(
            script,
            self._options,
            self.request_id,
            lag_scale=self._settings.lag_scale,
            finalize_reply=self._settings.finalize_reply,
        )
        self._model = (script.model_uuid, script.model)

    def _transcribe(self, audio_s: float, now_s: float) -> list[Action]:
        return [] if self._transcriber is None else self._say(self._transcriber.receive_audio(audio_s, now_s), now_s)

    @property
    def _backlog_wakeup_s(self) -> float | None:
        # One that was reached but for rounding waits for something else (`_proceed`): it would wake without end.
        reached_audio_s = self._throttle.processed_audio_s + TOLERANCE_AUDIO_S
        dues = [waiting.audio_s for waiting in [*self._waiting][:1] if waiting.audio_s > reached_audio_s]
        if self._transcriber is not None and (due_audio_s := self._transcriber.next_due_audio_s) is not None:
            dues.append(due_audio_s)
        received = [due_audio_s for due_audio_s in dues if due_audio_s <= self.audio_s + TOLERANCE_AUDIO_S]
        return self._throttle.reaches_at_s(min(received)) if received else None

    # --- audio stays away -------------------------------------------------------------------------------------------

    def _audio_came(self, now_s: float) -> list[Action]:
        self._audio_deadline.audio_came(now_s)
        return super()._audio_came(now_s)

    @property
    def _refuses_undecodable(self) -> bool:
        return self._settings.undecodable is Undecodable.DATA_0000

    def _deadlines(self) -> list[float | None]:
        return [self._session.next_wakeup_s, self._audio_deadline_s]

    def _time_out(self, now_s: float) -> list[Action]:
        deadline_s = self._audio_deadline_s
        if deadline_s is not None and deadline_s <= now_s:
            return self._give_up(self._audio_deadline.reason, now_s)
        return super()._time_out(now_s)

    @property
    def _audio_deadline_s(self) -> float | None:
        return self._audio_deadline.at_s if self._session.state is State.OPEN else None

    # --- what the client asks for -----------------------------------------------------------------------------------

    def _answer(self, message: object, text: str, now_s: float) -> list[Action]:
        match message:
            case KeepAlive():
                return []
            case Configure():
                return self._configure(message, now_s)
            case Sync():
                return self._in_turn(lambda now_s: self._send(message, now_s), now_s)
            case Finalize(channel=channel):
                number = None if channel is UNSET else channel
                return self._in_turn(lambda now_s: self._finalize(number, now_s), now_s, self._can_finalize)
        # The session goes on after text that is no message (spec-mock-go-sdk: Error, variant SchemaError).
        complaint = "Could not deserialize last text message: unknown type or malformed JSON"
        return self._send(Error(variant="SchemaError", description=complaint, message=text[:500]), now_s)

    def _configure(self, asked: Configure, now_s: float) -> list[Action]:
        if not changes_keyterms(asked):
            return self._send(ConfigureSuccess(request_id=self.request_id), now_s)
        failure = refused(asked, self._options, self.request_id, pending=self._configure_pending)
        if failure is not None:
            return self._send(failure, now_s)
        # The answer tells from where on they hold (Deepgram changelog, October 2026): after the audio before it.
        self._configure_pending = True
        return self._in_turn(lambda now_s: self._configured(asked, now_s), now_s)

    def _configured(self, asked: Configure, now_s: float) -> list[Action]:
        self._configure_pending = False
        return self._send(ConfigureSuccess(request_id=self.request_id, keyterms=asked.keyterms or ()), now_s)

    def _can_finalize(self) -> bool:
        # Whose audio it is takes half a second of speech to find out: it is answered then, as of now.
        return self._idle() and (self._transcriber is not None or self._session.state is not State.OPEN)

    def _finalize(self, channel: int | None, now_s: float) -> list[Action]:
        return [] if self._transcriber is None else self._say(self._transcriber.finalize(channel), now_s)

    # --- how it ends ------------------------------------------------------------------------------------------------

    def _flush(self, now_s: float) -> list[Action]:
        return [] if self._transcriber is None else self._say(self._transcriber.close_stream(), now_s)

    def _finish_stream(self, now_s: float) -> list[Action]:
        return [*self._send(self._metadata(), now_s), *self._close(NORMAL, "", now_s)]

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

    def _give_up(self, reason: CloseReason, now_s: float) -> list[Action]:
        """With `debug=true` an Error frame says so first (spec-mock-go-sdk)."""
        if not self._options.debug:
            return super()._give_up(reason, now_s)
        error = Error(variant="Closing", code=reason.value, description=reason.text(self._reason_style))
        return [*self._send(error, now_s), *super()._give_up(reason, now_s)]

    def _close_unidentified(self, why: str, now_s: float) -> list[Action]:
        error = Error(variant="Closing", code="DGHARNESS_NO_RECORDING", description=why)
        return [*self._send(error, now_s), *self._close(1011, "dgharness: no recording matches this audio", now_s)]

    # --- saying it --------------------------------------------------------------------------------------------------

    def _send(self, message: Message, now_s: float) -> list[Action]:
        return self._say([encode(message)], now_s)

    def _deliver(self, text: str) -> list[Action]:
        if self._post is None:
            return super()._deliver(text)
        self._post(text)
        return []

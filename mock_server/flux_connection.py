"""One `/v2/listen` connection, pure: its greeting, how its turns are heard, what its requests are answered with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.protocol.closing import NO_CODE, NORMAL
from harness.protocol.flux_messages import (
    Connected,
    FluxConfigure,
    FluxConfigureFailure,
    FluxConfigureSuccess,
    FluxError,
    ForceEndTurn,
)
from harness.protocol.flux_options import FluxOptions
from harness.protocol.flux_session import FluxSession
from harness.protocol.session import Role
from mock_server.connection import Action, Connection
from mock_server.flux.configuring import Configuration, too_many
from mock_server.flux.replay import FluxReplay
from mock_server.flux.script import STEP_AUDIO_S
from mock_server.flux.settings import FluxSettings
from mock_server.flux.turns import Saying
from mock_server.flux.wording import Worded, worded
from mock_server.hearing import Hearing
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies
from mock_server.transcriber import Recogniser, Turns


class FluxConnection(Connection):
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
    """

    _transcriber: Turns | None
    _answers_to_close = frozenset({NORMAL, NO_CODE})
    _refuses_undecodable = True

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
        session = FluxSession(Role.SERVER, now_s, settings.timers)
        hearing = Hearing(options.as_listen_options, replies, legs, client, journal, now_s)
        super().__init__(request_id, session, hearing, journal, settings.processing_speed, settings.reason_style, now_s)
        self._settings = settings
        self._configuration = Configuration(options, settings.bounds)
        self._sequence_id = 0
        self._pending_configures = 0  # that have no answer yet
        self._begin()

    # --- the greeting -----------------------------------------------------------------------------------------------

    def receive_text(self, text: str, now_s: float) -> list[Action]:
        """One text frame."""
        return [*self._greet(now_s), *super().receive_text(text, now_s)]

    def receive_binary(self, data: bytes, now_s: float) -> list[Action]:
        """One binary frame."""
        return [*self._greet(now_s), *super().receive_binary(data, now_s)]

    def wake(self, now_s: float) -> list[Action]:
        """The time asked for has come."""
        return [*self._greet(now_s), *super().wake(now_s)]

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest: at once for the greeting."""
        return super().next_wakeup_s if self._greeted or self.closed else self._session.opened_s

    @property
    def _greeted(self) -> bool:
        return self._sequence_id > 0

    def _greet(self, now_s: float) -> list[Action]:
        """Connected comes at once, before anything was sent (AsyncAPI, ListenV2Connected): clients wait for it."""
        return [] if self._greeted or self.closed else self._tell([Connected(request_id="", sequence_id=0)], now_s)

    # --- audio takes its time ---------------------------------------------------------------------------------------

    def _begin(self) -> None:
        source, decoder, thresholds = self._hearing.source, self._hearing.decoder, self._configuration.thresholds
        if source is None:
            return
        if not isinstance(source, Recogniser):
            from_audio_s, lag_scale = self._hearing.place_audio_s, self._settings.lag_scale
            self._transcriber = FluxReplay(source.turns(), thresholds, from_audio_s=from_audio_s, lag_scale=lag_scale)
        elif decoder.channels:  # a container's header may be still to come
            self._transcriber = self._live = source.turns(thresholds, decoder.sample_rate, lambda: self.on_news())

    def _transcribe(self, audio_s: float, now_s: float) -> list[Action]:
        return [] if self._transcriber is None else self._tell(self._transcriber.receive_audio(audio_s, now_s), now_s)

    @property
    def _backlog_wakeup_s(self) -> float | None:
        return self._throttle.reaches_at_s(self._throttle.processed_audio_s + STEP_AUDIO_S)

    # --- what the client asks for -----------------------------------------------------------------------------------

    def _answer(self, message: object, text: str, now_s: float) -> list[Action]:
        match message:
            case FluxConfigure():
                self._pending_configures += 1
                most = self._settings.pending_configures
                if most is not None and self._pending_configures > most:
                    return self._tell([too_many(most)], now_s)
                return self._in_turn(lambda now_s: self._configure(message, now_s), now_s)
            case ForceEndTurn() if self._settings.force_end_turn:
                return self._in_turn(self._force_end_turn, now_s)
        # Whatever Flux does not know, KeepAlive and Finalize of v1 too, ends the session (python-sdk issues 618, 649).
        return self._fail("UNPARSABLE_CLIENT_MESSAGE", "The last text message could not be parsed.", now_s)

    def _force_end_turn(self, now_s: float) -> list[Action]:
        return [] if self._transcriber is None else self._tell(self._transcriber.force_end_turn(now_s), now_s)

    def _configure(self, message: FluxConfigure, now_s: float) -> list[Action]:
        reply = self._configuration.apply(message)
        if self._transcriber is None:
            return self._tell([reply], now_s)
        return self._tell(self._transcriber.configure(reply, self._configuration.thresholds, now_s), now_s)

    # --- how it ends ------------------------------------------------------------------------------------------------

    def _flush(self, now_s: float) -> list[Action]:
        if self._transcriber is None:
            return []
        return self._tell(self._transcriber.close_stream(self.audio_s, now_s), now_s)

    def _finish_stream(self, now_s: float) -> list[Action]:
        # An open turn stays open, and no Metadata comes; production closes without a code (deepgram-js-sdk PR 557).
        return self._close(self._settings.close_code, "", now_s)

    def _close_unidentified(self, why: str, now_s: float) -> list[Action]:
        return self._fail("DGHARNESS_NO_RECORDING", why, now_s)

    def _fail(self, code: str, description: str, now_s: float) -> list[Action]:
        """A fatal Error, and the end."""
        error = FluxError(sequence_id=0, code=code, description=description)
        return [*self._tell([error], now_s), *self._close(self._settings.close_code, "", now_s)]

    # --- saying it --------------------------------------------------------------------------------------------------

    def _tell(self, queued: Iterable[Worded], now_s: float) -> list[Action]:
        return self._say(self._texts(queued), now_s)

    def _texts(self, queued: Iterable[Worded]) -> Iterator[str]:
        for message in queued:
            if isinstance(message, FluxConfigureSuccess | FluxConfigureFailure):
                self._pending_configures -= 1
            spoken = self._configuration.in_languages(message) if isinstance(message, Saying) else message
            text = worded(spoken, self.request_id, self._sequence_id, self._settings)
            self._sequence_id += 1
            yield text

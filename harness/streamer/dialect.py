"""What differs between the two streaming endpoints, for a machine that is the same for both.

Flux (`/v2/listen`) speaks of turns where `/v1/listen` speaks of segments. A turn that goes on is to the machine what an
interim is, its end a final: it covers its window of audio, and what it covers is never needed again. After a cut the
turn that had not ended begins anew on the new connection, with its audio sent again from its start.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

from msgspec.structs import replace

from harness.protocol.closing import NO_CODE, NORMAL, Outcome, classify_close
from harness.protocol.flux_messages import FluxError, ForceEndTurn, TurnInfo
from harness.protocol.flux_options import FluxOptions
from harness.protocol.flux_results import as_results
from harness.protocol.flux_session import FluxEvent, FluxSession, FluxTimers
from harness.protocol.listen_options import ListenOptions
from harness.protocol.messages import CloseStream, Finalize, Message, NotUnderstood, Results
from harness.protocol.session import Event, ListenSession, Role, State, Timers

LISTEN_PATH: Final = "/v1/listen"
FLUX_PATH: Final = "/v2/listen"

LEAST_FLUX_BUFFER_AUDIO_S: Final = 3.0
"""Room for what is kept of a silence: the overlap, what a word may have begun in, what no Update has told of yet."""

UNPARSABLE: Final = "UNPARSABLE_CLIENT_MESSAGE"

Said: TypeAlias = Message | NotUnderstood


class Session(Protocol):
    """What the machine needs of a session: `ListenSession` or `FluxSession`."""

    state: State
    opened_s: float

    def receive_text(self, text: str, now_s: float) -> list[Event] | list[FluxEvent]:
        """A text frame came."""
        ...

    def receive_binary(self, data: bytes, now_s: float) -> list[Event] | list[FluxEvent]:
        """A binary frame came."""
        ...

    def receive_close(self, code: int, reason: str, now_s: float) -> list[Event] | list[FluxEvent]:
        """The connection is over."""
        ...

    def send_audio(self, data: bytes, now_s: float) -> bytes:
        """Check and note a binary frame."""
        ...

    def wake(self, now_s: float) -> list[Event] | list[FluxEvent]:
        """Report the timers that have run out."""
        ...

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest."""
        ...


class Dialect(Protocol):
    """How one endpoint is spoken to.

    Attributes:
        path: of the endpoint.
        last_words: what tells that a session is complete.
        least_buffer_audio_s: the smallest buffer in which audio can wait to become final.
    """

    path: str
    last_words: str
    least_buffer_audio_s: float

    def session(self, now_s: float, timers: Timers) -> Session:
        """A new connection's session."""
        ...

    def send(self, session: Session, message: Message, now_s: float) -> str:
        """Check and note a message of ours; returns the text of its frame."""
        ...

    def make_final(self) -> Message:
        """What asks the server to make final what it has."""
        ...

    def understood(self, message: Said) -> Said:
        """What a message is to the machine."""
        ...

    def silence(self, message: Said, unheard_audio_s: float) -> Results | None:
        """The silence that a message reports without making it final, as a final; None when it reports none.

        Args:
            message: as it was understood.
            unheard_audio_s: so much of its end is left out, because a word that is not shown yet may have begun in it.
        """
        ...

    def outcome(self, code: int, after: State) -> Outcome:
        """What the end of a connection means."""
        ...

    @property
    def error(self) -> FluxError | None:
        """What the server named as the reason before it ended this connection; None when it named none."""
        ...

    def unfinished(self) -> Results | None:
        """What a complete session left without its end; None when there is nothing."""
        ...


class ListenDialect:
    """`/v1/listen`."""

    path = LISTEN_PATH
    last_words = "Metadata"
    least_buffer_audio_s = 0.0

    def session(self, now_s: float, timers: Timers) -> Session:
        """A new connection's session."""
        return ListenSession(Role.CLIENT, now_s, timers)

    def send(self, session: Session, message: Message, now_s: float) -> str:
        """Check and note a message of ours; returns the text of its frame."""
        assert isinstance(session, ListenSession)  # made by `session`
        return session.send(message, now_s)

    def make_final(self) -> Message:
        """What asks the server to make final what it has."""
        return Finalize()

    def understood(self, message: Said) -> Said:
        """The message itself."""
        return message

    def silence(self, message: Said, unheard_audio_s: float) -> None:
        """None: here silence becomes final as speech does."""

    def outcome(self, code: int, after: State) -> Outcome:
        """Success is Metadata seen before the close; 1000 alone proves nothing (Deepgram's own examples)."""
        complete = after is State.FINISHED
        return Outcome.SUCCESS if complete else classify_close(code, complete=False)

    @property
    def error(self) -> None:
        """Never: `/v1/listen` says in its close frame why it ends, and its Error messages end nothing."""

    def unfinished(self) -> Results | None:
        """Nothing: CloseStream makes everything final."""
        return None


class FluxDialect:
    """`/v2/listen`."""

    path = FLUX_PATH
    last_words = "good close"
    least_buffer_audio_s = LEAST_FLUX_BUFFER_AUDIO_S

    def __init__(self) -> None:
        self._open_turn: Results | None = None
        self.error: FluxError | None = None

    def session(self, now_s: float, timers: Timers) -> Session:
        """A new connection's session; its turns begin anew."""
        self._open_turn, self.error = None, None
        return FluxSession(Role.CLIENT, now_s, FluxTimers(timers.answer_after_s, timers.drain_after_s))

    def send(self, session: Session, message: Message, now_s: float) -> str:
        """Check and note a message of ours; returns the text of its frame."""
        assert isinstance(session, FluxSession)  # made by `session`
        assert isinstance(message, CloseStream | ForceEndTurn)
        return session.send(message, now_s)

    def make_final(self) -> Message:
        """What asks the server to make final what it has."""
        return ForceEndTurn()

    def understood(self, message: Said) -> Said:
        """A TurnInfo as Results: final when the turn has ended, interim before. An Error is kept for the close."""
        if isinstance(message, FluxError):
            self.error = message
        if not isinstance(message, TurnInfo):
            return message
        results = as_results(message)
        self._open_turn = None if results.is_final else results
        return results

    def silence(self, message: Said, unheard_audio_s: float) -> Results | None:
        """A turn in which no word was heard so far: it does not end before there is one, however long that takes."""
        if not isinstance(message, Results) or message.is_final or message.words:
            return None
        duration_audio_s = message.duration - unheard_audio_s
        return replace(message, is_final=True, duration=duration_audio_s) if duration_audio_s > 0 else None

    def outcome(self, code: int, after: State) -> Outcome:
        """There is no Metadata: what was said is complete when CloseStream was answered with an ordinary close.

        A fatal Error ends the connection with the same close frame, without a code (AsyncAPI of `/v2/listen`;
        deepgram-js-sdk pull request 557): the message before it is all that tells the two apart.
        """
        if self.error is not None:
            return Outcome.FATAL if self.error.code == UNPARSABLE else Outcome.RETRY
        return classify_close(code, complete=after is State.FINISHING and code in (NORMAL, NO_CODE))

    def unfinished(self) -> Results | None:
        """The turn that was going on when the audio ended: it has no end of its own, and its words stand."""
        turn, self._open_turn = self._open_turn, None
        if turn is None or not turn.transcript:
            return None
        return replace(turn, is_final=True, speech_final=True)


def dialect_for(options: ListenOptions | FluxOptions) -> Dialect:
    """The dialect of the endpoint that options are of."""
    return FluxDialect() if isinstance(options, FluxOptions) else ListenDialect()

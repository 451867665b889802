"""The client without a socket: audio, frames and times in; connects, frames and hang-ups out.

The asyncio shell and the simulation drive the same machine. It holds one session (`ListenSession`) for each
connection, and the seam that joins what the connections said. What goes next and what is needed again is `Outgoing`'s,
when it may go is `Pace`'s.

During an outage nothing is sent, for there is nothing to send it on; on the new connection the KeepAlive timer runs
from its first moment, as it did on the one before.
"""

from __future__ import annotations

import re
from enum import Enum
from random import Random
from typing import Final

from harness.audio.format import AudioFormat
from harness.ledger import Ledger
from harness.protocol.closing import CUT, Outcome, classify_status
from harness.protocol.flux_session import FluxEvent, FluxMessageReceived
from harness.protocol.messages import CloseStream, KeepAlive, Message, Metadata, Results
from harness.protocol.session import Closed, Event, MessageReceived, State, TimerFired, TimerKind
from harness.streamer.actions import Action, Connect, HangUp, SendAudio, SendText
from harness.streamer.backoff import Backoff
from harness.streamer.dialect import Dialect, ListenDialect, Said
from harness.streamer.notes import Notes
from harness.streamer.outgoing import Outgoing
from harness.streamer.pace import Pace
from harness.streamer.seam import LegMap, Seam
from harness.streamer.settings import StreamSettings
from harness.streamer.source import Dropped

SENDS_AT_ONCE: Final = 32
"""Most frames handed out in one go: at full speed the shell must get to its other work in between."""

FINALIZE_WHEN_STUCK_AFTER_S: Final = 3.0
"""Rest before a server is asked to make final what fills the buffer: it may be about to do so by itself."""


class Phase(Enum):
    """Where the whole undertaking stands."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    WAITING = "waiting to reconnect"
    DONE = "done"


class Streamer:
    """One source, streamed over as many connections as it takes.

    Args:
        fmt: of the source's raw audio.
        settings: how to stream.
        rng: of the run's seed.
        notes: takes everything down.
        host: what failures call the server.
        now_s: monotonic seconds.
        header: of the container that the source's audio was taken out of; it precedes the first audio of every
            connection, since a server that never sees it can decode nothing. Empty for raw audio.
        dialect: of the endpoint; that of `/v1/listen` when None.

    Attributes:
        phase: where it stands.

    Raises:
        BadInput: the chunk size is out of range.
    """

    def __init__(
        self,
        fmt: AudioFormat,
        settings: StreamSettings,
        rng: Random,
        notes: Notes,
        host: str,
        now_s: float,
        *,
        header: bytes = b"",
        dialect: Dialect | None = None,
    ) -> None:
        self.phase = Phase.CONNECTING
        self._fmt, self._settings, self._notes, self._host, self._header = fmt, settings, notes, host, header
        self._bytes_per_second = fmt.bytes_per_second  # asked for with every frame
        self._dialect = dialect or ListenDialect()
        self._outgoing = Outgoing(fmt, settings, self._dialect.least_buffer_audio_s)
        self._pace = Pace(settings, self._outgoing.chunk_audio_s, now_s)
        self._backoff = Backoff(settings.reconnect, rng)
        self._seam = Seam()
        self._session = self._dialect.session(now_s, settings.timers)
        self._leg = -1
        self._map = LegMap()
        self._leg_bytes = 0  # of the source, sent on this connection
        self._retry_at_s: float | None = None
        self._waiting_for_final_since_s = now_s

    # --- the source -------------------------------------------------------------------------------------------------

    @property
    def wants_audio(self) -> bool:
        """Whether a source that can wait should give more now."""
        return self._outgoing.has_room

    @property
    def sent_audio_s(self) -> float:
        """How far into the source has been sent."""
        return self._outgoing.next_byte / self._bytes_per_second

    @property
    def dropped(self) -> list[Dropped]:
        """Audio that was given up, in order."""
        return self._outgoing.dropped

    @property
    def failure(self) -> str | None:
        """Why it could not be completed; None as long as nothing failed."""
        return self._notes.failure

    def feed(self, data: bytes, now_s: float) -> None:
        """The source gives audio; one that had run dry goes on from now, not from when it would have been due."""
        ran_dry = not self._outgoing.chunk_is_here
        self._outgoing.append(data)
        self._pace.fed(now_s)
        # Without a connection it is not known yet how much will be missing: the next one says so, once.
        if self.phase is Phase.STREAMING:
            if ran_dry:
                self._pace.resume(self.sent_audio_s, now_s)
            lost = self._outgoing.skip_gap()
            if lost is not None:
                self._note_dropped(lost, now_s)
                self._map.begin(self._leg_audio_s, self.sent_audio_s)

    def end_of_source(self) -> None:
        """No more audio will come."""
        self._outgoing.end_of_source()

    def ledger(self) -> Ledger:
        """Where the source's audio went, as far as this side knows."""
        return self._outgoing.ledger()

    # --- the connection ---------------------------------------------------------------------------------------------

    def begin(self) -> list[Action]:
        """Start: the first connection."""
        return [Connect()]

    def connected(self, headers: dict[str, str], now_s: float) -> list[Action]:
        """The upgrade succeeded."""
        self._leg += 1
        self._notes.opened(self._leg, headers, now_s)
        self._session = self._dialect.session(now_s, self._settings.timers)
        self._seam.begin_leg()
        self.phase, self._leg_bytes = Phase.STREAMING, 0
        self._waiting_for_final_since_s = now_s
        self._map = LegMap()
        lost = self._outgoing.rewind(self._seam.covered_audio_s)
        if lost is not None:
            self._note_dropped(lost, now_s)
        self._map.begin(0.0, self.sent_audio_s)
        self._pace.connected(now_s)
        return self.wake(now_s)

    def refused(self, status: int, headers: dict[str, str], body: str, reason_phrase: str, now_s: float) -> None:
        """The upgrade was refused with an HTTP answer."""
        self._notes.refused(self._leg + 1, status, headers, body, now_s)
        why = f"{self._host}: refused with HTTP {status}: {headers.get('dg-error') or reason_phrase}"
        # A 2xx is no upgrade either: whoever answers a WebSocket handshake so is no Deepgram, nor becomes one.
        fatal = classify_status(status) is not Outcome.RETRY
        self._try_again_or_fail(why, now_s, fatal=fatal, retry_after_s=_seconds(headers.get("retry-after")))

    def interrupt(self) -> None:
        """Somebody wants it to end now; what was received stays."""
        self._notes.interrupted = True
        self.give_up("interrupted")

    def give_up(self, why: str) -> None:
        """It cannot be completed, for a reason from outside; what was received stays."""
        self._notes.fail(why)
        self.phase = Phase.DONE

    def connect_failed(self, why: str, now_s: float, *, fatal: bool = False) -> None:
        """No connection could be made; `fatal` when it never will be, as with a certificate that is not trusted."""
        self._try_again_or_fail(f"{self._host}: {why}", now_s, fatal=fatal)

    def receive_text(self, text: str, now_s: float) -> None:
        """A text frame came."""
        self._react(self._session.receive_text(text, now_s), now_s)
        self._notes.received_text(self._leg, text, now_s, self._leg_audio_s)

    def receive_binary(self, data: bytes, now_s: float) -> None:
        """A binary frame came, which no Deepgram sends."""
        self._notes.received_binary(self._leg, len(data), now_s, self._leg_audio_s)
        self._session.receive_binary(data, now_s)

    def closed(self, code: int, reason: str, now_s: float) -> None:
        """The connection is over; 1006 with a reason of our own when no close frame came."""
        if self.phase is not Phase.STREAMING:
            return
        if code == CUT:
            self._notes.lost(self._leg, reason, now_s, self._leg_audio_s)
        else:
            self._notes.closed(self._leg, code, reason, now_s, self._leg_audio_s)
        self._react(self._session.receive_close(code, reason, now_s), now_s)

    # --- time -------------------------------------------------------------------------------------------------------

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest; None when only news from outside can bring it on."""
        if self.phase is Phase.WAITING:
            return self._retry_at_s
        if self.phase is not Phase.STREAMING:
            return None
        timer_s, send_s = self._session.next_wakeup_s, self._next_send_s()
        ours_s = self._finalize_at_s() if send_s is None else send_s  # never both: what is stuck has nothing to send
        if timer_s is None or ours_s is None:
            return ours_s if timer_s is None else timer_s
        return min(timer_s, ours_s)

    def wake(self, now_s: float) -> list[Action]:
        """Do what is due."""
        if self.phase is Phase.WAITING and self._retry_at_s is not None and now_s >= self._retry_at_s:
            self.phase, self._retry_at_s = Phase.CONNECTING, None
            return [Connect()]
        if self.phase is not Phase.STREAMING:
            return []
        actions = self._send_due(now_s)
        stuck_s = self._finalize_at_s()
        if stuck_s is not None and stuck_s <= now_s:
            self._waiting_for_final_since_s = now_s
            actions.append(self._say(self._dialect.make_final(), now_s))
        for event in self._session.wake(now_s):
            if isinstance(event, TimerFired):
                actions += self._timer_fired(event.kind, now_s)
        return actions

    def _timer_fired(self, kind: TimerKind, now_s: float) -> list[Action]:
        timers = self._settings.timers
        if kind is TimerKind.KEEP_ALIVE:
            # Text, never binary: Deepgram takes a binary KeepAlive for audio (docs, «Audio Keep Alive»).
            return [self._say(KeepAlive(), now_s)]
        if kind is TimerKind.ANSWER:
            why = f"{self._host}: said nothing for {timers.answer_after_s:g} s while audio was sent"
        else:
            why = f"{self._host}: no {self._dialect.last_words} within {timers.drain_after_s:g} s of CloseStream"
        self._notes.lost(self._leg, why, now_s, self._leg_audio_s)
        self._try_again_or_fail(why, now_s)
        return [HangUp()]

    # --- sending ----------------------------------------------------------------------------------------------------

    def _next_send_s(self) -> float | None:
        """When the next frame may go, or CloseStream; None as long as there is neither."""
        if self._session.state is not State.OPEN:
            return None
        if self._outgoing.chunk_is_here:
            return self._pace.due_s(self.sent_audio_s)
        return self._session.opened_s if self._outgoing.all_sent else None  # CloseStream is due at once

    def _finalize_at_s(self) -> float | None:
        """When to ask for a final, because the buffer has no room for more audio before there is one."""
        if self._session.state is not State.OPEN or not self._outgoing.stuck:
            return None
        return self._waiting_for_final_since_s + FINALIZE_WHEN_STUCK_AFTER_S

    def _send_due(self, now_s: float) -> list[Action]:
        actions: list[Action] = []
        while len(actions) < SENDS_AT_ONCE and self._session.state is State.OPEN and self._outgoing.chunk_is_here:
            due_s = self._pace.due_s(self.sent_audio_s)
            if due_s > now_s:
                return actions
            actions.append(self._send_chunk(due_s, now_s))
        if self._outgoing.all_sent and self._session.state is State.OPEN:
            if self._settings.finalize:
                actions.append(self._say(self._dialect.make_final(), now_s))
            actions.append(self._say(CloseStream(), now_s))
        return actions

    def _send_chunk(self, due_s: float, now_s: float) -> SendAudio:
        source_audio_s = self.sent_audio_s
        audio = self._outgoing.take(self._leg)
        # In one frame with the first audio: a frame that is all header has been left undecoded (dotnet-sdk issue 302).
        header = b"" if self._leg_bytes else self._header
        self._leg_bytes += len(audio)
        self._waiting_for_final_since_s = now_s
        data = self._session.send_audio(header + audio, now_s)
        shown_due_s = self._pace.sent(due_s, now_s)
        self._notes.sent_audio(self._leg, data, len(audio), shown_due_s, now_s, self._leg_audio_s, source_audio_s)
        return SendAudio(data)

    def _say(self, message: Message, now_s: float) -> SendText:
        text = self._dialect.send(self._session, message, now_s)
        self._notes.sent_text(self._leg, text, now_s, self._leg_audio_s)
        return SendText(text)

    def _note_dropped(self, lost: Dropped, now_s: float) -> None:
        self._notes.dropped(self._leg, lost, now_s, self._leg_audio_s)

    @property
    def _leg_audio_s(self) -> float:
        return self._leg_bytes / self._bytes_per_second

    # --- what the server said ---------------------------------------------------------------------------------------

    def _react(self, events: list[Event] | list[FluxEvent], now_s: float) -> None:
        for event in events:
            match event:
                case MessageReceived(decoded) | FluxMessageReceived(decoded):
                    self._understand(self._dialect.understood(decoded.message))
                case Closed(code, reason, after):
                    self._over(code, reason, after, now_s)

    def _understand(self, message: Said) -> None:
        if isinstance(message, Metadata):
            self._notes.understood(message)
        elif isinstance(message, Message):
            moved = self._seam.rebase(message, self._map)
            if isinstance(moved, Results):
                self._note_final(moved)
            if moved is not None:
                self._notes.understood(moved)
            self._note_silence(message)

    def _note_silence(self, message: Message) -> None:
        """Audio that holds no word is needed no more, though no final may ever say so."""
        silence = self._dialect.silence(message, self._outgoing.unheard_audio_s)
        moved = None if silence is None else self._seam.rebase(silence, self._map)
        if isinstance(moved, Results):
            self._note_final(moved)

    def _note_final(self, results: Results) -> None:
        if results.is_final:
            # Only a final is progress: interims alone would have a server that dies at one place asked for ever.
            self._backoff.worked()
            self._outgoing.made_final(results.start, results.end_audio_s, self._seam.covered_audio_s)

    def _over(self, code: int, reason: str, after: State, now_s: float) -> None:
        outcome = self._dialect.outcome(code, after)
        if outcome is Outcome.SUCCESS:
            left = self._dialect.unfinished()
            if left is not None:
                self._understand(left)
            self.phase = Phase.DONE
            return
        why = self._why_it_ended(code, reason, after)
        self._try_again_or_fail(why, now_s, fatal=outcome is Outcome.FATAL)

    def _why_it_ended(self, code: int, reason: str, after: State) -> str:
        error = self._dialect.error
        if error is not None:
            return f"{self._host}: ended the session with Error {error.code}: {error.description}"
        wanted = "CloseStream was sent" if after is State.OPEN else f"{self._dialect.last_words} had come"
        said = f" ({reason})" if reason else ""
        return f"the connection ended with {code}{said} before {wanted}"

    def _try_again_or_fail(
        self, why: str, now_s: float, *, fatal: bool = False, retry_after_s: float | None = None
    ) -> None:
        wait_s = None if fatal else self._backoff.next_wait_s(retry_after_s)
        if wait_s is None:
            self._notes.fail(why)
            self.phase = Phase.DONE
        else:
            self.phase, self._retry_at_s = Phase.WAITING, now_s + wait_s


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` in seconds, with decimals or without; its date form is not what Deepgram sends: taken for none."""
    found = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*", retry_after or "")
    return float(found[1]) if found else None

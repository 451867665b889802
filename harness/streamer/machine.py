"""The client without a socket: audio, frames and times in; connects, frames and hang-ups out.

The asyncio shell and the simulation drive the same machine. It holds one session (`ListenSession`) for each
connection, the audio that may be needed again, and the seam that joins what the connections said.

A frame is due by the absolute schedule of the source, as ever. After an outage the frames due meanwhile follow each
other at `catch_up` times that speed, never in a burst.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final, TypeAlias

from harness.audio.chunking import chunk_size
from harness.audio.format import AudioFormat
from harness.audio.pacing import Schedule
from harness.ledger import Ledger, LegSpan, Span
from harness.protocol.closing import CUT, Outcome, classify_close, classify_status
from harness.protocol.codec import Decoded
from harness.protocol.messages import CloseStream, Finalize, KeepAlive, Message, Metadata, Results
from harness.protocol.session import Closed, Event, ListenSession, MessageReceived, Role, State, TimerFired, TimerKind
from harness.streamer.backoff import Backoff
from harness.streamer.notes import Notes
from harness.streamer.seam import LegMap, Seam
from harness.streamer.settings import StreamSettings
from harness.streamer.source import Dropped, SourceBuffer

SENDS_AT_ONCE: Final = 32
"""Most frames handed out in one go: at full speed the shell must get to its other work in between."""


class Phase(Enum):
    """Where the whole undertaking stands."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    WAITING = "waiting to reconnect"
    DONE = "done"


@dataclass(frozen=True)
class Connect:
    """Open a connection."""


@dataclass(frozen=True)
class SendAudio:
    """Send a binary frame."""

    data: bytes


@dataclass(frozen=True)
class SendText:
    """Send a text frame."""

    text: str


@dataclass(frozen=True)
class HangUp:
    """Let go of the connection; it is of no more use."""


Action: TypeAlias = Connect | SendAudio | SendText | HangUp


class Streamer:
    """One source, streamed over as many connections as it takes.

    Args:
        fmt: of the source's raw audio.
        settings: how to stream.
        rng: of the run's seed.
        notes: takes everything down.
        host: what failures call the server.
        now_s: monotonic seconds.

    Attributes:
        phase: where it stands.
        dropped: audio that was given up, in order.
        failure: why it could not be completed, or None.
    """

    def __init__(
        self, fmt: AudioFormat, settings: StreamSettings, rng: Random, notes: Notes, host: str, now_s: float
    ) -> None:
        self.phase = Phase.CONNECTING
        self.dropped: list[Dropped] = []
        self._fmt, self._settings, self._notes, self._host = fmt, settings, notes, host
        self._chunk_bytes = chunk_size(fmt, settings.chunk_ms)
        # Less would not do: what is kept of the final audio must leave room for the next frame.
        capacity_bytes = max(fmt.aligned_bytes(settings.buffer_audio_s), 2 * self._chunk_bytes)
        self._overlap_audio_s = min(settings.overlap_audio_s, fmt.seconds(capacity_bytes) / 2)
        self._source = SourceBuffer(fmt.frame_bytes, capacity_bytes, drop_oldest=settings.live)
        self._backoff = Backoff(settings.reconnect, rng)
        self._seam = Seam()
        self._schedule: Schedule | None = None
        self._session = ListenSession(Role.CLIENT, now_s, settings.timers)
        self._leg = -1
        self._map = LegMap()
        self._next_byte = 0  # of the source, to be sent next
        self._leg_bytes = 0  # sent on this connection
        self._last_due_s = now_s
        self._retry_at_s: float | None = None
        self._closing = False
        self._sent: list[LegSpan] = []
        self._finals: list[Span] = []

    # --- the source -------------------------------------------------------------------------------------------------

    @property
    def wants_audio(self) -> bool:
        """Whether a source that can wait should give more now."""
        return self._source.has_room

    @property
    def sent_audio_s(self) -> float:
        """How far into the source has been sent."""
        return self._fmt.seconds(self._next_byte)

    @property
    def failure(self) -> str | None:
        """Why it could not be completed; None as long as nothing failed."""
        return self._notes.failure

    def feed(self, data: bytes, now_s: float) -> None:
        """The source gives audio; one that had run dry goes on from now, not from when it would have been due."""
        ran_dry = self._source.end_byte - self._next_byte < self._chunk_bytes
        self._source.append(data)
        if self._schedule is None:
            self._schedule = Schedule(self._settings.speed, now_s)
        elif ran_dry and self.phase is Phase.STREAMING:
            self._schedule.resume(self.sent_audio_s, now_s)
        # Without a connection it is not known yet how much will be missing: the next one says so, once.
        if self._next_byte < self._source.start_byte and self.phase is Phase.STREAMING:
            self._drop_to(self._source.start_byte, now_s)

    def end_of_source(self) -> None:
        """No more audio will come."""
        self._source.ended = True

    def ledger(self) -> Ledger:
        """Where the source's audio went, as far as this side knows."""
        rate = self._fmt.sample_rate
        return Ledger(
            sample_rate=rate,
            source_frames=self._source.end_byte // self._fmt.frame_bytes,
            sent=tuple(self._sent),
            dropped=tuple((round(d.start_audio_s * rate), round(d.end_audio_s * rate)) for d in self.dropped),
            transcribed=tuple(self._finals),
        )

    # --- the connection ---------------------------------------------------------------------------------------------

    def begin(self) -> list[Action]:
        """Start: the first connection."""
        return [Connect()]

    def connected(self, headers: dict[str, str], now_s: float) -> list[Action]:
        """The upgrade succeeded."""
        self._leg += 1
        self._notes.opened(self._leg, headers, now_s)
        self._session = ListenSession(Role.CLIENT, now_s, self._settings.timers)
        self._seam.begin_leg()
        self.phase, self._closing, self._leg_bytes = Phase.STREAMING, False, 0
        self._last_due_s = now_s - self._step_s  # what became due while there was no connection is caught up on, too
        self._map = LegMap()
        self._rewind(now_s)
        self._map.begin(0.0, self.sent_audio_s)
        return self.wake(now_s)

    def refused(self, status: int, headers: dict[str, str], body: str, reason_phrase: str, now_s: float) -> None:
        """The upgrade was refused with an HTTP answer."""
        self._notes.refused(self._leg + 1, status, headers, body, now_s)
        why = f"{self._host}: refused with HTTP {status}: {headers.get('dg-error') or reason_phrase}"
        fatal = classify_status(status) is Outcome.FATAL
        self._try_again_or_fail(why, now_s, fatal=fatal, retry_after_s=_seconds(headers.get("retry-after")))

    def interrupt(self) -> None:
        """Somebody wants it to end now; what was received stays."""
        self._notes.interrupted = True
        self.give_up("interrupted")

    def give_up(self, why: str) -> None:
        """It cannot be completed, for a reason from outside; what was received stays."""
        self._notes.fail(why)
        self.phase = Phase.DONE

    def connect_failed(self, why: str, now_s: float) -> None:
        """No connection could be made."""
        self._try_again_or_fail(f"{self._host}: {why}", now_s)

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
        waits = [self._session.next_wakeup_s, self._next_send_s()]
        return min((wait for wait in waits if wait is not None), default=None)

    def wake(self, now_s: float) -> list[Action]:
        """Do what is due."""
        if self.phase is Phase.WAITING and self._retry_at_s is not None and now_s >= self._retry_at_s:
            self.phase, self._retry_at_s = Phase.CONNECTING, None
            return [Connect()]
        if self.phase is not Phase.STREAMING:
            return []
        actions = self._send_due(now_s)
        for event in self._session.wake(now_s):
            if isinstance(event, TimerFired):
                actions += self._timer_fired(event.kind, now_s)
        return actions

    def _timer_fired(self, kind: TimerKind, now_s: float) -> list[Action]:
        timers = self._settings.timers
        if kind is TimerKind.KEEP_ALIVE:
            # Text, never binary: Deepgram takes a binary KeepAlive for audio (docs, «Audio Keep Alive»).
            return [self._say(Finalize() if self._stuck else KeepAlive(), now_s)]
        if kind is TimerKind.ANSWER:
            why = f"{self._host}: said nothing for {timers.answer_after_s:g} s while audio was sent"
        else:
            why = f"{self._host}: no Metadata within {timers.drain_after_s:g} s of CloseStream"
        self._notes.lost(self._leg, why, now_s, self._leg_audio_s)
        self._try_again_or_fail(why, now_s)
        return [HangUp()]

    # --- sending ----------------------------------------------------------------------------------------------------

    def _next_send_s(self) -> float | None:
        """When the next frame may go: by the schedule, and after an outage not faster than the catch-up allows."""
        if self._session.state is not State.OPEN:
            return None
        if not self._chunk_is_here():
            return self._session.opened_s if self._all_sent() else None  # CloseStream is due at once
        assert self._schedule is not None  # there is audio, so there is a schedule
        due_s = self._schedule.due_wall_s(self.sent_audio_s)
        return due_s if self._settings.speed.is_max else max(due_s, self._last_due_s + self._step_s)

    @property
    def _step_s(self) -> float:
        """Least time from frame to frame."""
        return self._settings.speed.wall_s(self._fmt.seconds(self._chunk_bytes)) / self._settings.catch_up

    @property
    def _stuck(self) -> bool:
        """The buffer is full of audio that is sent and not final: no more can come until the server makes it final."""
        return not self._source.ended and not self._source.has_room and not self._chunk_is_here()

    def _chunk_is_here(self) -> bool:
        waiting = self._source.end_byte - self._next_byte
        return waiting >= self._chunk_bytes or (self._source.ended and waiting > 0)

    def _all_sent(self) -> bool:
        return self._source.ended and self._next_byte >= self._source.end_byte

    def _send_due(self, now_s: float) -> list[Action]:
        actions: list[Action] = []
        while len(actions) < SENDS_AT_ONCE and self._session.state is State.OPEN and self._chunk_is_here():
            due_s = self._next_send_s()
            if due_s is None or due_s > now_s:
                return actions
            actions.append(self._send_chunk(due_s, now_s))
        if self._all_sent() and not self._closing and self._session.state is State.OPEN:
            self._closing = True
            if self._settings.finalize:
                actions.append(self._say(Finalize(), now_s))
            actions.append(self._say(CloseStream(), now_s))
        return actions

    def _send_chunk(self, due_s: float, now_s: float) -> SendAudio:
        data = self._session.send_audio(self._source.read(self._next_byte, self._chunk_bytes), now_s)
        self._note_span(self._next_byte, self._next_byte + len(data))
        self._next_byte += len(data)
        self._leg_bytes += len(data)
        # A late frame is late by the schedule, but the next one is due by when this one really went.
        self._last_due_s = now_s if self._settings.speed.is_max else max(due_s, now_s - self._lag_allowed_s())
        shown_due_s = now_s if self._settings.speed.is_max else due_s
        self._notes.sent_audio(self._leg, data, shown_due_s, now_s, self._leg_audio_s)
        self._release_what_is_final()
        return SendAudio(data)

    def _note_span(self, start_byte: int, end_byte: int) -> None:
        width = self._fmt.frame_bytes
        span = LegSpan(self._leg, start_byte // width, end_byte // width)
        last = self._sent[-1] if self._sent else None
        if last is not None and (last.leg, last.end) == (span.leg, span.start):
            self._sent[-1] = LegSpan(last.leg, last.start, span.end)
        else:
            self._sent.append(span)

    def _lag_allowed_s(self) -> float:
        """How late a frame may be without slowing the ones behind it: ordinary jitter is made up at once."""
        return 5 * self._settings.speed.wall_s(self._fmt.seconds(self._chunk_bytes))

    def _say(self, message: Message, now_s: float) -> SendText:
        text = self._session.send(message, now_s)
        self._notes.sent_text(self._leg, text, now_s, self._leg_audio_s)
        return SendText(text)

    # --- what is needed again ---------------------------------------------------------------------------------------

    def _rewind(self, now_s: float) -> None:
        """Go back to the end of what is final, and a little before: everything after it is sent again."""
        covered_byte = self._fmt.aligned_bytes(self._seam.covered_audio_s)
        wanted_byte = max(0, covered_byte - self._fmt.aligned_bytes(self._overlap_audio_s))
        self._next_byte = min(self._next_byte, wanted_byte)
        if self._next_byte < self._source.start_byte:
            if covered_byte < self._source.start_byte:
                self._next_byte = covered_byte
                self._drop_to(self._source.start_byte, now_s)
            self._next_byte = self._source.start_byte

    def _drop_to(self, byte: int, now_s: float) -> None:
        """The buffer no longer holds what should be sent next: say so, and go on behind the gap."""
        lost = Dropped(self._fmt.seconds(self._next_byte), self._fmt.seconds(byte))
        self.dropped.append(lost)
        self._notes.dropped(max(0, self._leg), lost, now_s, self._leg_audio_s)
        self._next_byte = byte
        if self.phase is Phase.STREAMING:
            self._map.begin(self._leg_audio_s, self.sent_audio_s)

    def _release_what_is_final(self) -> None:
        """Keep what a reconnection would need; without one, only what is not sent yet."""
        if self._settings.reconnect.attempts == 0:
            self._source.release(self._next_byte)
            return
        needed = self._seam.covered_audio_s - self._overlap_audio_s
        # A server may claim more than it was sent; that does not make what is still to be sent superfluous.
        self._source.release(min(self._next_byte, self._fmt.aligned_bytes(max(0.0, needed))))

    @property
    def _leg_audio_s(self) -> float:
        return self._fmt.seconds(self._leg_bytes)

    # --- what the server said ---------------------------------------------------------------------------------------

    def _react(self, events: list[Event], now_s: float) -> None:
        for event in events:
            match event:
                case MessageReceived(decoded):
                    self._understand(decoded)
                case Closed(code, reason, after):
                    self._over(code, reason, after, now_s)

    def _understand(self, decoded: Decoded) -> None:
        message = decoded.message
        if isinstance(message, Metadata):
            self._notes.understood(message)
        elif isinstance(message, Message):
            moved = self._seam.rebase(message, self._map)
            if isinstance(moved, Results):
                self._note_final(moved)
            if moved is not None:
                self._notes.understood(moved)

    def _note_final(self, results: Results) -> None:
        if results.is_final:
            # Only a final is progress: interims alone would have a server that dies at one place asked for ever.
            self._backoff.worked()
            rate = self._fmt.sample_rate
            self._finals.append((round(results.start * rate), round(results.end_audio_s * rate)))
            self._release_what_is_final()

    def _over(self, code: int, reason: str, after: State, now_s: float) -> None:
        # Success is Metadata seen before the close; 1000 alone proves nothing (Deepgram's own examples).
        complete = after is State.FINISHED
        outcome = classify_close(code, complete=complete)
        if complete:
            self.phase = Phase.DONE
            return
        self._try_again_or_fail(_early_end(code, reason, after), now_s, fatal=outcome is Outcome.FATAL)

    def _try_again_or_fail(
        self, why: str, now_s: float, *, fatal: bool = False, retry_after_s: float | None = None
    ) -> None:
        wait_s = None if fatal else self._backoff.next_wait_s(retry_after_s)
        if wait_s is None:
            self._notes.fail(why)
            self.phase = Phase.DONE
        else:
            self.phase, self._retry_at_s = Phase.WAITING, now_s + wait_s


def _early_end(code: int, reason: str, after: State) -> str:
    said = f" ({reason})" if reason else ""
    wanted = "before CloseStream was sent" if after is State.OPEN else "before Metadata had come"
    return f"the connection ended with {code}{said} {wanted}"


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` in seconds; its date form is not what Deepgram sends, and is taken for none."""
    return float(retry_after) if retry_after is not None and re.fullmatch(r"[0-9]{1,9}", retry_after.strip()) else None

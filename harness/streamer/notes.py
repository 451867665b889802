"""Takes down a streaming session as it runs: the recording, the transcript, the audio sent, and how it was paced."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

from harness.audio.format import AudioFormat
from harness.audio.pacing import PacingStats, SendLog
from harness.ledger import Ledger
from harness.protocol.messages import Message
from harness.recording.document import Recording
from harness.recording.entries import (
    AnyEntry,
    Audio,
    Binary,
    Close,
    Direction,
    End,
    Header,
    Lost,
    Note,
    Opened,
    Refused,
    Text,
)
from harness.streamer.source import Dropped
from harness.transcript import Transcript

MAX_REFUSAL_BODY_CHARACTERS = 10_000

Observer = Callable[[AnyEntry, Transcript], None]
"""Is told every entry as it happens, with the transcript so far; progress and files hang on it."""


@dataclass(frozen=True)
class Reconnection:
    """One outage that was got over.

    Attributes:
        lost_wall_s: when the connection was lost, in seconds since the first connect began.
        took_s: from then to the next open connection.
    """

    lost_wall_s: float
    took_s: float


@dataclass
class StreamOutcome:
    """What came of a session.

    Attributes:
        recording: every frame both ways, on every connection.
        transcript: what the server said, on the source's timeline.
        ledger: where every second of the source went.
        audio: the bytes that were sent, over all connections in turn.
        pacing: how well the schedule was kept; None when nothing was sent.
        failure: one sentence when the session was not completed, else None.
        status: the HTTP status of the last refused upgrade.
        interrupted: whether it was cancelled from outside.
        connections: how many were opened.
        reconnections: the outages that were got over, in order.
        dropped: audio that was given up because the buffer could not hold it, in order.
    """

    recording: Recording
    transcript: Transcript
    ledger: Ledger
    audio: bytes
    pacing: PacingStats | None
    failure: str | None = None
    status: int | None = None
    interrupted: bool = False
    connections: int = 0
    reconnections: tuple[Reconnection, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    def ledger_problems(self) -> list[str]:
        """Every invariant of the ledger that this session breaks, one sentence each; none in a sound one.

        A word that is said twice or out of order, or that lies where no audio was sent; and of a session that was
        completed, audio that was neither sent nor reported as dropped.
        """
        channels = self.transcript.channels or (0,)
        problems = [p for channel in channels for p in self.ledger.problems(self.transcript.words(channel))]
        unsent_audio_s = self.ledger.account().unsent_audio_s
        if self.failure is None and unsent_audio_s > 0:
            problems.append(f"{unsent_audio_s:.3f} s of the source were neither sent nor reported as dropped")
        return list(dict.fromkeys(problems))


class Notes:
    """Everything that is kept of one session.

    Args:
        fmt: of the audio.
        source: where the audio comes from.
        observer: told every entry.
        now_s: monotonic seconds at which the first connect begins.
        container: name of the container whose header goes before the audio; None for raw audio.
        keep: keep the entries and the audio; without, only the observer sees them, and beyond the transcript memory
            stays flat.
    """

    def __init__(
        self,
        fmt: AudioFormat,
        source: str,
        observer: Observer | None,
        now_s: float,
        *,
        container: str | None = None,
        keep: bool = True,
    ) -> None:
        self._fmt, self._source, self._observer, self._container = fmt, source, observer, container
        self._keep = keep
        self._began_s = now_s
        self._last_s = now_s
        self._entries: list[AnyEntry] = []
        self._transcript = Transcript()
        self._sent = bytearray()
        self._sha256 = hashlib.sha256()
        self._sent_bytes = 0  # headers and all
        self._sent_audio_bytes = 0
        self._connections = 0
        self._next_source_audio_s = 0.0  # where the next frame begins if it follows the one before it
        self._lost_at_s: float | None = None
        self._reconnections: list[Reconnection] = []
        self._dropped: list[Dropped] = []
        self._send_log = SendLog(fmt.bytes_per_second)
        self.failure: str | None = None
        self.status: int | None = None
        self.interrupted = False

    def outcome(self, header: Header, ledger: Ledger) -> StreamOutcome:
        """What came of the session."""
        return StreamOutcome(
            recording=Recording(header, tuple(self._entries)),
            transcript=self._transcript,
            ledger=ledger,
            audio=bytes(self._sent),
            pacing=self._send_log.stats() if self._sent else None,
            failure=self.failure,
            status=self.status,
            interrupted=self.interrupted,
            connections=self._connections,
            reconnections=tuple(self._reconnections),
            dropped=tuple(self._dropped),
        )

    def fail(self, sentence: str) -> None:
        """The session cannot be completed; the first reason is the one that counts."""
        if self.failure is None:
            self.failure = sentence

    def opened(self, leg: int, headers: dict[str, str], now_s: float) -> None:
        """The upgrade succeeded."""
        self._connections += 1
        self._next_source_audio_s = 0.0 if self._connections == 1 else math.nan  # a later leg always says
        if self._lost_at_s is not None:
            took_s = round(now_s - self._lost_at_s, 6)
            self._reconnections.append(Reconnection(self._wall_s(self._lost_at_s), took_s))
            self._lost_at_s = None
        self._note(Opened(leg=leg, wall_s=self._wall_s(now_s), headers=headers))

    def refused(self, leg: int, status: int, headers: dict[str, str], body: str, now_s: float) -> None:
        """The upgrade was refused."""
        self.status = status
        shown = body[:MAX_REFUSAL_BODY_CHARACTERS]
        self._note(Refused(leg=leg, wall_s=self._wall_s(now_s), status=status, headers=headers, body=shown))

    def sent_audio(
        self,
        leg: int,
        data: bytes,
        audio_bytes: int,
        due_s: float,
        now_s: float,
        audio_s: float,
        source_audio_s: float,
    ) -> None:
        """A frame goes out, meant for `due_s`; its last `audio_bytes` are audio, and `audio_s` counts them already.

        That audio begins at `source_audio_s` of the source.
        """
        follows = abs(source_audio_s - self._next_source_audio_s) < 1e-6
        self._next_source_audio_s = source_audio_s + self._fmt.seconds(audio_bytes)
        self._sha256.update(data)
        self._sent_bytes += len(data)
        self._sent_audio_bytes += audio_bytes
        if self._keep:
            self._sent += data
            self._send_log.record(due_s, now_s, audio_bytes)
        self._binary(
            leg,
            Direction.UPSTREAM,
            len(data),
            now_s,
            audio_s,
            round(due_s - self._began_s, 6),
            None if follows else _position(source_audio_s),
        )

    def sent_text(self, leg: int, text: str, now_s: float, audio_s: float) -> None:
        """A control message goes out."""
        self._text(leg, Direction.UPSTREAM, text, now_s, audio_s)

    def received_text(self, leg: int, text: str, now_s: float, audio_s: float) -> None:
        """A text frame came."""
        self._text(leg, Direction.DOWNSTREAM, text, now_s, audio_s)

    def received_binary(self, leg: int, size: int, now_s: float, audio_s: float) -> None:
        """A binary frame came, which no Deepgram sends."""
        self._binary(leg, Direction.DOWNSTREAM, size, now_s, audio_s, None)

    def understood(self, message: Message) -> None:
        """What the text frame said, on the source's timeline."""
        self._transcript.feed(message)

    def closed(self, leg: int, code: int, reason: str, now_s: float, audio_s: float) -> None:
        """The server's close frame came."""
        self._lost_at_s = now_s
        self._note(
            Close(
                leg=leg,
                direction=Direction.DOWNSTREAM,
                wall_s=self._wall_s(now_s),
                audio_s=_position(audio_s),
                code=code,
                reason=reason,
            )
        )

    def lost(self, leg: int, why: str, now_s: float, audio_s: float) -> None:
        """The connection ended without a close frame."""
        self._lost_at_s = now_s
        self._note(Lost(leg=leg, wall_s=self._wall_s(now_s), audio_s=_position(audio_s), why=why))

    def dropped(self, leg: int, lost: Dropped, now_s: float, audio_s: float) -> None:
        """Audio of the source was given up."""
        self._dropped.append(lost)
        text = (
            f"dropped {lost.start_audio_s:.3f} to {lost.end_audio_s:.3f} s of the source: "
            "the buffer could not hold it until it could be sent"
        )
        self._note(Note(leg=leg, wall_s=self._wall_s(now_s), audio_s=_position(audio_s), text=text))

    def end(self) -> None:
        """The session is over: note what audio was sent, and the end."""
        self._transcript.finish()
        self._note(
            Audio(
                sha256=self._sha256.hexdigest(),
                size=self._sent_bytes,
                duration_audio_s=_position(self._fmt.seconds(self._sent_audio_bytes)),
                encoding=None if self._container else str(self._fmt.encoding),
                sample_rate=self._fmt.sample_rate,
                channels=self._fmt.channels,
                container=self._container,
                source=self._source,
            )
        )
        self._note(End(wall_s=self._wall_s(self._last_s), partial=self.failure is not None, why=self.failure or ""))

    def _text(self, leg: int, direction: Direction, text: str, now_s: float, audio_s: float) -> None:
        self._note(
            Text(leg=leg, direction=direction, wall_s=self._wall_s(now_s), audio_s=_position(audio_s), text=text)
        )

    def _binary(
        self,
        leg: int,
        direction: Direction,
        size: int,
        now_s: float,
        audio_s: float,
        due_s: float | None,
        source_audio_s: float | None = None,
    ) -> None:
        self._note(
            Binary(
                leg=leg,
                direction=direction,
                wall_s=self._wall_s(now_s),
                audio_s=_position(audio_s),
                size=size,
                due_s=due_s,
                source_audio_s=source_audio_s,
            )
        )

    def _note(self, entry: AnyEntry) -> None:
        if self._keep:
            self._entries.append(entry)
        if self._observer is not None:
            self._observer(entry, self._transcript)

    def _wall_s(self, now_s: float) -> float:
        self._last_s = max(self._last_s, now_s)
        return round(now_s - self._began_s, 6)


def _position(audio_s: float) -> float:
    return round(audio_s, 6)

"""Takes down a streaming session as it runs: the recording, the transcript, the audio sent, and how it was paced."""

from __future__ import annotations

import hashlib

from websockets.http11 import Response

from harness.audio.pacing import SendLog
from harness.client.log import LOG
from harness.client.streams import AudioToSend, Observer, StreamOutcome
from harness.clock import Clock
from harness.protocol.codec import Decoded
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
    Opened,
    Refused,
    Text,
)
from harness.transcript import Transcript

MAX_REFUSAL_BODY_CHARACTERS = 10_000


class Notes:
    """Everything that is kept of one session."""

    def __init__(self, audio: AudioToSend, observer: Observer | None, clock: Clock) -> None:
        self._audio, self._observer, self._clock = audio, observer, clock
        self._began_s = clock.now_s()
        self._entries: list[AnyEntry] = []
        self._transcript = Transcript()
        self._sent = bytearray()
        self._send_log = SendLog(audio.format.bytes_per_second)
        self.failure: str | None = None
        self.status: int | None = None
        self.interrupted = False

    @property
    def audio_s(self) -> float:
        """Seconds of audio sent."""
        return self._audio.format.seconds(len(self._sent))

    def outcome(self, header: Header) -> StreamOutcome:
        """What came of the session."""
        return StreamOutcome(
            recording=Recording(header, tuple(self._entries)),
            transcript=self._transcript,
            audio=bytes(self._sent),
            pacing=self._send_log.stats() if self._sent else None,
            failure=self.failure,
            status=self.status,
            interrupted=self.interrupted,
        )

    def fail(self, sentence: str) -> None:
        """The session cannot be completed; the first reason is the one that counts."""
        if self.failure is None:
            LOG.warning("failed", extra={"why": sentence})
            self.failure = sentence

    def opened(self, response: Response | None) -> None:
        """The upgrade succeeded."""
        headers = _headers(response) if response else {}
        LOG.info("open", extra={"request_id": headers.get("dg-request-id")})
        self._note(Opened(leg=0, wall_s=self._wall_s(), headers=headers))

    def refused(self, response: Response) -> str:
        """The upgrade was refused; returns why, in the server's words."""
        headers = _headers(response)
        body = (response.body or b"").decode("utf-8", "replace")[:MAX_REFUSAL_BODY_CHARACTERS]
        self.status = response.status_code
        self._note(Refused(leg=0, wall_s=self._wall_s(), status=self.status, headers=headers, body=body))
        return headers.get("dg-error") or response.reason_phrase

    def sent_audio(self, chunk: bytes, due_s: float, sent_s: float) -> None:
        """A chunk goes out; `due_s` and `sent_s` are on the clock."""
        self._sent += chunk
        self._send_log.record(due_s, sent_s, len(chunk))
        self._binary(Direction.UPSTREAM, len(chunk), due_s)

    def sent_text(self, text: str) -> None:
        """A control message goes out."""
        self._text(Direction.UPSTREAM, text)

    def received_text(self, text: str) -> None:
        """A text frame came."""
        self._text(Direction.DOWNSTREAM, text)

    def understood(self, decoded: Decoded) -> None:
        """What the text frame said."""
        self._transcript.feed(decoded.message)

    def received_binary(self, data: bytes) -> None:
        """A binary frame came, which no Deepgram sends."""
        self._binary(Direction.DOWNSTREAM, len(data), None)

    def closed(self, code: int, reason: str) -> None:
        """The server's close frame came."""
        LOG.info("closed", extra={"code": code, "reason": reason})
        self._note(
            Close(
                leg=0,
                direction=Direction.DOWNSTREAM,
                wall_s=self._wall_s(),
                audio_s=self._position(),
                code=code,
                reason=reason,
            )
        )

    def lost(self, why: str) -> None:
        """The connection ended without a close frame."""
        LOG.info("lost", extra={"why": why})
        self._note(Lost(leg=0, wall_s=self._wall_s(), audio_s=self._position(), why=why))

    def end(self) -> None:
        """The session is over: note what audio was sent, and the end."""
        self._transcript.finish()
        raw = self._audio.format
        self._note(
            Audio(
                sha256=hashlib.sha256(self._sent).hexdigest(),
                size=len(self._sent),
                duration_audio_s=self._position(),
                encoding=str(raw.encoding),
                sample_rate=raw.sample_rate,
                channels=raw.channels,
                source=self._audio.source,
            )
        )
        self._note(End(wall_s=self._wall_s(), partial=self.failure is not None, why=self.failure or ""))

    def _text(self, direction: Direction, text: str) -> None:
        self._note(Text(leg=0, direction=direction, wall_s=self._wall_s(), audio_s=self._position(), text=text))

    def _binary(self, direction: Direction, size: int, due_s: float | None) -> None:
        self._note(
            Binary(
                leg=0,
                direction=direction,
                wall_s=self._wall_s(),
                audio_s=self._position(),
                size=size,
                due_s=None if due_s is None else round(due_s - self._began_s, 6),
            )
        )

    def _note(self, entry: AnyEntry) -> None:
        self._entries.append(entry)
        if self._observer is not None:
            self._observer(entry, self._transcript)

    def _wall_s(self) -> float:
        return round(self._clock.now_s() - self._began_s, 6)

    def _position(self) -> float:
        return round(self.audio_s, 6)


def _headers(response: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.raw_items()}

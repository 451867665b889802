"""What one connection did, kept as a recording written from the server's side."""

from __future__ import annotations

from collections import deque
from typing import Final

from harness.audio.stream_decoder import StreamDecoder
from harness.protocol.options import ListenOptions
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
    Side,
    Text,
)
from mock_server.transcriber import StreamSource

LEAD_BYTES: Final = 16
"""How much of the first audio is kept: enough for a container's magic number."""


class Journal:
    """Takes note of one connection; `recording` is what came of it so far.

    Times are handed in as monotonic seconds and kept as seconds since the connection was made.

    Args:
        path: that was asked for.
        query: the query string.
        created: RFC 3339 date.
        tool: name and version of what keeps it.
        now_s: monotonic seconds at which the connection was made.
        keep: whether entries are kept; without them memory stays flat however long the session.

    Attributes:
        behind_faults: whether what the connection says has faults to pass; then it is noted as it comes out of them
            (`sent_text`, `sent_close`), not as it was meant.
        lead_bytes: the first bytes of the audio.
        finished: whether the connection is over.
    """

    def __init__(self, path: str, query: str, created: str, tool: str, now_s: float, *, keep: bool = True) -> None:
        self._path, self._query, self._created, self._tool = path, query, created, tool
        self._began_s = now_s
        self._replies = "nothing: no recording was chosen"
        self._synthetic: bool | None = None
        self._entries = deque[AnyEntry](maxlen=None if keep else 0)
        self.behind_faults = False
        self.lead_bytes = b""
        self.finished = False

    def recording(self, name: str = "session") -> Recording:
        """Everything noted so far."""
        header = Header(
            side=Side.SERVER,
            path=self._path,
            query=self._query,
            created=self._created,
            tool=self._tool,
            replies=self._replies,
            synthetic=self._synthetic,
        )
        return Recording(header, tuple(self._entries), name)

    def replies_from(self, source: StreamSource) -> None:
        """The answers come from here."""
        self._replies, self._synthetic = source.describe(), source.synthetic

    def opened(self, headers: dict[str, str], now_s: float) -> None:
        """The upgrade was answered with 101."""
        self._entries.append(Opened(leg=0, wall_s=self._since(now_s), headers=headers))

    def refused(self, status: int, headers: dict[str, str], body: str, now_s: float) -> None:
        """The upgrade was refused."""
        self._entries.append(Refused(leg=0, wall_s=self._since(now_s), status=status, headers=headers, body=body))
        self._entries.append(End(wall_s=self._since(now_s), partial=True, why=f"refused with {status}"))
        self.finished = True

    def text(self, direction: Direction, text: str, now_s: float, audio_s: float) -> None:
        """A text frame that the connection was sent, or says."""
        if direction is Direction.UPSTREAM or not self.behind_faults:
            self._text(direction, text, now_s, audio_s)

    def sent_text(self, text: str, now_s: float, audio_s: float) -> None:
        """A text frame that goes out to the client."""
        self._text(Direction.DOWNSTREAM, text, now_s, audio_s)

    def binary(self, data: bytes, now_s: float, audio_s: float) -> None:
        """A binary frame of the client's; `audio_s` counts it already."""
        if len(self.lead_bytes) < LEAD_BYTES:
            self.lead_bytes = (self.lead_bytes + data)[:LEAD_BYTES]
        self._entries.append(
            Binary(
                leg=0,
                direction=Direction.UPSTREAM,
                wall_s=self._since(now_s),
                audio_s=_position(audio_s),
                size=len(data),
            )
        )

    def closed_by_server(self, code: int, reason: str, now_s: float, audio_s: float) -> None:
        """The close frame that the connection says."""
        if not self.behind_faults:
            self.sent_close(code, reason, now_s, audio_s)

    def sent_close(self, code: int, reason: str, now_s: float, audio_s: float) -> None:
        """A close frame that goes out to the client."""
        self._close(Direction.DOWNSTREAM, code, reason, now_s, audio_s)

    def closed_by_client(self, code: int, reason: str, now_s: float, audio_s: float) -> None:
        """The client's close frame, or its absence (1006)."""
        if code == 1006:
            why = "the client's side of the connection ended without a close frame"
            self._lost(why, None, now_s, audio_s)
        else:
            self._close(Direction.UPSTREAM, code, reason, now_s, audio_s)

    def cut_by_server(self, why: str, now_s: float, audio_s: float) -> None:
        """We let go of the connection without a close frame."""
        self._lost(why, Side.SERVER, now_s, audio_s)

    def note(self, text: str, now_s: float, audio_s: float) -> None:
        """Something worth telling."""
        self._entries.append(Note(leg=0, wall_s=self._since(now_s), audio_s=_position(audio_s), text=text))

    def finish(self, sha256: str, size: int, decoder: StreamDecoder, options: ListenOptions, now_s: float) -> None:
        """The socket is gone: note what audio came, and the end."""
        raw = options.raw_format
        self._entries.append(
            Audio(
                sha256=sha256,
                size=size,
                duration_audio_s=_position(decoder.audio_s),
                encoding=str(raw.encoding) if raw else None,
                sample_rate=decoder.sample_rate,
                channels=decoder.channels,
                container=decoder.container,
            )
        )
        self._entries.append(End(wall_s=self._since(now_s)))
        self.finished = True

    def _text(self, direction: Direction, text: str, now_s: float, audio_s: float) -> None:
        self._entries.append(
            Text(leg=0, direction=direction, wall_s=self._since(now_s), audio_s=_position(audio_s), text=text)
        )

    def _lost(self, why: str, by: Side | None, now_s: float, audio_s: float) -> None:
        self._entries.append(Lost(leg=0, wall_s=self._since(now_s), audio_s=_position(audio_s), why=why, by=by))

    def _close(self, direction: Direction, code: int, reason: str, now_s: float, audio_s: float) -> None:
        self._entries.append(
            Close(
                leg=0,
                direction=direction,
                wall_s=self._since(now_s),
                audio_s=_position(audio_s),
                code=code,
                reason=reason,
            )
        )

    def _since(self, now_s: float) -> float:
        return round(now_s - self._began_s, 6)


def _position(audio_s: float) -> float:
    return round(audio_s, 6)

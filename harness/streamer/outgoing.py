"""The source on its way out: what goes next, what is needed again on a new connection, and the books of both.

Positions are bytes of the source, counted over all connections. What is final is needed no more, apart from a little
overlap; what was sent and is not final yet is needed again when the connection breaks; what a full buffer could not
hold until then is given up, and reported.
"""

from __future__ import annotations

from typing import Final

from harness.audio.chunking import chunk_size
from harness.audio.format import AudioFormat
from harness.ledger import Ledger, LegSpan, Span
from harness.streamer.settings import StreamSettings
from harness.streamer.source import Dropped, SourceBuffer

UNHEARD_AUDIO_S: Final = 5.0
"""A word may have begun so long before it is shown; in the one real session of Flux the first took 0.48 s."""


class Outgoing:
    """The source as the sender sees it.

    Args:
        fmt: of the source's raw audio.
        settings: chunking, buffer and overlap.
        least_buffer_audio_s: a smaller buffer than this is made as large.

    Attributes:
        chunk_audio_s: seconds of audio in a full frame.
        unheard_audio_s: how much of a silence is kept, because a word that is not shown yet may have begun in it.
        next_byte: position of what is sent next.
        dropped: what was given up, in order.

    Raises:
        BadInput: the chunk size is out of range.
    """

    def __init__(self, fmt: AudioFormat, settings: StreamSettings, least_buffer_audio_s: float = 0.0) -> None:
        self._fmt, self._frame_bytes = fmt, fmt.frame_bytes
        self._chunk_bytes = chunk_size(fmt, settings.chunk_ms)
        self.chunk_audio_s = fmt.seconds(self._chunk_bytes)
        # Less would not do: what is kept of the final audio must leave room for the next frame.
        buffer_audio_s = max(settings.buffer_audio_s, least_buffer_audio_s)
        capacity_bytes = max(fmt.aligned_bytes(buffer_audio_s), 2 * self._chunk_bytes)
        self.unheard_audio_s = min(UNHEARD_AUDIO_S, fmt.seconds(capacity_bytes) / 4)
        self._overlap_audio_s = min(settings.overlap_audio_s, fmt.seconds(capacity_bytes) / 2)
        self._source = SourceBuffer(fmt.frame_bytes, capacity_bytes, drop_oldest=settings.live)
        self._keeps_unconfirmed = settings.reconnect.attempts > 0
        self._needed_from_byte = 0  # by what is final; nothing before it is asked for again
        self.next_byte = 0
        self.dropped: list[Dropped] = []
        self._sent: list[LegSpan] = []
        self._finals: list[Span] = []

    # --- the source -------------------------------------------------------------------------------------------------

    def append(self, data: bytes) -> None:
        """The source gives audio."""
        self._source.append(data)

    def end_of_source(self) -> None:
        """No more audio will come."""
        self._source.ended = True

    @property
    def has_room(self) -> bool:
        """Whether more can be taken without losing anything."""
        return self._source.has_room

    # --- what goes next ---------------------------------------------------------------------------------------------

    @property
    def chunk_is_here(self) -> bool:
        """Whether a frame can be sent: a full one, or the source's last."""
        waiting = self._source.end_byte - self.next_byte
        return waiting >= self._chunk_bytes or (self._source.ended and waiting > 0)

    @property
    def all_sent(self) -> bool:
        """Whether the source has ended and all of it was sent."""
        return self._source.ended and self.next_byte >= self._source.end_byte

    @property
    def stuck(self) -> bool:
        """The buffer is full of audio that is sent and not final: no more can come until the server makes it final."""
        return not (self._source.ended or self._source.has_room or self.chunk_is_here)

    def take(self, leg: int) -> bytes:
        """The next frame, which goes out on connection `leg`."""
        data = self._source.read(self.next_byte, self._chunk_bytes)
        self._note_sent(leg, self.next_byte, self.next_byte + len(data))
        self.next_byte += len(data)
        self._release()
        return data

    # --- what is needed again ---------------------------------------------------------------------------------------

    def rewind(self, covered_audio_s: float) -> Dropped | None:
        """Go back to the end of what is final, and a little before: everything after it is sent again.

        Returns:
            What should be sent again and is no longer there; None when all of it is.
        """
        covered_byte = self._fmt.aligned_bytes(covered_audio_s)
        wanted_byte = max(0, covered_byte - self._fmt.aligned_bytes(self._overlap_audio_s))
        owed_byte = min(self.next_byte, covered_byte)
        if owed_byte < self._source.start_byte:
            self.next_byte = owed_byte
        else:
            self.next_byte = max(min(self.next_byte, wanted_byte), self._source.start_byte)
        return self.skip_gap()

    def skip_gap(self) -> Dropped | None:
        """Go on behind what the buffer could not hold; returns what that was."""
        if self.next_byte >= self._source.start_byte:
            return None
        lost = Dropped(self._fmt.seconds(self.next_byte), self._fmt.seconds(self._source.start_byte))
        self.dropped.append(lost)
        self.next_byte = self._source.start_byte
        return lost

    def made_final(self, start_audio_s: float, end_audio_s: float, covered_audio_s: float) -> None:
        """A final covers `[start_audio_s, end_audio_s)`; every channel is final up to `covered_audio_s`."""
        rate = self._fmt.sample_rate
        span = (round(start_audio_s * rate), round(end_audio_s * rate))
        last = self._finals[-1] if self._finals else None
        # Finals that follow each other become one span, so that hours of them take no room.
        if last is not None and last[0] <= span[0] <= last[1]:
            self._finals[-1] = (last[0], max(last[1], span[1]))
        else:
            self._finals.append(span)
        self._needed_from_byte = self._fmt.aligned_bytes(max(0.0, covered_audio_s - self._overlap_audio_s))
        self._release()

    def ledger(self) -> Ledger:
        """Where the source's audio went, as far as this side knows."""
        rate = self._fmt.sample_rate
        return Ledger(
            sample_rate=rate,
            source_frames=self._source.end_byte // self._fmt.frame_bytes,
            sent=tuple(self._sent),
            dropped=tuple((round(d.start_audio_s * rate), round(d.end_audio_s * rate)) for d in self.dropped),
            transcribed=tuple(self._finals),
            source_ended=self._source.ended,
        )

    def _note_sent(self, leg: int, start_byte: int, end_byte: int) -> None:
        span = LegSpan(leg, start_byte // self._frame_bytes, end_byte // self._frame_bytes)
        last = self._sent[-1] if self._sent else None
        if last is not None and (last.leg, last.end) == (span.leg, span.start):
            self._sent[-1] = LegSpan(last.leg, last.start, span.end)
        else:
            self._sent.append(span)

    def _release(self) -> None:
        """Keep what a reconnection would need; without one, only what is not sent yet."""
        # A server may claim more than it was sent; that does not make what is still to be sent superfluous.
        needed_byte = min(self.next_byte, self._needed_from_byte) if self._keeps_unconfirmed else self.next_byte
        if needed_byte > self._source.start_byte:
            self._source.release(needed_byte)

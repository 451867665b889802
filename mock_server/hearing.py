"""What one connection has heard: its audio, whose it is, and whether it goes on from an earlier connection."""

from __future__ import annotations

import hashlib
from typing import Final

from harness.audio.chunking import split
from harness.audio.packets import packet_format
from harness.audio.pcm import Samples
from harness.audio.stream_decoder import StreamDecoder
from harness.protocol.options import ListenOptions
from mock_server.journal import Journal
from mock_server.kept_samples import KeptSamples
from mock_server.legs import Leg, Legs, find_place
from mock_server.library import Identification, Replies, Unidentified
from mock_server.transcriber import StreamSource

PIECE_BYTES: Final = 4096
"""How much of a long frame is decoded and compared at a time: under ten seconds of any format but silence."""


class Hearing:
    """Takes in the audio of one connection.

    Args:
        options: the query string; of Flux, what it says of the audio and of recordings.
        replies: what there is to answer with.
        legs: what is remembered of clients that were cut off; None remembers nothing.
        client: who this client is, as far as that can be told.
        journal: takes note of what was found out.
        now_s: monotonic seconds at the upgrade.

    Attributes:
        decoder: of the stream.
        unidentified: why nothing answers it, once that is clear.
    """

    def __init__(
        self,
        options: ListenOptions,
        replies: Replies,
        legs: Legs | None,
        client: str,
        journal: Journal,
        now_s: float,
    ) -> None:
        packets = packet_format(options.encoding, options.sample_rate, options.effective_channels)
        self.decoder = StreamDecoder(options.raw_format, packets=packets)
        self.unidentified: Unidentified | None = None
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._kept = None if replies.goes_by_recordings else KeptSamples(self.decoder)
        self._options, self._journal, self._opened_s = options, journal, now_s
        self._identification: Identification = replies.identify(options)
        self._legs = legs if legs is not None and replies.goes_by_recordings else Legs()
        self._client = client
        self._leg, self._before = self._legs.begin(client, options.raw_format, now_s)
        if self._before is None:
            self._adopt(self._identification.source)

    @property
    def source(self) -> StreamSource | None:
        """What answers this connection, once that is clear."""
        return self._leg.source

    @property
    def place_audio_s(self) -> float:
        """Where in its source the connection begins."""
        return self._leg.place_audio_s

    @property
    def sha256(self) -> str:
        """Of all bytes that came."""
        return self._sha256.hexdigest()

    def hear(self, data: bytes, now_s: float) -> None:
        """One binary frame."""
        self._sha256.update(data)
        self._size += len(data)
        self._leg.heard(data)
        self._leg.heard_s = now_s
        # A frame may be as long as the whole stream, of which the decoder keeps some seconds only.
        for piece in (data,) if 0 < len(data) <= PIECE_BYTES else split(data, PIECE_BYTES):
            self.decoder.feed(piece)
            self._leg.heard_audio_s = self.decoder.audio_s
            if self._kept is not None:
                self._kept.keep()
            self._identify(last_chance=False)

    def take_samples(self) -> list[Samples]:
        """What was decoded since the last time, each of shape (frames, channels)."""
        return [] if self._kept is None else self._kept.take()

    def end(self) -> None:
        """No more audio will come."""
        self.decoder.finish()
        if self._kept is not None:
            self._kept.keep()
        self._identify(last_chance=True)

    def finish(self, now_s: float, *, finished: bool) -> None:
        """The socket is gone; `finished` when the client has everything."""
        departed_at_audio_s = self._identification.departed_at_audio_s
        if departed_at_audio_s is not None and self.source is not None:
            self._journal.note(
                f"the stream left recording {self.source.name} at {departed_at_audio_s:.2f} s of audio: "
                "what was answered from there on is not about what was sent",
                now_s,
                self.decoder.audio_s,
            )
        # One that was cut off before its place was found changes nothing: the one before it is still unfinished.
        unfinished = self._leg if self._before is None else self._before
        self._legs.ended(self._client, unfinished, now_s, finished=finished)
        self._journal.finish(self.sha256, self._size, self.decoder, self._options, now_s)

    def _identify(self, *, last_chance: bool) -> None:
        """Look for the recording this audio belongs to."""
        if self.unidentified is not None:
            return
        if self._before is not None and not self._placed(self._before, last_chance=last_chance):
            return
        outcome = self._identification.listen(self.decoder, last_chance=last_chance)
        if isinstance(outcome, Unidentified):
            self.unidentified = outcome
        else:
            self._adopt(outcome)

    def _placed(self, before: Leg, *, last_chance: bool) -> bool:
        """Find out whether this connection goes on from an earlier one, and where; False as long as that is open."""
        samples, rate = self.decoder.samples_since(0), self.decoder.sample_rate
        place = find_place(self._leg, before, samples, rate, last_chance=last_chance)
        if place is None:
            return False
        self._before = None
        if place.continues is None:
            self._adopt(self._identification.source)
        else:
            self._journal.note(
                f"connection {self._leg.number + 1} of its session: goes on at {place.audio_s:.3f} s of the source",
                self._opened_s,
                0.0,
            )
            self._identification.settle(before.source, before.known, place.audio_s)
            self._adopt(before.source, place.audio_s)
        return True

    def _adopt(self, source: StreamSource | None, from_audio_s: float = 0.0) -> None:
        if source is None:
            return
        self._leg.source, self._leg.place_audio_s = source, from_audio_s
        self._leg.known = self._identification.recording
        self._legs.runs(self._client, self._leg)
        self._journal.replies_from(source)

"""What a Flux connection hears: its audio decoded, the source that answers it, and where in that source it begins."""

from __future__ import annotations

import hashlib

from harness.audio.chunking import split
from harness.audio.packets import packet_format
from harness.audio.pcm import Samples
from harness.audio.stream_decoder import StreamDecoder
from harness.protocol.listen_options import ListenOptions
from mock_server.connection import PIECE_BYTES
from mock_server.journal import Journal
from mock_server.kept_samples import KeptSamples
from mock_server.legs import Leg, Legs, find_place
from mock_server.library import Replies, Unidentified
from mock_server.transcriber import StreamSource


class FluxHearing:
    """The audio of one connection.

    Args:
        options: the audio's format, and names of recordings.
        replies: what there is to answer with.
        journal: takes note of what answers.
        legs: what is remembered of clients that were cut off.
        client: who this client is, as far as that can be told.
        now_s: monotonic seconds at the upgrade.

    Attributes:
        source: what answers, once that is known.
        from_audio_s: where in it this connection begins; other than 0 when it goes on from an earlier one.
        unidentified: why nothing answers, once that is known.
    """

    def __init__(
        self, options: ListenOptions, replies: Replies, journal: Journal, legs: Legs, client: str, now_s: float
    ) -> None:
        packets = packet_format(options.encoding, options.sample_rate, options.effective_channels)
        self.decoder = StreamDecoder(options.raw_format, packets=packets)
        self._kept = None if replies.goes_by_recordings else KeptSamples(self.decoder)
        self.source: StreamSource | None = None
        self.from_audio_s = 0.0
        self.unidentified: Unidentified | None = None
        self._options, self._journal, self._opened_s = options, journal, now_s
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._identification = replies.identify(options)
        self._legs, self._client = legs, client
        self._leg, self._before = legs.begin(client, options.raw_format, now_s)
        if self._before is None:
            self._adopt(self._identification.source, 0.0)

    def hear(self, data: bytes, now_s: float) -> None:
        """The client sent audio."""
        self._sha256.update(data)
        self._size += len(data)
        self._leg.heard(data)
        self._leg.heard_s = now_s
        # A frame may be as long as the whole stream, of which the decoder keeps some seconds only.
        for piece in split(data, PIECE_BYTES):
            self.decoder.feed(piece)
            self._leg.heard_audio_s = self.decoder.audio_s
            if self._kept is not None:
                self._kept.keep()
            self._identify(last_chance=False)

    def take_samples(self) -> list[Samples]:
        """What was decoded since the last time, for a recogniser to hear."""
        return [] if self._kept is None else self._kept.take()

    def close_stream(self) -> None:
        """No more audio comes: decide now whatever is still open."""
        self.decoder.finish()
        if self._kept is not None:
            self._kept.keep()
        self._identify(last_chance=True)

    def finish(self, now_s: float, *, closed_in_order: bool) -> None:
        """Put what was heard into the journal, and remember it for a client that may come back for the rest."""
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
        self._legs.ended(self._client, unfinished, now_s, finished=closed_in_order)
        self._journal.finish(self._sha256.hexdigest(), self._size, self.decoder, self._options, now_s)

    def _identify(self, *, last_chance: bool) -> None:
        if self.unidentified is not None:
            return
        if self._before is not None and not self._placed(self._before, last_chance=last_chance):
            return
        outcome = self._identification.listen(self.decoder, last_chance=last_chance)
        if isinstance(outcome, Unidentified):
            self.unidentified = outcome
        else:
            self._adopt(outcome, 0.0)

    def _placed(self, before: Leg, *, last_chance: bool) -> bool:
        """Find out whether this connection goes on from an earlier one, and where; False as long as that is open."""
        samples, rate = self.decoder.samples_since(0), self.decoder.sample_rate
        place = find_place(self._leg, before, samples, rate, last_chance=last_chance)
        if place is None:
            return False
        self._before = None
        if place.continues is None:
            self._adopt(self._identification.source, 0.0)
            return True
        self._journal.note(
            f"connection {self._leg.number + 1} of its session: goes on at {place.audio_s:.3f} s of the source",
            self._opened_s,
            0.0,
        )
        self._identification.settle(before.source, before.known, place.audio_s)
        self._adopt(before.source, place.audio_s)
        return True

    def _adopt(self, source: StreamSource | None, from_audio_s: float) -> None:
        if source is None:
            return
        self.source, self.from_audio_s = source, from_audio_s
        self._leg.source, self._leg.place_audio_s = source, from_audio_s
        self._leg.known = self._identification.recording
        self._legs.runs(self._client, self._leg)
        self._journal.replies_from(source)

"""How a stream behaves where the live service's behaviour is fixed, disputed or unknown: one switch for each point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from harness.errors import BadInput
from harness.protocol.closing import ReasonStyle
from harness.protocol.options import ListenOptions
from harness.protocol.session import Timers

PROCESSING_SPEED: Final = 1.25
"""Audio seconds that the live service transcribes in a second (Deepgram docs, «Recovering from connection errors»)."""


class FinalizeReply(StrEnum):
    """What Finalize is answered with on each channel; all three have been seen (protocol reference, 5.5)."""

    FLAGGED = "flagged"
    """One final with `from_finalize`, an empty one when nothing was open."""
    WHEN_PENDING = "when-pending"
    """The same, and nothing at all when nothing was open (Deepgram docs, «Finalize»)."""
    TEXT_THEN_EMPTY = "text-then-empty"
    """An ordinary final with the text, then an empty one with `from_finalize` (comment in pipecat's source)."""


class Undecodable(StrEnum):
    """What becomes of a stream that cannot be decoded as audio."""

    METADATA = "metadata"
    """Nothing is said; Metadata with duration 0 and 1000 once CloseStream comes (deepgram-js-sdk issues 336, 337)."""
    DATA_0000 = "data-0000"
    """Closed with 1008 DATA-0000 as soon as that is clear (Deepgram docs, «DATA and NET errors»)."""


@dataclass(frozen=True)
class ConnectionSettings:
    """How the server behaves on a stream.

    Attributes:
        timers: idle and output time-outs.
        lag_scale: factor on recorded lags; 0 answers as soon as the audio is there, however fast it came.
        max_speed: audio seconds transcribed in a second at most, so that a burst delays results and the close; None
            transcribes at once. Without effect when `lag_scale` is 0.
        reason_style: close reasons as sentences, as on the wire, or as bare codes, as in the docs' table.
        finalize_reply: how Finalize is answered.
        undecodable: what becomes of bytes that are no audio.
        first_audio_after_s: longest wait for the first audio, whatever KeepAlive says, before NET-0001, as the docs
            have it; None, the default, holds with the field reports (`Timers.output_after_s` then ends in NET-0000).
        audio_after_s: longest pause in the audio, whatever KeepAlive says, before NET-0002; None allows any.
        utterance_end_late_audio_s: how much later than computed every UtteranceEnd comes, in seconds of audio.
        utterance_end_sentinel: `last_word_end` is -1 when a `speech_final` has ended the utterance already.
        live_entities: whether `detect_entities` does anything on a stream (AsyncAPI of 2026: yes; docs of 2025: no).
        details_of_2026: whether fields are sent that came in 2026: on `/v1/listen` that is `metadata.diarize_info`.

    Raises:
        BadInput: a number is out of range.
    """

    timers: Timers = Timers()
    lag_scale: float = 1.0
    max_speed: float | None = PROCESSING_SPEED
    reason_style: ReasonStyle = ReasonStyle.SENTENCE
    finalize_reply: FinalizeReply = FinalizeReply.FLAGGED
    undecodable: Undecodable = Undecodable.METADATA
    first_audio_after_s: float | None = None
    audio_after_s: float | None = None
    utterance_end_late_audio_s: float = 0.0
    utterance_end_sentinel: bool = False
    live_entities: bool = True
    details_of_2026: bool = True

    def __post_init__(self) -> None:
        if self.max_speed is not None and self.max_speed <= 0:
            raise BadInput(f"max_speed is {self.max_speed!r}; wanted a number above 0, or None for no limit")
        for name in ("first_audio_after_s", "audio_after_s"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise BadInput(f"{name} is {value!r}; wanted a number above 0, or None for no limit")
        if self.utterance_end_late_audio_s < 0:
            raise BadInput(f"utterance_end_late_audio_s is {self.utterance_end_late_audio_s!r}; wanted 0 or more")

    @property
    def processing_speed(self) -> float | None:
        """The limit that applies."""
        return self.max_speed if self.lag_scale > 0 else None

    def understood(self, options: ListenOptions) -> ListenOptions:
        """What such a server takes a query for, which does not have every feature yet."""
        if options.detect_entities and not self.live_entities:
            options = replace(options, detect_entities=None, punctuate=True)  # which they imply
        if options.diarize_model and not self.details_of_2026:
            options = replace(options, diarize_model=None, diarize=True)
        return options

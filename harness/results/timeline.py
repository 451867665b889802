"""One session on the time line of its audio: the wave, what was said of it and when, and what happened."""

from __future__ import annotations

from typing import Literal

import msgspec


class TimelineSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One message about a stretch of the audio.

    Attributes:
        kind: `interim` or `final`; of Flux, a turn that goes on or its end.
        channel: 0-based.
        start_audio_s: where its first word begins in the source.
        end_audio_s: how far it reaches.
        arrived_audio_s: how much of the source had been sent when it came.
        text: its words.
    """

    kind: Literal["interim", "final"]
    channel: int
    start_audio_s: float
    end_audio_s: float
    arrived_audio_s: float
    text: str


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened.

    Attributes:
        kind: `opened`, `refused`, `closed`, `lost`, `control` (a message of the client), `note`, `fault` (that the mock
            was told to have), `error`, `warning` or `advice` (findings of the judge).
        audio_s: how much of the source had been sent by then.
        text: what it was.
    """

    kind: str
    audio_s: float
    text: str


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The session.

    Attributes:
        audio_s: how long the source plays.
        peaks: the loudest sample of each of equally long slices of it, 0 to 100, all channels together.
        spans: messages with words, in order of arrival.
        events: in order of time.
    """

    audio_s: float
    peaks: tuple[int, ...]
    spans: tuple[TimelineSpan, ...]
    events: tuple[TimelineEvent, ...]

"""When the next frame may go: by the absolute schedule of the source, and after an outage never in a burst.

The schedule begins with the first connection, because a source that can wait has missed nothing before it. A live
source has spoken meanwhile: its schedule begins with its first audio, and what has piled up by the first connection is
a backlog like that of an outage. A backlog is sent `catch_up` times as fast as the source speaks. Deepgram works at
about 1.25 times real time, so faster sending only moves the queue to the server (docs, «Recovering From Connection
Errors»). After an outage that holds for a file, too: it stands for a live source, and shifts nothing by being one.
"""

from __future__ import annotations

from typing import Final

from harness.audio.pacing import Schedule
from harness.streamer.settings import StreamSettings

JITTER_STEPS: Final = 5
"""How many frames' time a frame may be late without slowing the ones behind it: that is made up at once."""


class Pace:
    """The schedule of one source over all its connections.

    Args:
        settings: speed, catch-up, and whether the source is live.
        chunk_audio_s: seconds of audio in a full frame.
        now_s: monotonic seconds.
    """

    def __init__(self, settings: StreamSettings, chunk_audio_s: float, now_s: float) -> None:
        self._speed, self._live = settings.speed, settings.live
        self._at_once = settings.speed.is_max
        chunk_wall_s = settings.speed.wall_s(chunk_audio_s)
        self._step_s = chunk_wall_s / settings.catch_up  # least time from frame to frame
        self._lag_allowed_s = JITTER_STEPS * chunk_wall_s
        self._schedule: Schedule | None = None
        self._last_due_s = now_s

    def fed(self, now_s: float) -> None:
        """The source gives audio: a live one has begun to speak."""
        if self._schedule is None and self._live:
            self._schedule = Schedule(self._speed, now_s)

    def connected(self, now_s: float) -> None:
        """A connection is open; what became due while there was none is caught up on, the first frame at once."""
        if self._schedule is None:
            self._schedule = Schedule(self._speed, now_s)
        self._last_due_s = now_s - self._step_s

    def resume(self, audio_s: float, now_s: float) -> None:
        """The source had run dry and gives audio again: it goes on from now, not from when it would have been due."""
        if self._schedule is not None:
            self._schedule.resume(audio_s, now_s)

    def due_s(self, audio_s: float) -> float:
        """When the frame that begins at `audio_s` may go; only after the first connection."""
        assert self._schedule is not None
        due_s = self._schedule.due_wall_s(audio_s)
        return due_s if self._at_once else max(due_s, self._last_due_s + self._step_s)

    def sent(self, due_s: float, now_s: float) -> float:
        """A frame went out; returns when it was due, which at full speed is whenever it goes."""
        # A late frame is late by the schedule, but the next one is due by when this one really went.
        self._last_due_s = now_s if self._at_once else max(due_s, now_s - self._lag_allowed_s)
        return now_s if self._at_once else due_s

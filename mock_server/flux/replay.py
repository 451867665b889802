"""Says a Flux script at the pace of the audio that arrives: a look is due when its audio is here, plus its lag.

Pure: audio positions and times come in as numbers, sayings go out. How the audio was cut into frames makes no
difference. What answers a Configure takes its place among them: the live service works in the order of the stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final, TypeAlias

from harness.protocol.flux_messages import FluxConfigureFailure, FluxConfigureSuccess
from mock_server.flux.script import STEP_AUDIO_S, TOLERANCE_AUDIO_S, FluxScript, Look
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import UPDATE_EVERY_AUDIO_S, Saying, Turns

Reply: TypeAlias = FluxConfigureSuccess | FluxConfigureFailure
Queued: TypeAlias = Saying | Reply

BEYOND_AUDIO_S: Final = 12 * STEP_AUDIO_S
"""So far beyond its last look a script is followed by silence: a client may pad its audio as nobody was recorded to."""


@dataclass(frozen=True)
class _Due:
    at_wall_s: float
    queued: Queued


class FluxReplay:
    """One connection's replay.

    Args:
        script: what is heard.
        thresholds: those of the query string.
        from_audio_s: where in the source's audio this connection begins.
        lag_scale: factor on lags; 0 answers at once.
    """

    def __init__(
        self, script: FluxScript, thresholds: Thresholds, *, from_audio_s: float = 0.0, lag_scale: float = 1.0
    ) -> None:
        self._turns = Turns(thresholds)
        self._looks = _with_silence(script.looks(from_audio_s))
        self._next = next(self._looks)
        self._lag_scale = lag_scale
        self._cursor_audio_s = 0.0
        self._due: deque[_Due] = deque()

    busy = False
    """It says at once what is due."""

    @property
    def thresholds(self) -> Thresholds:
        """Those in force for audio that is still to come."""
        return self._turns.thresholds

    @property
    def next_wakeup_s(self) -> float | None:
        """When the next message that waits only for its lag is due."""
        return self._due[0].at_wall_s if self._due else None

    def receive_audio(self, cursor_audio_s: float, now_s: float) -> list[Queued]:
        """So many seconds of audio are here now; returns what is to be said at once."""
        self._cursor_audio_s = max(self._cursor_audio_s, cursor_audio_s)
        while self._next.at_audio_s <= self._cursor_audio_s + TOLERANCE_AUDIO_S:
            saying = self._turns.take(self._next)
            if saying is not None:
                self._queue(saying, now_s + self._next.lag_wall_s * self._lag_scale)
            self._next = next(self._looks)
        return self.wake(now_s)

    def configure(self, reply: Reply, thresholds: Thresholds, now_s: float) -> list[Queued]:
        """New thresholds for all audio from here on; the reply comes after what was due before it."""
        self._turns.configure(thresholds)
        self._queue(reply, now_s)
        return self.wake(now_s)

    def force_end_turn(self, now_s: float) -> list[Queued]:
        """End the turn in progress at what has arrived; nothing when there is none."""
        steps = int((self._cursor_audio_s + TOLERANCE_AUDIO_S) / STEP_AUDIO_S)
        saying = self._turns.force_end(round(steps * STEP_AUDIO_S, 4))
        if saying is None:
            return []
        return [*self._drain(), saying]

    def wake(self, now_s: float) -> list[Queued]:
        """What has become due by now."""
        said: list[Queued] = []
        while self._due and self._due[0].at_wall_s <= now_s:
            said.append(self._due.popleft().queued)
        return said

    def close_stream(self, cursor_audio_s: float, now_s: float) -> list[Queued]:
        """The last step, though its audio is not complete, and everything that only waits for its lag.

        An open turn stays open (deepgram-dotnet-sdk's integration tests send silence until it has ended), with all of
        its words said. The real session reports up to 21.92 s, of audio that ended before that.
        """
        steps = ceil((cursor_audio_s - TOLERANCE_AUDIO_S) / STEP_AUDIO_S)
        said = [*self.receive_audio(steps * STEP_AUDIO_S, now_s), *self._drain()]
        last = self._turns.last_words()
        return said if last is None else [*said, last]

    def _drain(self) -> list[Queued]:
        said = [due.queued for due in self._due]
        self._due.clear()
        return said

    def _queue(self, queued: Queued, at_wall_s: float) -> None:
        last_wall_s = self._due[-1].at_wall_s if self._due else at_wall_s
        self._due.append(_Due(max(at_wall_s, last_wall_s), queued))


def _with_silence(looks: Iterator[Look]) -> Iterator[Look]:
    """The looks of a script, and after them, for as long as the client goes on, looks that hear nothing new.

    With words and confidence as they were, nothing but the timeout ends a turn in them.
    """
    last = Look(0.0, (), 0.0)
    for last in looks:
        yield last
    words = () if last.ends_stretch else last.words
    at_audio_s = last.at_audio_s + (BEYOND_AUDIO_S if last.at_audio_s else 0.0)
    while True:
        at_audio_s = round(at_audio_s + UPDATE_EVERY_AUDIO_S, 4)
        yield Look(at_audio_s, words, last.confidence)

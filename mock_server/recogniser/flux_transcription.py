"""One `/v2/listen` connection's recognition, as its connection sees it: audio goes to a worker, looks come back.

What a client asks for in between keeps its place in the stream: it goes to the worker as a mark, and comes back after
the looks at all audio before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from harness.audio.pcm import Samples
from mock_server.flux.replay import Queued, Reply
from mock_server.flux.script import STEP_AUDIO_S, TOLERANCE_AUDIO_S, Look
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import Turns
from mock_server.recogniser.backlog import Backlog
from mock_server.recogniser.looks import LooksListener
from mock_server.recogniser.workers import Desk

Mark: TypeAlias = Callable[[], Sequence[Queued]]
"""What is to be done once all audio before it was heard."""


class FluxTranscription:
    """Recognition of one stream.

    Args:
        listener: does the work, in a worker.
        desk: of this connection.
        thresholds: those of the query string.
        sample_rate: of the audio.
    """

    next_wakeup_s = None
    """News comes when there is any."""

    def __init__(
        self, listener: LooksListener, desk: Desk[Look | Mark], thresholds: Thresholds, sample_rate: int
    ) -> None:
        self._listener, self._desk, self._rate = listener, desk, sample_rate
        self._turns = Turns(thresholds)
        self._backlog = Backlog(sample_rate)
        self._cursor_audio_s = 0.0

    @property
    def busy(self) -> bool:
        """Whether a worker is at work on it."""
        return self._desk.busy

    def hear(self, samples: Samples) -> None:
        """The next samples."""
        self._backlog.hear(samples)

    def receive_audio(self, cursor_audio_s: float, now_s: float) -> list[Queued]:
        """Hand on what may be transcribed by now."""
        self._cursor_audio_s = cursor_audio_s
        for samples in self._backlog.hand_on(cursor_audio_s):
            self._give(samples)
        return self.wake(now_s)

    def wake(self, now_s: float) -> list[Queued]:
        """What the worker has found out."""
        said: list[Queued] = []
        for item in self._desk.collect():
            if not isinstance(item, Look):
                said += item()
            elif (saying := self._turns.take(item)) is not None:
                said.append(saying)
        return said

    def configure(self, reply: Reply, thresholds: Thresholds, now_s: float) -> list[Queued]:
        """New thresholds for all audio from here on."""

        def configured() -> Sequence[Queued]:
            self._turns.configure(thresholds)
            return [reply]

        self._mark(configured)
        return []

    def force_end_turn(self, now_s: float) -> list[Queued]:
        """End the turn in progress at what has arrived; nothing when there is none."""
        steps = int((self._cursor_audio_s + TOLERANCE_AUDIO_S) / STEP_AUDIO_S)

        def forced() -> Sequence[Queued]:
            saying = self._turns.force_end(round(steps * STEP_AUDIO_S, 4))
            return [] if saying is None else [saying]

        self._mark(forced)
        return []

    def close_stream(self, cursor_audio_s: float, now_s: float) -> list[Queued]:
        """Ask for the last looks, and that nothing in them stays unsaid."""

        def over() -> Sequence[Queued]:
            last = self._turns.last_words()
            return [] if last is None else [last]

        said = self.receive_audio(cursor_audio_s, now_s)
        self._desk.ask(lambda: self._listener.close_stream(cursor_audio_s))
        self._mark(over)
        return said

    def abandon(self) -> None:
        """Nobody waits for what is left."""
        self._backlog.drop()
        self._desk.abandon()
        self._desk.ask(self._over)

    def _give(self, samples: Samples) -> None:
        self._desk.ask(lambda: self._listener.hear(samples), len(samples) / self._rate)

    def _mark(self, mark: Mark) -> None:
        self._desk.ask(lambda: [mark])

    def _over(self) -> Sequence[Look | Mark]:
        self._listener.close()
        return ()

"""One `/v1/listen` connection's recognition, as its connection sees it: audio goes to a worker, texts come back.

What was asked while the worker is at work waits in the connection, so that answers keep the order of the stream.
"""

from __future__ import annotations

from harness.audio.pcm import Samples
from mock_server.recogniser.backlog import Backlog
from mock_server.recogniser.listener import StreamListener
from mock_server.recogniser.workers import Desk


class Transcription:
    """Recognition of one stream.

    Args:
        listener: does the work, in a worker.
        desk: of this connection.
        sample_rate: of the audio.
    """

    def __init__(self, listener: StreamListener, desk: Desk[str], sample_rate: int) -> None:
        self._listener, self._desk, self._rate = listener, desk, sample_rate
        self._backlog = Backlog(sample_rate)
        self._cursor_audio_s = 0.0

    next_wakeup_s = None

    @property
    def next_due_audio_s(self) -> float | None:
        """While audio waits, as soon as a little more of it may be handed on."""
        return self._backlog.next_due_audio_s

    @property
    def busy(self) -> bool:
        """Whether a worker is at work on it."""
        return self._desk.busy

    def hear(self, samples: Samples) -> None:
        """The next samples."""
        self._backlog.hear(samples)

    def receive_audio(self, cursor_audio_s: float, now_s: float) -> list[str]:
        """Hand on what may be transcribed by now."""
        self._cursor_audio_s = cursor_audio_s
        for samples in self._backlog.hand_on(cursor_audio_s):
            self._give(samples)
        return self.wake(now_s)

    def wake(self, now_s: float) -> list[str]:
        """What the worker has found out."""
        return self._desk.collect()

    def finalize(self, channel: int | None = None) -> list[str]:
        """Ask for finals of everything up to here."""
        at_audio_s = self._cursor_audio_s
        self._desk.ask(lambda: self._listener.finalize(channel, at_audio_s))
        return []

    def close_stream(self) -> list[str]:
        """Ask for the last finals."""
        at_audio_s = self._cursor_audio_s
        self._desk.ask(lambda: self._listener.close_stream(at_audio_s))
        return []

    def abandon(self) -> None:
        """Nobody waits for what is left."""
        self._backlog.drop()
        self._desk.abandon()
        self._desk.ask(self._over)

    def _give(self, samples: Samples) -> None:
        self._desk.ask(lambda: self._listener.hear(samples), len(samples) / self._rate)

    def _over(self) -> list[str]:
        self._listener.close()
        return []

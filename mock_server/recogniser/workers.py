"""Threads beside the event loop in which engines work: each connection's work in order, all connections' in turn.

An engine leaves the interpreter while it computes, so threads are enough for the cores there are; and a connection
whose audio costs more than there is time for is late by itself, while frames, pings and other clients go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, Generic, TypeVar

from harness.clock import Clock, SystemClock
from mock_server.log import LOG

T = TypeVar("T")

TELL_AFTER_AUDIO_S: Final = 5.0
"""Audio after which a measured speed means something."""


class Workers:
    """The threads.

    Args:
        threads: how many.
        clock: measures what work costs.
    """

    def __init__(self, threads: int, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="dgharness-engine")

    def submit(self, work: Callable[[], None]) -> None:
        """Do it in one of the threads."""
        self._pool.submit(work)

    def close(self) -> None:
        """Finish what has begun and drop the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Desk(Generic[T]):
    """One connection's work: jobs go in, results come out, one job at a time and in order.

    Args:
        workers: do it.
        news: called, in a worker's thread, when something can be collected.
    """

    def __init__(self, workers: Workers, news: Callable[[], None]) -> None:
        self._workers, self._news = workers, news
        self._lock = Lock()
        self._jobs: deque[tuple[Callable[[], Sequence[T]], float]] = deque()
        self._results: list[T] = []
        self._failure: Exception | None = None
        self._working = False
        self._worked_wall_s = 0.0
        self._worked_audio_s = 0.0
        self._told = False

    @property
    def busy(self) -> bool:
        """Whether anything that was asked is not done, or its results not collected, yet."""
        with self._lock:
            return self._working or bool(self._results)

    def ask(self, job: Callable[[], Sequence[T]], audio_s: float = 0.0) -> None:
        """Do this next; it is about so many seconds of audio."""
        with self._lock:
            self._jobs.append((job, audio_s))
            if self._working:
                return
            self._working = True
        self._workers.submit(self._work)

    def collect(self) -> list[T]:
        """Everything that has come out since the last time.

        Raises:
            Exception: whatever a job raised; the connection has to be given up.
        """
        with self._lock:
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
            results, self._results = self._results, []
            return results

    def abandon(self) -> None:
        """Do nothing that has not begun."""
        with self._lock:
            self._jobs.clear()

    def _work(self) -> None:
        """One job; then others have their turn."""
        with self._lock:
            if not self._jobs:
                self._working = False
                return
            job, audio_s = self._jobs.popleft()
        began_s = self._workers.clock.now_s()
        results: Sequence[T] = ()
        failure: Exception | None = None
        try:
            results = job()
        except Exception as error:  # the loop's to report: it ends this connection and no other
            failure = error
        self._measure(self._workers.clock.now_s() - began_s, audio_s)
        with self._lock:
            self._results += results
            self._failure = self._failure or failure
            if failure is not None:
                self._jobs.clear()
            more = self._working = bool(self._jobs)
        if results or failure or not more:
            self._news()
        if more:
            self._workers.submit(self._work)

    def _measure(self, wall_s: float, audio_s: float) -> None:
        self._worked_wall_s += wall_s
        self._worked_audio_s += audio_s
        if self._told or self._worked_audio_s < TELL_AFTER_AUDIO_S or self._worked_wall_s <= self._worked_audio_s:
            return
        self._told = True
        factor = self._worked_wall_s / self._worked_audio_s
        LOG.warning(
            "the engine is slower than real time: results come late",
            extra={"real_time_factor": round(factor, 2), "audio_s": round(self._worked_audio_s, 1)},
        )

"""A worker process from within: an event loop in a thread of its own, in which several files are streamed at a time.

The loop runs while the process waits for more work, so streams keep their pace whatever the traffic with the parent.
"""

from __future__ import annotations

import asyncio
import queue
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, suppress
from dataclasses import replace
from threading import Lock, Thread
from typing import Final, TypeAlias

from harness.cores import cores
from harness.corpus.inputs import Item
from harness.corpus.rows import Row
from harness.corpus.work import Work, break_off, carry_out, thread_aside

Numbered: TypeAlias = tuple[int, Row]

_LOOK_AGAIN_WALL_S: Final = 0.5
"""How long an exchange waits at most, so that the parent's wish to stop is heard."""
_STOP_WALL_S: Final = 5.0
"""Longest wait for sessions to be closed."""


class Desk:
    """Does the work of one process.

    Args:
        work: what to do with each file.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._open = ExitStack()
        self._answer = self._open.enter_context(work.answers.open(work.threads or cores()))
        self._aside = thread_aside()
        self._loop = asyncio.new_event_loop()
        self._finished: queue.Queue[Future[Numbered]] = queue.Queue()
        self._running: set[Future[Numbered]] = set()  # the loop itself holds its tasks but weakly
        Thread(target=self._run, name="dgharness-corpus", daemon=True).start()

    def row(self, item: Item) -> Row:
        """Do one file, and wait for it; any number of threads may."""
        return asyncio.run_coroutine_threadsafe(self._carry_out(item), self._loop).result()

    def begin(self, number: int, item: Item) -> None:
        """Begin a file; its row is among those of a later `finished`."""
        future = asyncio.run_coroutine_threadsafe(self._numbered(number, item), self._loop)
        self._running.add(future)
        future.add_done_callback(self._done)

    def finished(self) -> list[Numbered]:
        """Wait, though not for long, until something is finished; everything that is."""
        rows = []
        try:
            rows.append(self._finished.get(timeout=_LOOK_AGAIN_WALL_S).result())
            while True:
                rows.append(self._finished.get_nowait().result())
        except queue.Empty:
            return rows

    def stop(self) -> None:
        """Break off what is running: sessions are closed, and there are no rows of them."""
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_break_off(), self._loop).result(_STOP_WALL_S)

    def close(self) -> None:
        """Stop for good: what was made ready to answer is let go."""
        self.stop()
        self._aside.shutdown(wait=False, cancel_futures=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._open.close()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _done(self, future: Future[Numbered]) -> None:
        self._running.discard(future)
        self._finished.put(future)

    async def _numbered(self, number: int, item: Item) -> Numbered:
        return number, await self._carry_out(item)

    async def _carry_out(self, item: Item) -> Row:
        return await carry_out(item, self._work, self._answer, self._aside)


async def _break_off() -> None:
    await break_off(asyncio.all_tasks() - {asyncio.current_task()})


_LOCK: Final = Lock()
_desks: Final[dict[Work, Desk]] = {}
_over: Final[set[str]] = set()


def desk_of(work: Work, threads: int | None = None) -> Desk:
    """The desk of this process for this work; the first call makes it.

    Args:
        work: what is to be done.
        threads: that an engine has, where the work does not say.

    Raises:
        CancelledError: the work was dismissed.
    """
    with _LOCK:
        if work.run in _over:
            raise CancelledError
        if work not in _desks:
            _desks[work] = Desk(replace(work, threads=work.threads or threads))
        return _desks[work]


def dismiss(work: Work) -> None:
    """Break this work off, and take no more of it: a cluster may still be handing some out."""
    with _LOCK:
        _over.add(work.run)
        desk = _desks.pop(work, None)
    if desk is not None:
        desk.close()

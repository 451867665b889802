"""Who does the work: this process, or several on this machine; a cluster is `harness.corpus.cluster`.

Each is a `Crew`: so many files at a time, and a row for each. What is done is the same, so the rows are.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import connection, get_context, parent_process
from threading import Thread
from typing import Final, Protocol

from harness.cores import cores, share
from harness.corpus.desk import Numbered, desk_of
from harness.corpus.inputs import Item
from harness.corpus.rows import Row, scored
from harness.corpus.work import Answer, Work, break_off, carry_out, failed, thread_aside
from harness.errors import DgHarnessError

DEATHS: Final = 2
"""Processes that may die of a file before it is given up: one may have been killed for another file's sake."""


class Crew(Protocol):
    """Does files."""

    @property
    def places(self) -> int:
        """How many at a time."""
        ...

    async def row(self, item: Item) -> Row:
        """Do one file."""
        ...


async def rows_of(items: Iterable[Item], crew: Crew) -> AsyncGenerator[Row, None]:
    """Have every file done; rows come as they are finished, and no more files are taken up than there are places."""
    running: set[asyncio.Task[Row]] = set()
    try:
        for item in items:
            running.add(asyncio.create_task(crew.row(item)))
            while len(running) >= crew.places:
                for row in await _some(running):
                    yield row
        while running:
            for row in await _some(running):
                yield row
    finally:
        await break_off(running)


async def _some(running: set[asyncio.Task[Row]]) -> list[Row]:
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    rows = [task.result() for task in done]  # one that raises leaves all of them to whoever breaks off
    running -= done
    return rows


class Inline:
    """This process, in its own event loop and a thread beside it."""

    def __init__(self, work: Work, answer: Answer, aside: Executor) -> None:
        self._work, self._answer, self._aside = work, answer, aside

    @property
    def places(self) -> int:
        """How many at a time."""
        return self._work.streams

    async def row(self, item: Item) -> Row:
        """Do one file."""
        return await carry_out(item, self._work, self._answer, self._aside)


@contextlib.asynccontextmanager
async def inline(work: Work) -> AsyncIterator[Inline]:
    """This process as a crew."""
    with work.answers.open(work.threads or cores()) as answer:
        aside = thread_aside()
        try:
            yield Inline(work, answer, aside)
        finally:
            # Here, where Ctrl-C is still heard and changes nothing, rather than when Python exits.
            await asyncio.to_thread(aside.shutdown, cancel_futures=True)


class Processes:
    """Worker processes on this machine; one that dies is replaced, and what it was doing is tried once more.

    Each has an engine of its own, and that has its share of the cores: more threads would be in each other's way.
    """

    def __init__(self, work: Work, workers: int) -> None:
        self._work = replace(work, threads=share(workers))
        self._lanes = [_Lane(self._work) for _ in range(workers)]

    @property
    def places(self) -> int:
        """How many at a time, over all processes."""
        return self._work.streams * len(self._lanes)

    async def row(self, item: Item) -> Row:
        """Do one file, in the process that has least to do."""
        for _ in range(DEATHS):
            lane = min(self._lanes, key=lambda lane: lane.load)
            try:
                return await lane.row(item)
            except BrokenProcessPool:
                continue
        row = failed(
            Row(id=item.id, audio=item.audio, segment=item.segment),
            f"{item.audio}: {DEATHS} worker processes died of it",
        )
        return scored(row, item.reference, self._work.normalizers)

    async def close(self) -> None:
        """End the processes; files that are still being done are broken off."""
        await asyncio.gather(*(lane.close() for lane in self._lanes))


@contextlib.asynccontextmanager
async def processes(work: Work, workers: int) -> AsyncIterator[Processes]:
    """Worker processes as a crew."""
    crew = Processes(work, workers)
    try:
        yield crew
    finally:
        await crew.close()


class _Lane:
    """One worker process, and the exchange with it: new files go in, finished rows come out, over and over."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._process = self._started()
        self._new: list[tuple[int, Item]] = []
        self._waiting: dict[int, asyncio.Future[Row]] = {}
        self._number = 0
        self._exchanging: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def load(self) -> int:
        """Files it has."""
        return len(self._waiting)

    async def row(self, item: Item) -> Row:
        self._number += 1
        number = self._number
        row: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        self._new.append((number, item))
        self._waiting[number] = row
        if self._exchanging is None or self._exchanging.done():
            self._exchanging = asyncio.create_task(self._exchange())
        try:
            return await row
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        self._closing = True
        if self._exchanging is None:
            return  # the process was never started
        await self._exchanging
        loop = asyncio.get_running_loop()
        with contextlib.suppress(BrokenProcessPool):
            await loop.run_in_executor(self._process, _stopped, self._work)
        await loop.run_in_executor(None, self._process.shutdown)

    async def _exchange(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and not self._closing:
            new, self._new = self._new, []
            try:
                rows = await loop.run_in_executor(self._process, _exchanged, self._work, new)
            except BrokenProcessPool as death:
                self._process.shutdown(wait=False)
                self._process = self._started()
                self._give_up(self._waiting.keys() - {number for number, _ in self._new}, death)
            except Exception as error:  # the process cannot begin, as when an engine is not installed
                self._give_up(set(self._waiting), error)
            else:
                for number, row in rows:
                    waiting = self._waiting.pop(number, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(row)

    def _give_up(self, numbers: Iterable[int], error: Exception) -> None:
        for number in numbers:
            waiting = self._waiting.pop(number)
            if not waiting.done():
                waiting.set_exception(error)

    def _started(self) -> ProcessPoolExecutor:
        # Spawned, not forked: engines and event loops hold threads, which a fork leaves behind.
        return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_prepare)


def _prepare() -> None:
    """A new worker process: Ctrl-C is the parent's to hear, and without the parent there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    Thread(target=follow, name="dgharness-parent", daemon=True).start()


def _exchanged(work: Work, new: list[tuple[int, Item]]) -> list[Numbered]:
    desk = desk_of(work)
    for number, item in new:
        desk.begin(number, item)
    return desk.finished()


def _stopped(work: Work) -> None:
    """Break off what is running. A desk that could not be made has nothing running."""
    with contextlib.suppress(DgHarnessError):
        desk_of(work).stop()

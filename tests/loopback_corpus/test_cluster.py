"""A Dask cluster that dgharness did not start: a scheduler and its workers are processes of their own, elsewhere."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli.corpus import AnswersFrom
from harness.corpus import cluster as corpus_cluster
from harness.corpus.cluster import cluster
from harness.corpus.inputs import Item
from harness.corpus.pool import Crew, inline, rows_of
from harness.corpus.rows import without_times
from harness.corpus.work import Work
from harness.errors import BadInput
from tests.dask_programs import dask

if TYPE_CHECKING:
    from tests.loopback_corpus.conftest import MakeItems, MakeWork

pytest.importorskip("distributed")
SYNTHETIC = AnswersFrom(None, "", None, 0, "warning", False)
AT_MOST_S = 20.0
"""No wait comes near it; it turns a hang into a failure."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with a worker."""
    with dask(tmp_path_factory.mktemp("dask")) as started:
        scheduler = started.scheduler()
        started.worker(scheduler)
        yield scheduler


@pytest.fixture
def dasks_log() -> Iterator[io.StringIO]:
    """What Dask logs to the terminal of the command."""
    log, handler = logging.getLogger("distributed"), logging.StreamHandler(io.StringIO())
    log.addHandler(handler)
    yield handler.stream
    log.removeHandler(handler)


@dataclass
class Silent:
    """A server that takes connections and says nothing."""

    port: int = 0
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected.set()
        with suppress(asyncio.CancelledError):  # the test is over, and somebody still connected
            await reader.read()
        writer.close()
        self.closed.set()

    @property
    def answers(self) -> AnswersFrom:
        return replace(SYNTHETIC, url=f"ws://127.0.0.1:{self.port}")


@asynccontextmanager
async def silent() -> AsyncIterator[Silent]:
    server = Silent()
    async with await asyncio.start_server(server.hear, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


async def rows_from(items: Sequence[Item], crew: Crew) -> list[dict[str, Any]]:
    async with aclosing(rows_of(items, crew)) as rows:
        return sorted([without_times(row) async for row in rows], key=itemgetter("id"))


def test_rows_from_elsewhere_are_the_same(
    address: str, items: MakeItems, work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = [replace(item, audio=Path(item.audio).name) for item in items("a", "b", "c")]
    todo = [*relative, Item("gone", "gone.wav", "nobody heard it")]

    async def run(doing: Work) -> list[list[dict[str, Any]]]:
        async with inline(doing) as here, cluster(doing, address, 1) as there:
            return [await rows_from(todo, crew) for crew in (here, there)]

    here, there = asyncio.run(run(work(SYNTHETIC)))
    assert here == there
    assert len(here) == 4


def test_sessions_elsewhere_are_closed_when_the_run_is_broken_off(
    address: str, items: MakeItems, work: MakeWork
) -> None:
    async def run() -> None:
        async with silent() as server:
            async with cluster(work(server.answers), address, 1) as crew:
                coming = asyncio.ensure_future(anext(rows_of(items("a"), crew)))
                await asyncio.wait_for(server.connected.wait(), AT_MOST_S)
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
            closed = await asyncio.wait_for(server.closed.wait(), 5)  # the client would give up after 10 s
            assert closed

    asyncio.run(run())


def test_a_scheduler_that_dies_is_told_in_a_sentence(
    items: MakeItems, work: MakeWork, tmp_path: Path, dasks_log: io.StringIO
) -> None:
    async def run() -> None:
        with dask(tmp_path) as started:
            address = started.scheduler()
            started.worker(address)
            async with silent() as server, cluster(work(server.answers), address, 1) as crew:
                coming = asyncio.ensure_future(anext(rows_of(items("a", "b", "c"), crew)))
                await asyncio.wait_for(server.connected.wait(), AT_MOST_S)
                started.processes[0].kill()
                await asyncio.wait_for(coming, AT_MOST_S)

    with pytest.raises(BadInput, match=r"--cluster tcp://127.0.0.1:\d+: the scheduler is gone, .*--resume"):
        asyncio.run(run())
    assert dasks_log.getvalue() == "", "and in no traceback"


def test_a_scheduler_without_workers(work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_cluster, "CONNECT_TIMEOUT_S", 0.5)
    with dask(tmp_path) as started:
        address = started.scheduler()
        with pytest.raises(BadInput, match=r"the scheduler has no workers, and none came within 0\.5 s"):
            asyncio.run(_opened(work(SYNTHETIC), address))


def test_workers_of_another_version_are_refused(address: str, items: MakeItems, work: MakeWork) -> None:
    other = replace(work(SYNTHETIC), tool="dgharness 0.0.1")
    with pytest.raises(BadInput, match=r"its worker at tcp://\S+ has dgharness \S+; wanted dgharness 0\.0\.1, as here"):
        asyncio.run(_opened(other, address))
    with pytest.raises(BadInput, match=r"a worker that came later has dgharness \S+; wanted dgharness 0\.0\.1"):
        corpus_cluster._row(items("a")[0], other)


async def _opened(doing: Work, address: str) -> None:
    async with cluster(doing, address, 1):
        pass

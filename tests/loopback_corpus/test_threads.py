"""How many threads an engine has in each process: its share of the cores, and of a Dask worker what Dask gives that."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AbstractAsyncContextManager, nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from harness.cli.corpus import AnswersFrom
from harness.cores import cores
from harness.corpus.cluster import cluster
from harness.corpus.inputs import Item
from harness.corpus.pool import Crew, inline, processes
from harness.errors import BadInput
from tests.dask_programs import dask
from tests.dying_answers import NoAnswers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback_corpus.conftest import MakeItems, MakeWork

CORES = 7
"""Of a machine that has a number of them like no other."""


@pytest.fixture
def seven_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(CORES)))


def refused(crew: AbstractAsyncContextManager[Crew], item: Item) -> str:
    """What is said when the engine cannot be got ready."""

    async def run() -> None:
        async with crew as ready:
            await ready.row(item)

    with pytest.raises(BadInput) as refusal:
        asyncio.run(run())
    return str(refusal.value)


@pytest.mark.usefixtures("seven_cores")
def test_processes_of_this_machine_share_its_cores(items: MakeItems, work: MakeWork) -> None:
    (item,), doing = items("one"), work(NoAnswers())
    assert "had 7 threads" in refused(inline(doing), item)
    assert "had 3 threads" in refused(processes(doing, 2), item)
    assert "had 1 threads" in refused(processes(doing, 8), item)


@pytest.mark.usefixtures("seven_cores")
def test_so_do_those_of_a_local_cluster(items: MakeItems, work: MakeWork) -> None:
    pytest.importorskip("distributed")
    (item,) = items("one")
    assert "had 7 threads" in refused(cluster(work(NoAnswers()), "local", 1), item)


@pytest.mark.parametrize(("given", "threads"), [(1, 1), (64, cores())])
def test_a_worker_elsewhere_has_what_dask_gives_it_and_no_more_than_its_cores(
    items: MakeItems, work: MakeWork, tmp_path: Path, given: int, threads: int
) -> None:
    pytest.importorskip("distributed")
    (item,) = items("one")
    with dask(tmp_path) as started:
        address = started.scheduler()
        started.worker(address, threads=given)
        assert f"had {threads} threads" in refused(cluster(work(NoAnswers()), address, 1), item)


@pytest.mark.parametrize(("engine", "loaded"), [("moonshine", "Moonshine"), ("whisper", "Whisper")])
def test_the_engine_is_loaded_with_as_many(monkeypatch: pytest.MonkeyPatch, engine: str, loaded: str) -> None:
    given: list[int] = []

    def load(threads: int) -> SimpleNamespace:
        given.append(threads)
        return SimpleNamespace(info=SimpleNamespace(name="toy", version="1", arch="toy", uuid="0"))

    monkeypatch.setitem(sys.modules, f"mock_server.engines.{engine}", SimpleNamespace(**{loaded: load}))
    monkeypatch.setitem(sys.modules, "mock_server.engines.silero", SimpleNamespace(Silero=nullcontext))
    with AnswersFrom(None, "", engine, 0, "warning", False).open(3):
        assert given == [3]

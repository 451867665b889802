"""Worker processes: one that dies takes no other file with it, and none outlives its work."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.corpus.inputs import Item
from harness.corpus.pool import Crew, inline, processes, rows_of
from harness.corpus.rows import Row
from harness.errors import BadInput
from tests.dying_answers import DyingAnswers, NoAnswers

if TYPE_CHECKING:
    from tests.loopback_corpus.conftest import MakeItems, MakeWork


async def done(items: Iterable[Item], crew: Crew) -> dict[str, Row]:
    async with aclosing(rows_of(items, crew)) as rows:
        return {row.id: row async for row in rows}


def test_a_file_that_processes_die_of_fails_and_the_others_do_not(
    items: MakeItems, work: MakeWork, tmp_path: Path
) -> None:
    async def run() -> dict[str, Row]:
        async with processes(work(DyingAnswers(str(tmp_path))), 2) as crew:
            return await done(items("one", "unlucky", "bug", "poison", "two"), crew)

    rows = asyncio.run(run())
    assert {name for name, row in rows.items() if not row.failed} == {"one", "unlucky", "two"}
    assert rows["poison"].streaming_failure == f"{tmp_path / 'poison.wav'}: 2 worker processes died of it"
    assert rows["poison"].scores[0].streaming.counts.deletions == 2
    assert rows["bug"].prerecorded_failure == f"{tmp_path / 'bug.wav'}: ZeroDivisionError: not the file's fault"


def test_what_cannot_be_got_ready_is_said_by_the_command(items: MakeItems, work: MakeWork) -> None:
    async def run() -> None:
        async with processes(work(NoAnswers()), 1) as crew:
            await done(items("one", "two"), crew)

    with pytest.raises(BadInput, match="the engine is not installed"):
        asyncio.run(run())


def test_a_crew_that_is_let_go_breaks_off_what_is_running(items: MakeItems, work: MakeWork, tmp_path: Path) -> None:
    async def run() -> list[str]:
        async with (
            processes(work(DyingAnswers(str(tmp_path)), streams=2), 1) as crew,
            aclosing(rows_of(items("slow", "one"), crew)) as rows,
        ):
            async for row in rows:
                return [row.id]
        return []

    assert asyncio.run(asyncio.wait_for(run(), 20)) == ["one"]
    assert (tmp_path / "slow").exists(), "it had begun"
    assert (tmp_path / "slow.closed").exists(), "and could close its session"


def test_no_more_files_are_taken_up_than_there_are_places(items: MakeItems, work: MakeWork, tmp_path: Path) -> None:
    taken: list[str] = []

    def watched(wanted: Iterable[Item]) -> Iterable[Item]:
        for item in wanted:
            taken.append(item.id)
            yield item

    async def run() -> list[int]:
        ahead = []
        async with (
            inline(work(DyingAnswers(str(tmp_path)), streams=2)) as crew,
            aclosing(rows_of(watched(items(*"abcdefg")), crew)) as rows,
        ):
            finished = 0
            async for _ in rows:
                finished += 1
                ahead.append(len(taken) - finished)
        return ahead

    assert max(asyncio.run(run())) < 2
    assert taken == list("abcdefg")


def test_files_that_cannot_be_begun_at_once_are_said_once(items: MakeItems) -> None:
    class Gone:
        places = 2

        async def row(self, item: Item) -> Row:
            raise BadInput(f"the cluster is gone, says {item.id}")

    unheard: list[object] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: unheard.append(told))
        await done(items("one", "two"), Gone())

    with pytest.raises(BadInput, match="the cluster is gone"):
        asyncio.run(run())
    gc.collect()
    assert unheard == []

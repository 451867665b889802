"""What is worked out of a file, before and after its session, holds up no other stream of its process."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from harness import runner
from harness.cases import Case
from harness.cli.answering import answering
from harness.corpus import work as corpus_work
from harness.corpus.pool import inline, rows_of
from harness.corpus.work import Answer, Answers
from harness.runner import Answering

if TYPE_CHECKING:
    from tests.loopback_corpus.conftest import MakeItems, MakeWork

AT_MOST_S = 10.0
"""No wait comes near it, unless one waits for the other: then the test fails."""


@dataclass(frozen=True)
class TakingTurns(Answers):
    """Synthetic answers; `paced` is streamed while something about `held` is being worked out, which waits for it.

    Attributes:
        began: the work on `held` has begun; of the event loop.
        over: the session of `paced` is over.
    """

    began: asyncio.Event = field(default_factory=asyncio.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def open(self, threads: int) -> Iterator[Answer]:
        """Get ready."""
        yield self._answer

    @asynccontextmanager
    async def _answer(self, case: Case) -> AsyncIterator[Answering]:
        async with answering(case, None, None) as ready:
            if case.name == "paced":
                await self.began.wait()
            yield ready
        if case.name == "paced":
            self.over.set()

    def lasting(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, but on `held` it lasts until the session of `paced` is over."""
        loop = asyncio.get_running_loop()

        def worked(*given: Any) -> Any:
            if "held" in str(given):
                loop.call_soon_threadsafe(self.began.set)
                assert self.over.wait(AT_MOST_S), "no stream went on meanwhile"
            return work(*given)

        return worked


@pytest.mark.parametrize(
    "name", ["corpus.work.decode", "cli.answering.known_for", "corpus.work.conclude", "corpus.work.scored"]
)
def test_a_stream_goes_on_while_another_file_is_worked_on(
    items: MakeItems, work: MakeWork, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module, _, function = name.rpartition(".")
    place = importlib.import_module(f"harness.{module}")

    async def run() -> dict[str, str | None]:
        answers = TakingTurns()
        monkeypatch.setattr(place, function, answers.lasting(getattr(place, function)))
        async with (
            inline(work(answers, streams=2)) as crew,
            aclosing(rows_of(items("paced", "held"), crew)) as rows,
        ):
            return {row.id: row.streaming_failure async for row in rows}

    assert asyncio.run(run()) == {"paced": None, "held": None}


def test_files_are_broken_off_though_one_is_being_scored(
    items: MakeItems, work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[str] = []

    async def run() -> None:
        answers = TakingTurns()
        conclude = answers.lasting(runner.conclude)

        def concluded(*given: Any) -> Any:
            try:
                return conclude(*given)
            finally:
                scored.append("held")

        monkeypatch.setattr(corpus_work, "conclude", concluded)
        async with inline(work(answers)) as crew:
            coming = asyncio.ensure_future(anext(rows_of(items("held"), crew)))
            await answers.began.wait()
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            assert not scored, "it is being scored still"
            asyncio.get_running_loop().call_soon(answers.over.set)  # as soon as anybody waits
        assert scored == ["held"], "that is waited for at the end, not left behind"

    asyncio.run(run())

"""Answers of which worker processes die; a module of its own, because they have to import it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.cases import Case
from harness.cli.answering import answering
from harness.corpus.work import Answer, Answers
from harness.errors import BadInput
from harness.runner import Answering


@dataclass(frozen=True)
class DyingAnswers(Answers):
    """Synthetic answers, but the process dies of a file called `poison`, and at first of one called `unlucky`."""

    scratch: str

    @contextmanager
    def open(self, threads: int) -> Iterator[Answer]:
        """Get ready."""
        yield self._answer

    @asynccontextmanager
    async def _answer(self, case: Case) -> AsyncIterator[Answering]:
        died = Path(self.scratch) / case.name
        if case.name == "poison" or (case.name == "unlucky" and not died.exists()):
            died.touch()
            os._exit(9)
        if case.name == "bug":
            raise ZeroDivisionError("not the file's fault")
        if case.name == "slow":
            died.touch()
            try:
                await asyncio.Event().wait()
            finally:
                died.with_suffix(".closed").touch()
        async with answering(case, None, None) as ready:
            yield ready


@dataclass(frozen=True)
class NoAnswers(Answers):
    """Cannot be got ready."""

    def open(self, threads: int) -> AbstractContextManager[Answer]:
        """Refuse, and say how many threads an engine would have had."""
        raise BadInput(f"the engine is not installed, and would have had {threads} threads")

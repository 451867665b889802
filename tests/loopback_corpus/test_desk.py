"""The desk of a process that outlives a run, as a cluster's workers do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from harness.cases import Case
from harness.corpus.desk import desk_of, dismiss
from harness.corpus.work import Answer, Answers
from harness.runner import Answering

if TYPE_CHECKING:
    from tests.loopback_corpus.conftest import MakeItems, MakeWork

AT_MOST_S = 10.0


@dataclass(frozen=True)
class NeverAnswers(Answers):
    """Says when a file was begun, when it was broken off, and when nobody can be answered any more."""

    begun: threading.Event = field(default_factory=threading.Event)
    broken_off: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def open(self, threads: int) -> Iterator[Answer]:
        """Get ready."""
        yield self._answer
        self.let_go.set()

    @asynccontextmanager
    async def _answer(self, case: Case) -> AsyncIterator[Answering]:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.broken_off.set()
        yield Answering(None, "", None)  # type: ignore[arg-type]  # never reached


def test_work_that_is_dismissed_is_broken_off_and_no_more_of_it_is_taken(items: MakeItems, work: MakeWork) -> None:
    answers = NeverAnswers()
    doing = replace(work(answers), run="one of several")
    (item,) = items("one")
    desk_of(doing).begin(1, item)
    assert answers.begun.wait(AT_MOST_S)
    dismiss(doing)
    assert answers.broken_off.is_set()
    assert answers.let_go.is_set()
    with pytest.raises(CancelledError):
        desk_of(doing)
    another = replace(doing, run="another")
    assert desk_of(another) is desk_of(another), "which is another matter"
    dismiss(another)

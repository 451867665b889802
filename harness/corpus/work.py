"""The work on one file, from its path to its row. What goes wrong with a file is in its row and stops no other."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import warnings
from collections.abc import Callable, Collection
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from harness.audio.decode import cut, decode
from harness.cases import Case
from harness.corpus.inputs import Item
from harness.corpus.rows import Row, scored
from harness.corpus.settings import Settings
from harness.errors import BadInput, DgHarnessError
from harness.results import CaseResult, Outcome, Streamed
from harness.runner import Answering, Exchanged, Prepared, conclude, exchange, prepare
from harness.scoring.delay_measure import DelayMeasure

LOG: Final = logging.getLogger("dgharness.corpus")

Answer: TypeAlias = Callable[[Case], AbstractAsyncContextManager[Answering]]
"""Gives a case a server, for as long as the case runs."""


class Answers(Protocol):
    """Who answers; it is sent to worker processes, so it must pickle, and holds nothing that is open."""

    def open(self, threads: int) -> AbstractContextManager[Answer]:
        """Get ready to answer, once in each process; an engine loads its weights here, and has so many threads."""
        ...


@dataclass(frozen=True)
class Work:
    """What to do with each file; the same for all of them, and sent to worker processes.

    Attributes:
        settings: what decides the transcripts.
        normalizers: names of those that transcripts are scored under.
        answers: who answers.
        tool: name and version of the program.
        streams: files at a time in one process.
        run: tells it from other work in processes that outlive it.
        threads: that an engine has in each process; None where that is not known before the process is.
    """

    settings: Settings
    normalizers: tuple[str, ...]
    answers: Answers
    tool: str
    streams: int = 1
    run: str = ""
    threads: int | None = None


def thread_aside() -> Executor:
    """A thread for what would hold up the streams of an event loop; one, because each more takes turns of the loop."""
    return ThreadPoolExecutor(1, thread_name_prefix="dgharness-aside")


async def carry_out(item: Item, work: Work, answer: Answer, aside: Executor) -> Row:
    """Stream a file, post it, score both.

    Args:
        item: the file.
        work: what to do with it.
        answer: gives it a server.
        aside: where audio is decoded and what came is scored.

    Raises:
        asyncio.CancelledError: it was interrupted; there is no row then.
    """
    row = Row(id=item.id, audio=item.audio, segment=item.segment, reference=item.reference)
    try:
        row, data = await asyncio.get_running_loop().run_in_executor(aside, _read, row, item)
        return await _carried_out(row, data, item, work, answer, aside)
    except DgHarnessError as error:
        row = failed(row, str(error))
    except Exception as error:  # a file must not end a run of thousands; the log has where it came from
        LOG.exception("a file could not be carried through", extra={"id": item.id})
        row = failed(row, f"{item.audio}: {type(error).__name__}: {error}")
    return await asyncio.get_running_loop().run_in_executor(aside, scored, row, item.reference, work.normalizers)


async def break_off(running: Collection[asyncio.Task[Any]]) -> None:
    """Cancel files that are being done, and wait until their sessions are closed."""
    # anyio, cancelled before its first step, leaves a coroutine behind; Python says so on stderr, and nobody is helped.
    warnings.filterwarnings("ignore", "coroutine 'connect_tcp.* was never awaited", RuntimeWarning)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def failed(row: Row, reason: str) -> Row:
    """The row of a file of which nothing came."""
    return msgspec.structs.replace(row, streaming_failure=reason, prerecorded_failure=reason)


async def _carried_out(row: Row, data: bytes, item: Item, work: Work, answer: Answer, aside: Executor) -> Row:
    loop = asyncio.get_running_loop()
    row, prepared = await loop.run_in_executor(aside, _prepared, row, data, item, work)
    async with answer(prepared.case) as answering:
        exchanged = await exchange(prepared, answering, tool=work.tool)
    if exchanged.interrupted:
        raise asyncio.CancelledError
    return await loop.run_in_executor(aside, _concluded, row, work, prepared, answering, exchanged)


def _read(row: Row, item: Item) -> tuple[Row, bytes]:
    data = _bytes(item)
    return msgspec.structs.replace(row, sha256=hashlib.sha256(data).hexdigest()), data


def _prepared(row: Row, data: bytes, item: Item, work: Work) -> tuple[Row, Prepared]:
    audio = cut(decode(data, item.audio), item.segment, item.audio)
    case = work.settings.case(item)
    # The case finds the causes, under one normaliser; scoring under all of them is ours.
    case = msgspec.structs.replace(case, normalizer=next(iter(work.normalizers), case.normalizer))
    return msgspec.structs.replace(row, audio_s=round(audio.duration_audio_s, 6)), prepare(case, audio, data)


def _concluded(row: Row, work: Work, prepared: Prepared, answering: Answering, exchanged: Exchanged) -> Row:
    result = conclude(prepared, answering, exchanged).result
    # A mock's port is another one each time.
    own = None if answering.endpoint.host == work.settings.answers else answering.endpoint.host
    return scored(_row(row, result, own), row.reference, work.normalizers)


def _row(row: Row, result: CaseResult, mock: str | None) -> Row:
    streamed, posted = result.streamed, result.prerecorded
    assert streamed is not None
    assert posted is not None  # both were asked: nothing was interrupted
    return msgspec.structs.replace(
        row,
        replies=result.replies,
        synthetic=result.synthetic,
        streaming_failure=_without_port(streamed.failure, mock),
        prerecorded_failure=_without_port(posted.failure, mock),
        reasons=result.reasons if result.outcome is Outcome.FAIL else (),
        interims=streamed.interims,
        finals=streamed.finals,
        streaming=" ".join(streamed.transcript) if streamed.failure is None else None,
        prerecorded=" ".join(posted.transcript) if posted.failure is None else None,
        streaming_wall_s=streamed.wall_s,
        first_interim_wall_s=streamed.first_interim_wall_s,
        first_final_wall_s=streamed.first_final_wall_s,
        last_message_wall_s=streamed.last_message_wall_s,
        prerecorded_wall_s=posted.wall_s,
        causes=result.causes.counts if result.causes is not None else None,
        extra_errors=result.causes.errors if result.causes is not None else (),
        word_shown_p50_wall_s=_median(streamed, DelayMeasure.WORD_SHOWN),
        word_final_p50_wall_s=_median(streamed, DelayMeasure.WORD_FINAL),
        end_of_speech_p50_wall_s=_median(streamed, DelayMeasure.END_OF_SPEECH),
    )


def _median(streamed: Streamed, measure: DelayMeasure) -> float | None:
    spread = streamed.delay.spread.get(measure) if streamed.delay is not None else None
    return spread.p50_s if spread is not None else None


def _without_port(failure: str | None, mock: str | None) -> str | None:
    return failure.replace(mock, "the mock") if failure is not None and mock is not None else failure


def _bytes(item: Item) -> bytes:
    try:
        return item.path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{item.audio}: there is no such file") from None
    except OSError as error:
        raise BadInput(f"{item.audio}: cannot be read ({error.strerror})") from None

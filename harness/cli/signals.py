"""Ctrl-C and SIGTERM: what they stop, and that nothing is lost by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from signal import SIGINT, SIGTERM, signal
from types import FrameType
from typing import Any, TypeVar

import click

T = TypeVar("T")


@contextmanager
def on_stop(stop: Callable[[], object]) -> Iterator[None]:
    """Call something at the first Ctrl-C or SIGTERM; impatient further ones change nothing, to the process's end.

    What follows the first is bounded by time-outs, and is where results are written.

    Args:
        stop: called between two instructions of the main thread; in an event loop see `in_loop`.
    """
    stopped = False

    def once(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            stop()

    before = [(number, signal(number, once)) for number in (SIGINT, SIGTERM)]
    try:
        yield
    finally:
        if not stopped:
            for number, handler in before:
                signal(number, handler)


def in_loop(stop: Callable[[], object]) -> Callable[[], object]:
    """The same for the running event loop, which is woken for it."""
    return partial(asyncio.get_running_loop().call_soon_threadsafe, stop)


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end, or to that of Ctrl-C or SIGTERM; a partial result is returned like a whole one.

    Raises:
        click.Abort: it was interrupted, and had nothing to return.
    """
    return asyncio.run(interruptible(work))


async def interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Await something that Ctrl-C and SIGTERM cancel; what it returns all the same, a partial result, is kept.

    Raises:
        click.Abort: it was interrupted, and had nothing to return.
    """
    task = asyncio.ensure_future(work)
    with on_stop(in_loop(task.cancel)):
        try:
            return await task
        except asyncio.CancelledError:
            raise click.Abort from None

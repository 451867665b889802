"""Ctrl-C and SIGTERM: what they stop, and that nothing is lost by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from signal import SIGINT, SIGTERM
from typing import Any, TypeVar

import click

T = TypeVar("T")


@contextmanager
def on_stop(stop: Callable[[], object]) -> Iterator[None]:
    """Call something at the first Ctrl-C or SIGTERM; impatient further ones change nothing.

    What follows the first is bounded by time-outs, and is where results are written.
    """
    loop, stopped = asyncio.get_running_loop(), False

    def once() -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            stop()

    handled = []
    for signal in (SIGINT, SIGTERM):
        try:
            loop.add_signal_handler(signal, once)
        except NotImplementedError:
            continue  # Windows: Ctrl-C is a KeyboardInterrupt there
        handled.append(signal)
    try:
        yield
    finally:
        for signal in handled:
            loop.remove_signal_handler(signal)


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
    with on_stop(task.cancel):
        try:
            return await task
        except asyncio.CancelledError:
            raise click.Abort from None

"""Ctrl-C and SIGTERM: what they stop, and that nothing is lost by it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from signal import SIGINT, SIGTERM, set_wakeup_fd, signal
from types import FrameType
from typing import Any, TypeVar

import click

T = TypeVar("T")


@contextmanager
def on_stop(stop: Callable[[], object]) -> Iterator[None]:
    """Call something at the first Ctrl-C or SIGTERM; impatient further ones change nothing, to the process's end.

    What follows the first is bounded by time-outs, and is where results are written.

    Args:
        stop: called between two instructions of the main thread; an event loop that sleeps needs `on_stop_in_loop`.
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


@contextmanager
def on_stop_in_loop(stop: Callable[[], object]) -> Iterator[None]:
    """The same for the running event loop, which calls it."""
    loop = asyncio.get_running_loop()
    with _woken(loop), on_stop(partial(loop.call_soon_threadsafe, stop)):
        yield


@contextmanager
def _woken(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Wake the loop at every signal: it may reach any thread, and its handler waits for the main one."""
    heard, told = socket.socketpair()
    with heard, told:
        heard.setblocking(False)
        told.setblocking(False)
        try:
            loop.add_reader(heard, heard.recv, 4096)
        except NotImplementedError:  # Windows, where loops see to that themselves
            yield
            return
        before = set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            set_wakeup_fd(before)
            loop.remove_reader(heard)


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
    with on_stop_in_loop(task.cancel):
        try:
            return await task
        except asyncio.CancelledError:
            raise click.Abort from None

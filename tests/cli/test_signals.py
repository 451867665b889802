"""What Ctrl-C does to a command's work, once and twice."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING

import click
import pytest

from harness.cli import signals

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers


async def cancelled_with_a_result(helpers: Helpers) -> str:
    helpers.interrupt()
    helpers.interrupt()
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "partial"
    return "whole"


def test_what_is_returned_after_an_interrupt_is_kept(helpers: Helpers) -> None:
    assert asyncio.run(signals.interruptible(cancelled_with_a_result(helpers))) == "partial"


def test_nothing_returned_is_an_abort(helpers: Helpers) -> None:
    async def nothing() -> None:
        helpers.interrupt()
        await asyncio.sleep(30)

    with pytest.raises(click.Abort):
        asyncio.run(signals.interruptible(nothing()))


def test_the_handlers_are_as_before_afterwards() -> None:
    async def work() -> int:
        return 1

    before = signal.getsignal(signal.SIGTERM)
    assert asyncio.run(signals.interruptible(work())) == 1
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_reaches_another_thread_wakes_the_loop() -> None:
    def interrupt() -> None:
        threading.Event().wait(0.1)  # by now the loop sleeps; were it earlier, it would hear of it all the same
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    async def work() -> bool:
        loop, asleep_s = asyncio.get_running_loop(), 20.0
        wakes_by_itself_s = loop.time() + asleep_s
        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            await asyncio.sleep(asleep_s)
        except asyncio.CancelledError:
            thread.join()
        return loop.time() < wakes_by_itself_s

    assert asyncio.run(signals.interruptible(work()))


def test_a_loop_without_readers_wakes_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*arguments: object) -> None:
        raise NotImplementedError

    async def work() -> str:
        monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", absent)
        return await signals.interruptible(asyncio.sleep(0, "done"))

    assert asyncio.run(work()) == "done"


def test_after_the_first_interrupt_the_process_is_deaf_to_its_end(helpers: Helpers) -> None:
    heard = []
    with signals.on_stop(lambda: heard.append("stop")):
        helpers.interrupt()
        helpers.interrupt()
    helpers.interrupt()
    os.kill(os.getpid(), signal.SIGTERM)
    assert heard == ["stop"]

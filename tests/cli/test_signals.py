"""What Ctrl-C does to a command's work, once and twice."""

from __future__ import annotations

import asyncio
import os
import signal
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


def test_after_the_first_interrupt_the_process_is_deaf_to_its_end(helpers: Helpers) -> None:
    heard = []
    with signals.on_stop(lambda: heard.append("stop")):
        helpers.interrupt()
        helpers.interrupt()
    helpers.interrupt()
    os.kill(os.getpid(), signal.SIGTERM)
    assert heard == ["stop"]

"""`--engine`: a recogniser on this machine instead of recordings and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from harness.cores import cores
from mock_server.engines.table import NAMES, load_engine, load_vad
from mock_server.recogniser.source import EngineSource, RecognisedReplies
from mock_server.recogniser.workers import Workers


def engine_option(text: str) -> Callable[[Any], Any]:
    """The option; each engine is an extra of the same name."""
    installs = "Needs the extra of that name: pip install 'dgharness[NAME]'."
    return click.option("--engine", type=click.Choice(NAMES), help=f"{text} {installs}")


@contextmanager
def listening(name: str, threads: int | None = None) -> Iterator[RecognisedReplies]:
    """What a recogniser answers with, for as long as it is wanted.

    Args:
        name: of the engine.
        threads: that it works in; as many as there are cores for this process when None.

    Raises:
        BadInput: its extra is not installed.
    """
    threads = threads or cores()
    engine, new_vad = load_engine(name, threads), load_vad(name)
    workers = Workers(threads)
    try:
        yield RecognisedReplies(EngineSource(engine, new_vad, workers))
    finally:
        workers.close()

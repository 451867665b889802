"""`--engine`: a recogniser on this machine instead of recordings and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from mock_server.engines.table import NAMES, load_engine, load_vad
from mock_server.recogniser.source import EngineSource, RecognisedReplies
from mock_server.recogniser.workers import Workers


def engine_option(text: str) -> Callable[[Any], Any]:
    """The option; each engine is an extra of the same name."""
    installs = "Needs the extra of that name: pip install 'dgharness[NAME]'."
    return click.option("--engine", type=click.Choice(NAMES), help=f"{text} {installs}")


@contextmanager
def listening(name: str) -> Iterator[RecognisedReplies]:
    """What a recogniser answers with, for as long as it is wanted.

    Raises:
        BadInput: its extra is not installed.
    """
    engine, new_vad = load_engine(name), load_vad(name)
    workers = Workers()
    try:
        yield RecognisedReplies(EngineSource(engine, new_vad, workers))
    finally:
        workers.close()

"""A server that recognises: with the toy engine, whose words are beyond doubt, or with one that is held back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event
from typing import Any

import pytest

from mock_server.engines.base import Mono
from mock_server.recogniser.source import EngineSource, RecognisedReplies
from mock_server.recogniser.workers import Workers
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings
from tests.toy_engine import LevelVad, ToyEngine, spoken

Serve = Callable[..., AbstractContextManager[MockServer]]


@pytest.fixture
def serve() -> Serve:
    """Serves with an engine; what went wrong inside the server fails the test."""

    @contextmanager
    def serving(engine: Any = None, settings: ServerSettings | None = None) -> Iterator[MockServer]:
        workers = Workers(2)
        server = MockServer(RecognisedReplies(EngineSource(engine or ToyEngine(), LevelVad, workers)), settings)
        try:
            with BackgroundServer(server):
                yield server
            assert server.errors == []
        finally:
            workers.close()

    return serving


@pytest.fixture
def say() -> Callable[..., Mono]:
    return spoken


@pytest.fixture
def held_back() -> HeldBack:
    """An engine that answers nothing until it is let go."""
    return HeldBack()


class HeldBack(ToyEngine):
    """Works on its first stretch until `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.began = Event(), Event()

    def transcribe(self, samples: Mono) -> Any:
        self.began.set()
        assert self.go.wait(30), "nobody let the engine go"
        return super().transcribe(samples)

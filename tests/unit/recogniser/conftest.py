"""The toy engine, its detector, and speech that it understands without doubt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mock_server.engines.base import Mono
from tests.toy_engine import LevelVad, ToyEngine, spoken


@pytest.fixture
def engine() -> ToyEngine:
    return ToyEngine()


@pytest.fixture
def new_vad() -> Callable[[], LevelVad]:
    return LevelVad


@pytest.fixture
def say() -> Callable[..., Mono]:
    return spoken


@pytest.fixture
def toy() -> type[ToyEngine]:
    return ToyEngine

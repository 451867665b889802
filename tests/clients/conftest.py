"""Real clients for the tests of this folder: installed once, each skipped with the reason where that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.audio.decode import encode, read_audio
from harness.audio.format import AudioFormat
from tests.clients.installed import Client, install_all

COMMAND = Path(__file__).resolve().parents[2] / "fixtures" / "audio" / "command.wav"


@pytest.fixture(scope="session")
def missing() -> dict[Client, str]:
    """The clients that could not be installed, with the reason."""
    return install_all()


@pytest.fixture(scope="session")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip as 16 kHz linear16 without a header."""
    path = tmp_path_factory.mktemp("audio") / "command.raw"
    path.write_bytes(encode(read_audio(COMMAND), AudioFormat()))
    return path


@pytest.fixture
def needs(missing: dict[Client, str]) -> Callable[[Client], Client]:
    """Skips the test when a client is missing."""

    def check(client: Client) -> Client:
        if client in missing:
            pytest.skip(missing[client])
        return client

    return check

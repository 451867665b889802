"""The real engines, each loaded once; without its extra its tests are skipped, and say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.cli.engine import listening
from harness.errors import BadInput
from mock_server.recogniser.source import RecognisedReplies


def _loaded(name: str) -> Iterator[RecognisedReplies]:
    try:
        with listening(name) as replies:
            yield replies
    except BadInput as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def moonshine() -> Iterator[RecognisedReplies]:
    yield from _loaded("moonshine")


@pytest.fixture(scope="session")
def whisper() -> Iterator[RecognisedReplies]:
    yield from _loaded("whisper")


@pytest.fixture(params=["moonshine", "whisper"])
def replies(request: pytest.FixtureRequest) -> RecognisedReplies:
    """Either engine."""
    found: RecognisedReplies = request.getfixturevalue(request.param)
    return found

"""Real clients for the tests of this folder: installed once, each skipped with the reason where that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients.installed import Client, install_all


@pytest.fixture(scope="session")
def missing() -> dict[Client, str]:
    """The clients that could not be installed, with the reason."""
    return install_all()


@pytest.fixture
def needs(missing: dict[Client, str]) -> Callable[[Client], Client]:
    """Skips the test when a client is missing."""

    def check(client: Client) -> Client:
        if client in missing:
            pytest.skip(missing[client])
        return client

    return check

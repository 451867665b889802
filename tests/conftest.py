"""Fixtures for every room of the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no broken law. In CI the examples are the same each time: what goes red there, the change did.
settings.register_profile(
    "laws", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ, print_blob=True
)
settings.load_profile("laws")

# What the tests start is not measured: some look at what a fresh interpreter loads, and that would be coverage too.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

COSTLY = ("browser", "clients", "engines")
"""Rooms whose tests share something costly; side by side (`-n`), each room stays in one process."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The read-only material beside the checkout: real recordings, references, the published specification."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder shared/ does not lie beside the checkout")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of each costly room into one group of `--dist loadgroup`."""
    for item in items:
        room = item.path.relative_to(Path(__file__).parent).parts[0]
        if room in COSTLY:
            item.add_marker(pytest.mark.xdist_group(room))

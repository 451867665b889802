"""Fixtures for every room of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The read-only material beside the checkout: real recordings, references, the published specification."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder shared/ does not lie beside the checkout")
    return folder

"""The example of the how-to does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "test-your-client.md"


def files() -> dict[str, str]:
    """The code blocks that begin with the name of a file."""
    blocks = re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return dict(blocks)


def test_the_example_of_the_page_passes(inner: pytest.Pytester) -> None:
    assert set(files()) == {"my_client.py", "test_my_client.py"}
    for name, code in files().items():
        (inner.path / name).write_text(code, encoding="utf-8")
    result = inner.runpytest("test_my_client.py")

    result.assert_outcomes(passed=4)


def test_the_page_names_every_argument_of_the_marker() -> None:
    from harness.pytest_plugin import _ARGUMENTS

    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in _ARGUMENTS if f"`{name}`" not in page and f"`{name}=" not in page] == []

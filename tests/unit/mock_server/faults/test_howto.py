"""The guide for the next fault is run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from harness.errors import BadInput

PAGE = Path(__file__).parents[4] / "docs" / "howto" / "write-a-fault.md"


@pytest.fixture
def guide(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The code of the page, run from top to bottom as one module."""
    module = ModuleType("the_guide_to_writing_a_fault")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(_code(PAGE.read_text(encoding="utf-8")), str(PAGE), "exec", dont_inherit=True), module.__dict__)
    return module


def _code(page: str) -> str:
    """The Python of a page, with every other line empty, so that a failure names the page's line."""
    inside, lines = False, []
    for line in page.splitlines():
        fence = line.startswith("```")
        lines.append(line if inside and not fence else "")
        inside = line == "```python" if fence else inside
    return "\n".join(lines)


def test_the_code_of_the_guide_does_what_it_says(guide: ModuleType) -> None:
    assert guide.NoOp().kind == "no-op"
    assert guide.Burst(every_s=2.0).kind == "burst"
    assert guide.chain.fired[0].kind == "burst"


def test_the_fault_of_the_guide_checks_its_field(guide: ModuleType) -> None:
    with pytest.raises(BadInput, match=r"fault burst: every_s is 0\.0; wanted seconds, more than 0"):
        guide.Burst(every_s=0.0)


def test_the_rooms_and_names_it_speaks_of_exist() -> None:
    root = PAGE.parents[2]
    for path in re.findall(r"`((?:mock_server|tests|docs)/[\w./-]+\.\w+)`", PAGE.read_text(encoding="utf-8")):
        assert (root / path).is_file(), path

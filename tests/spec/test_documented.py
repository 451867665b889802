"""The reference page has the table of differences, row for row, and names only tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "wire.md"


def test_the_page_has_every_difference_and_no_other() -> None:
    table = yaml.safe_load((Path(__file__).parent / "differences.yml").read_text())
    wanted = [f"| {row['oracle']} | `{row['what']}` | {row['source']} |" for row in table]
    section = PAGE.read_text().partition("## Differences")[2].partition("\n## ")[0]
    assert [line for line in section.splitlines() if line.startswith("| ") and "`" in line] == wanted


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE.read_text())
    assert named
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert f"def {name}" in (ROOT / path).read_text() or not name, f"{path}::{name}"

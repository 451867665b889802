"""`dgharness score`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.fixture
def sides(tmp_path: Path) -> list[str | Path]:
    """The options that name three files: TSV, JSON and gzipped TSV."""
    (tmp_path / "r.tsv").write_text("a\tone two three four\nb\tfive\n")
    (tmp_path / "s.json").write_text(json.dumps({"a": "one two tree four", "c": "x"}))
    (tmp_path / "p.tsv.gz").write_bytes(gzip.compress(b"a\tone two three four\nb\tfive\n"))
    names = {"--references": "r.tsv", "--streaming": "s.json", "--prerecorded": "p.tsv.gz"}
    return [word for option, name in names.items() for word in (option, tmp_path / name)]


def test_counts_and_rates_as_json(run: Run, sides: list[str | Path]) -> None:
    ran = run("score", *sides, "--json")
    assert ran.code == 0
    assert ran.json["scored"] == 1
    assert ran.json["normalizer"] == "basic@1"
    assert ran.json["streaming"]["substitutions"] == 1
    assert (ran.json["streaming"]["wer"], ran.json["prerecorded"]["wer"]) == (0.25, 0.0)


def test_a_table_for_people(run: Run, sides: list[str | Path]) -> None:
    ran = run("score", *sides)
    assert ran.code == 0
    assert "WER" in ran.out
    assert "25.00 %" in ran.out
    assert "1 id scored" in ran.out

"""`harness.corpus.parquet`: a line for each file and normaliser, whatever the row lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.corpus.inputs import Item
from harness.corpus.parquet import write_parquet
from harness.corpus.rows import Row, scored
from harness.errors import BadInput
from harness.results import CorpusRun
from harness.scoring.causes import Cause

if TYPE_CHECKING:
    from tests.unit.corpus.conftest import MakeItems, MakeRow

pq = pytest.importorskip("pyarrow.parquet")
NESTED = {"segment", "scores", "causes", "extra_errors"}
RUN = CorpusRun(tool="t", run_id="monday", created="now", settings={"answers": "whisper"}, files=3)


def test_a_line_for_each_file_and_normaliser(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    one, two, three = items("one", "two", "three")
    rows = [
        scored(row(one, "this was one"), "this is one", ["basic", "none"]),
        row(two, None),
        row(Item("x", three.audio, None)),
    ]
    write_parquet(tmp_path / "rows.parquet", rows, RUN)
    table = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    assert [(line["run_id"], line["answers"], line["id"], line["normalizer"]) for line in table] == [
        ("monday", "whisper", "one", "basic@1"),
        ("monday", "whisper", "one", "none@1"),
        ("monday", "whisper", "two", "basic@1"),
        ("monday", "whisper", "x", None),
    ]
    assert [line["streaming_substitutions"] for line in table] == [1, 1, 0, None]
    assert [line["streaming_deletions"] for line in table] == [0, 0, 3, None]
    assert [line["streaming_failure"] for line in table] == [None, None, "timed out", None]
    assert table[0]["streaming_wall_s"] == 1.25


def test_every_field_of_a_row_has_its_column(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    (one,) = items("one")
    write_parquet(tmp_path / "rows.parquet", [row(one)], RUN)
    columns = set(pq.read_schema(tmp_path / "rows.parquet").names)
    assert set(Row.__struct_fields__) - NESTED <= columns
    (line,) = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    kept = {name: line[name] for name in Row.__struct_fields__ if name not in NESTED}
    whole = msgspec.to_builtins(row(one)).items()
    assert kept == {name: value for name, value in whole if name not in NESTED} | {"reasons": []}


def test_causes_have_a_column_each(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    (one,) = items("one")
    found = msgspec.structs.replace(row(one), causes={Cause.SEGMENT_CUT: 2, Cause.RECOGNITION: 0})
    write_parquet(tmp_path / "rows.parquet", [found, row(one)], RUN)
    lines = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    assert [line["cause_segment_cut"] for line in lines] == [2, None]
    assert [line["cause_recognition"] for line in lines] == [0, None]
    assert {f"cause_{cause.name.lower()}" for cause in Cause} <= set(lines[0])


def test_more_rows_than_a_batch_holds(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    (one,) = items("one")
    write_parquet(tmp_path / "rows.parquet", (row(one) for _ in range(2500)), RUN)
    assert pq.read_metadata(tmp_path / "rows.parquet").num_rows == 2500
    write_parquet(tmp_path / "rows.parquet", [], RUN)
    assert pq.read_metadata(tmp_path / "rows.parquet").num_rows == 0


def test_a_table_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"rows\.parquet: cannot be written"):
        write_parquet(tmp_path / "gone" / "rows.parquet", [], RUN)

"""The query of docs/howto/corpora.md, word for word, over the folders that two runs leave behind."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")
PAGE = Path(__file__).parents[2] / "docs" / "howto" / "corpora.md"


def test_the_documented_query_gives_what_the_runs_say(
    run: Run, helpers: Helpers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("a", "hello world"), ("b", "good bye to you")):
        Path(f"{name}.wav").write_bytes(wav_bytes(helpers.noise(2.0, seed=ord(name)), AudioFormat()))
        Path(f"{name}.txt").write_text(text)
    Path("gone.tsv").write_text("audio\ttext\ngone.wav\tnobody heard this\n")
    errors = ("--streaming-error-rate", 0.5)
    every = ("--synthetic", "--speed", "max")
    run(
        "corpus",
        "a.wav",
        "b.wav",
        *every,
        *errors,
        "--normalizer",
        "basic",
        "--normalizer",
        "none",
        "--out",
        "runs/one",
    )
    run("corpus", "a.wav", "gone.tsv", *every, "--run-id", "another", "--out", "runs/two")

    (query,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with duckdb.connect() as connection:
        found = connection.sql(query).fetchall()

    expected = []
    for folder in ("two", "one"):  # as `another` and `one` sort
        of_run = json.loads(Path("runs", folder, "run.json").read_text())
        for total in of_run["totals"]:
            rates = (total["streaming"]["words"]["rate"], total["prerecorded"]["words"]["rate"])
            expected.append(
                (of_run["run_id"], total["normalizer"], 2, 2 * of_run["failed"], *map(pytest.approx, rates))
            )
    assert [line[:-2] for line in found] == expected
    assert [line[-2] for line in found] == [0, 0, 0]
    assert len(found) == 3
    assert all(0 < line[-1] < 5 for line in found)
    assert found[0][3] == 2, "both sides of the file that is not there failed"

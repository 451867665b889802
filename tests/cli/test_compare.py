"""`dgharness compare`: the gate over files that the other commands wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.fixture
def runs(run: Run, tmp_path: Path) -> tuple[Path, Path]:
    """Utterances as `score` writes them: a base, and a new run with one more error in one of two."""
    (tmp_path / "r.json").write_text(json.dumps({"a": "one two three four", "b": "five six"}))
    (tmp_path / "good.json").write_text(json.dumps({"a": "one two three four", "b": "five six"}))
    (tmp_path / "bad.json").write_text(json.dumps({"a": "one two tree four", "b": "five six"}))
    for name in ("good", "bad"):
        scored = run(
            "score", "--references", tmp_path / "r.json", "--streaming", tmp_path / f"{name}.json",
            "--prerecorded", tmp_path / "good.json", "--utterances-file", tmp_path / f"{name}.jsonl",
        )  # fmt: skip
        assert scored.code == 0
    return tmp_path / "good.jsonl", tmp_path / "bad.jsonl"


def test_the_same_run_passes(run: Run, runs: tuple[Path, Path]) -> None:
    base, _ = runs
    ran = run("compare", base, base)
    assert ran.code == 0
    assert "PASS: nothing regressed over 2 utterances" in ran.out


def test_a_worse_run_fails_with_exit_code_1(run: Run, runs: tuple[Path, Path], tmp_path: Path) -> None:
    ran = run("compare", *runs, "--markdown-file", tmp_path / "gate.md")
    assert ran.code == 1
    assert "FAIL: streaming_wer, streaming_cost_wer regressed" in ran.out
    assert "REGRESSED" in (tmp_path / "gate.md").read_text()


def test_the_result_as_json(run: Run, runs: tuple[Path, Path]) -> None:
    ran = run("compare", *runs, "--json")
    assert ran.code == 1
    assert ran.json["passed"] is False
    assert ran.json["utterances"][0]["id"] == "a"


def test_a_baseline_keeps_the_tolerances_it_was_made_under(run: Run, runs: tuple[Path, Path], tmp_path: Path) -> None:
    base, new = runs
    kept = tmp_path / "baseline.json"
    allowed = ("--tolerance", "streaming_wer=0.2", "--tolerance", "streaming_cost_wer=0.2")
    assert run("compare", base, base, *allowed, "--save-baseline", kept).code == 0
    assert run("compare", kept, new).code == 0
    assert run("compare", kept, new, "--tolerance", "streaming_wer=0.1").code == 1
    assert kept.read_text().count("\n") == 4, "a head, an utterance a line, and the end"


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("speed=1", "there is no metric 'speed'; wanted one of streaming_wer"),
        ("streaming_wer", "nothing is none; wanted a number from 0, as in streaming_wer=0.01"),
        ("streaming_wer=-1", "-1 is none"),
        ("streaming_wer=nan", "nan is none"),
    ],
)
def test_a_bad_tolerance_gets_one_sentence(run: Run, runs: tuple[Path, Path], option: str, sentence: str) -> None:
    ran = run("compare", *runs, "--tolerance", option)
    assert ran.code == 2
    assert sentence in ran.err


def test_files_that_are_no_runs_get_one_sentence(run: Run, runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    ran = run("compare", runs[0], tmp_path / "x.json")
    assert ran.code == 2
    assert "x.json" in ran.err
    assert run("compare", runs[0], tmp_path / "gone.json").code == 2


def test_a_run_of_cases_against_itself(run: Run, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    assert run("run", "fixtures/cases/booking.toml", "--speed", "max", "--json-file", results).code == 0
    ran = run("compare", results, results, "--json")
    assert ran.code == 0
    assert {metric["metric"] for metric in ran.json["metrics"]} >= {"streaming_cer", "first_final_p95_wall_s"}

"""`dgharness compare`: the gate over files that the other commands wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run


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
    assert "FAIL: streaming_wer, streaming_cer, streaming_cost_wer regressed" in ran.out
    assert "REGRESSED" in (tmp_path / "gate.md").read_text()


def test_no_report_is_written_over_a_run_and_a_baseline_may_be_renewed(run: Run, runs: tuple[Path, Path]) -> None:
    base, new = runs
    before = new.read_bytes()
    ran = run("compare", base, new, "--markdown-file", new)
    assert (ran.code, ran.out) == (2, "")
    assert "bad.jsonl: is read too, and would be lost; wanted another file" in ran.err
    assert new.read_bytes() == before
    both = new.with_name("both")
    assert run("compare", base, new, "--markdown-file", both, "--save-baseline", both).code == 2
    assert run("compare", base, new, "--save-baseline", base).code == 1
    assert run("compare", base, new).code == 0, "it is the new run now"


def test_the_result_as_json(run: Run, runs: tuple[Path, Path]) -> None:
    ran = run("compare", *runs, "--json")
    assert ran.code == 1
    assert ran.json["passed"] is False
    assert ran.json["utterances"][0]["id"] == "a"
    Draft202012Validator(run("report", "--schema", "gate").json).validate(ran.json)


def test_a_baseline_keeps_the_tolerances_it_was_made_under(run: Run, runs: tuple[Path, Path], tmp_path: Path) -> None:
    base, new = runs
    kept = tmp_path / "baseline.json"
    metrics = ("streaming_wer", "streaming_cost_wer", "streaming_cer")
    allowed = [word for metric in metrics for word in ("--tolerance", f"{metric}=0.2")]
    assert run("compare", base, base, *allowed, "--save-baseline", kept).code == 0
    assert run("compare", kept, new).code == 0
    assert run("compare", kept, new, "--tolerance", "streaming_wer=0.1").code == 1
    assert kept.read_text().count("\n") == 4, "a head, an utterance a line, and the end"
    turned = [*allowed[4:], *allowed[:4]]
    assert run("compare", base, base, *turned, "--save-baseline", tmp_path / "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == kept.read_bytes()


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


def test_the_words_that_changed_are_shown(run: Run, runs: tuple[Path, Path]) -> None:
    assert "one two [-three-] {+tree+} four" in run("compare", *runs).out


def test_what_looks_like_a_slip_is_told(run: Run, runs: tuple[Path, Path], tmp_path: Path) -> None:
    base, new = runs
    kept = tmp_path / "baseline.json"
    assert "are the same file" in run("compare", base, base).err
    assert run("compare", base, base, "--save-baseline", kept).err == ""
    assert run("compare", kept, new).err == ""
    assert "were the two swapped?" in run("compare", new, kept).err


@pytest.fixture
def corpus(run: Run, helpers: Helpers, tmp_path: Path) -> Callable[..., Path]:
    """corpus("base", "--normalizer", "none") -> the folder that a rehearsal over two clips leaves."""
    clips = tmp_path / "clips"
    clips.mkdir()
    for number in range(2):
        (clips / f"{number}.wav").write_bytes(wav_bytes(helpers.noise(3.0, seed=number + 1), AudioFormat()))
        (clips / f"{number}.txt").write_text("what was said stands beside the clip")

    def make(name: str, *options: str) -> Path:
        out = tmp_path / name
        assert run("corpus", clips, "--synthetic", "--speed", "max", "--out", out, *options).code == 0
        return out

    return make


def test_corpora_and_a_baseline_of_one(run: Run, corpus: Callable[..., Path], tmp_path: Path) -> None:
    both = ("--normalizer", "basic", "--normalizer", "none")
    base = corpus("base", *both)
    new = corpus("new", *both, "--streaming-error-rate", "0.5")
    ran = run("compare", base, new, "--json")
    assert ran.code == 1
    assert ran.json["normalizers"] == ["basic@1"]
    worse = {metric["metric"] for metric in ran.json["metrics"] if metric["change"] == "regressed"}
    assert {"streaming_wer", "streaming_cer", "streaming_cost_wer"} <= worse
    assert run("compare", base / "rows.jsonl", new, "--normalizer", "none", "--json").json["normalizers"] == ["none@1"]
    kept = tmp_path / "baseline.json"
    assert run("compare", base, base, "--normalizer", "none", "--save-baseline", kept).code == 0
    assert run("compare", kept, base).code == 0
    assert "scored under none@1" in run("compare", kept, new).out


def test_a_corpus_that_is_not_whole_gets_one_sentence(run: Run, corpus: Callable[..., Path]) -> None:
    folder = corpus("base")
    rows = (folder / "rows.jsonl").read_bytes()
    for path in (folder, folder / "rows.jsonl"):
        (folder / "rows.jsonl").write_bytes(rows.splitlines(keepends=True)[0])
        ran = run("compare", path, path)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "a corpus that was interrupted (1 of 2 files)" in ran.err
    (folder / "rows.jsonl").write_bytes(rows[:-20])
    assert "rows.jsonl, line 2: " in run("compare", folder, folder).err
    (folder / "rows.jsonl").unlink()
    assert "interrupted (0 of 2 files)" in run("compare", folder, folder).err
    (folder / "run.json").unlink()
    assert "a folder without run.json" in run("compare", folder, folder).err


def test_normalisers_that_are_not_shared_get_one_sentence(run: Run, corpus: Callable[..., Path]) -> None:
    base = corpus("base", "--normalizer", "basic")
    new = corpus("new", "--normalizer", "none")
    ran = run("compare", base, new)
    assert ran.code == 2
    assert "is scored under basic@1; " in ran.err
    assert "is scored under none@1; wanted one in both" in ran.err
    assert "wanted 'whisper-english' in both" in run("compare", base, base, "--normalizer", "whisper-english").err


def test_a_run_of_cases_against_itself(run: Run, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    assert run("run", "fixtures/cases/booking.toml", "--speed", "max", "--json-file", results).code == 0
    ran = run("compare", results, results, "--json")
    assert ran.code == 0
    assert {metric["metric"] for metric in ran.json["metrics"]} >= {"streaming_cer", "first_final_p95_wall_s"}

"""`dgharness report`: every report from the results of a run that is over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from tests.cli.conftest import Run

CASE = 'audio = "clip.wav"\nreference = "hello world again"\n[stream]\nspeed = "max"\n'


@pytest.fixture
def results(run: Run, tmp_path: Path, clip: Path) -> Path:
    """What `run --json-file` wrote, beside the other reports of the same run."""
    (tmp_path / "good.toml").write_text(CASE)
    wanted = [f"--{kind}-file={tmp_path / f'run.{kind}'}" for kind in ("json", "html", "markdown", "junit")]
    assert run("run", tmp_path / "good.toml", *wanted).code == 0
    return tmp_path / "run.json"


def test_reports_afterwards_are_those_of_the_run(run: Run, results: Path, tmp_path: Path) -> None:
    kinds = ("html", "markdown", "junit")
    ran = run("report", results, *(f"--{kind}-file={tmp_path / f'later.{kind}'}" for kind in kinds))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "PASS: 1 case"
    for kind in kinds:
        assert (tmp_path / f"later.{kind}").read_text() == (tmp_path / f"run.{kind}").read_text()


def test_a_real_run_is_valid_under_the_schema_that_is_printed(run: Run, results: Path) -> None:
    schema = run("report", "--schema").json
    told = json.loads(results.read_text())
    Draft202012Validator(schema).validate(told)
    (case,) = told["cases"]
    assert len(case["timeline"]["peaks"]) == 600
    assert case["timeline"]["spans"]


def test_the_page_of_a_real_run_has_its_time_line_and_alignment(run: Run, results: Path, tmp_path: Path) -> None:
    page = (tmp_path / "run.html").read_text()
    assert '<svg class="timeline"' in page
    assert "streaming against the reference" in page
    (suite,) = ElementTree.parse(tmp_path / "run.junit").getroot()
    assert [case.get("name") for case in suite.findall("testcase")] == ["good"]


def test_plots_are_files_of_both_kinds(run: Run, results: Path, tmp_path: Path) -> None:
    assert run("report", results, "--plots", tmp_path / "plots").code == 0
    assert (tmp_path / "plots" / "wer.png").read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(tmp_path / "plots" / "wer.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("text", "says"), [(None, "cannot be read"), ("{}", "wanted what `run --json-file` writes"), ("[", "wanted what")]
)
def test_what_is_no_result_is_one_sentence(run: Run, tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "r.json"
    if text is not None:
        file.write_text(text)
    ran = run("report", file)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1


def test_no_report_is_written_over_the_results(run: Run, results: Path) -> None:
    before = results.read_bytes()
    ran = run("report", results, "--html-file", results)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"dgharness: {results}: is read too, and would be lost; wanted another file\n"
    assert results.read_bytes() == before


def test_a_folder_that_is_a_file_is_refused_before_anything_is_written(run: Run, results: Path, tmp_path: Path) -> None:
    ran = run("report", results, "--plots", results, "--html-file", tmp_path / "never.html")
    assert ran.code == 2
    assert not (tmp_path / "never.html").exists()

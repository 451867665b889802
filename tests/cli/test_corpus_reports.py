"""Reports of a corpus, written beside it or made from its folder, whatever state that is in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from tests.cli.corpus_rows import SYNTHETIC

if TYPE_CHECKING:
    from tests.cli.conftest import MakeCorpus, Run


def test_a_page_of_the_corpus_is_written_beside_it_and_made_again_from_its_folder(
    run: Run, corpus: MakeCorpus, tmp_path: Path
) -> None:
    folder = corpus(4)
    (folder / "speaker1" / "broken.wav").write_bytes(b"RIFF")
    wanted = [f"--{kind}-file={tmp_path / f'run.{kind}'}" for kind in ("html", "markdown")]
    ran = run("corpus", folder, *SYNTHETIC, "--out", tmp_path / "out", *wanted)
    page = (tmp_path / "run.html").read_text()
    assert "FAIL: of 5 files 1 could not be carried through" in page
    assert page.index(">speaker1/broken</a>") < page.index(">speaker0/clip0</a>"), "what went wrong comes first"
    assert "streaming against the reference, WER" in page
    assert page.count("<figure>") == 2, "differences and WER; delays were not measured"
    again = [f"--{kind}-file={tmp_path / f'later.{kind}'}" for kind in ("html", "markdown")]
    told = run("report", tmp_path / "out", *again, "--plots", tmp_path / "plots")
    assert (told.code, told.out) == (0, ran.out)
    for kind in ("html", "markdown"):
        assert (tmp_path / f"later.{kind}").read_bytes() == (tmp_path / f"run.{kind}").read_bytes()
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [
        f"{name}.{kind}" for name in ("difference", "wer") for kind in ("png", "svg")
    ]
    summary = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run("report", tmp_path / "out", "--json").json == summary
    Draft202012Validator(run("report", "--schema", "corpus").json).validate(summary)
    of_rows = Draft202012Validator(run("report", "--schema", "row").json)
    for line in (tmp_path / "out" / "rows.jsonl").read_text().splitlines():
        of_rows.validate(json.loads(line))


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("run.json", None, "holds no run.json; wanted a folder of `dgharness corpus`"),
        ("run.json", "{}", "run.json: is no run of a corpus"),
        ("rows.jsonl", None, "rows.jsonl: cannot be read (No such file or directory)"),
        ("rows.jsonl", '{"id": 1}\n', "rows.jsonl: line 1 is no row of a corpus"),
        ("run.json", '{"run_id": "\udcff"}', "run.json: is no run of a corpus"),
        ("run.json", '{"settings": {"x": ' + "[" * 100_000, "run.json: is no run of a corpus"),
        ("rows.jsonl", '{"id": "\udcff"}\n', "rows.jsonl: line 1 is no row of a corpus"),
        ("rows.jsonl", '{"x": ' + "[" * 100_000 + "\n", "rows.jsonl: line 1 is no row of a corpus"),
    ],
)
def test_a_folder_that_is_broken_is_one_sentence(
    run: Run, corpus: MakeCorpus, tmp_path: Path, file: str, text: str | None, says: str
) -> None:
    run("corpus", corpus(1), *SYNTHETIC, "--out", tmp_path / "out")
    (tmp_path / "out" / file).unlink()
    if text is not None:
        (tmp_path / "out" / file).write_text(text, encoding="utf-8", errors="surrogateescape")
    ran = run("report", tmp_path / "out", "--html-file", tmp_path / "never.html")
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "never.html").exists()


@pytest.mark.parametrize(
    ("of", "field", "value"),
    [("tally", "deletions", -1), ("tally", "hits", 2**70), ("causes", "unexplained", 10**30), ("row", "finals", 2**70)],
)
def test_a_row_of_impossible_counts_is_one_sentence(
    run: Run, corpus: MakeCorpus, tmp_path: Path, of: str, field: str, value: int
) -> None:
    run("corpus", corpus(1), *SYNTHETIC, "--out", tmp_path / "out")
    path = tmp_path / "out" / "rows.jsonl"
    row: dict[str, Any] = json.loads(path.read_text())
    {"row": row, "causes": row["causes"], "tally": row["scores"][0]["streaming"]}[of][field] = value
    path.write_text(json.dumps(row) + "\n")
    for command in (
        ("report", tmp_path / "out"),
        ("corpus", corpus(1), *SYNTHETIC, "--out", tmp_path / "out", "--resume"),
    ):
        ran = run(*command)
        assert (ran.code, ran.out) == (2, "")
        assert "rows.jsonl: line 1 is no row of a corpus (Expected `int`" in ran.err
        assert len(ran.err.splitlines()) == 1


def test_a_folder_whose_name_is_not_utf_8_names_the_run_all_the_same(
    run: Run, corpus: MakeCorpus, tmp_path: Path
) -> None:
    out = tmp_path / os.fsdecode(b"out\xff")
    try:
        out.mkdir()
    except OSError:
        pytest.skip("this file system has no such names")
    assert (
        run("corpus", corpus(1), "--synthetic", "--speed", "max", "--out", out, "--json").json["run_id"] == r"out\udcff"
    )


@pytest.mark.parametrize("name", ["rows.jsonl", "run.json"])
def test_no_page_is_written_over_the_results(run: Run, corpus: MakeCorpus, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    run("corpus", corpus(1), *SYNTHETIC, "--out", out)
    before = (out / name).read_bytes()
    for command in (("report", out), ("corpus", corpus(1), *SYNTHETIC, "--out", out, "--resume")):
        ran = run(*command, "--html-file", out / name)
        assert (ran.code, ran.out) == (2, "")
        assert f"{name}: is read too, and would be lost; wanted another file" in ran.err
    assert (out / name).read_bytes() == before


def test_a_row_that_is_still_being_written_is_left_out_and_kept(run: Run, corpus: MakeCorpus, tmp_path: Path) -> None:
    run("corpus", corpus(2), *SYNTHETIC, "--out", tmp_path / "out")
    rows = tmp_path / "out" / "rows.jsonl"
    rows.write_bytes(rows.read_bytes() + b'{"id": "hal')
    assert run("report", tmp_path / "out", "--html-file", tmp_path / "page.html").code == 0
    assert "2 utterances: first" in (tmp_path / "page.html").read_text()
    assert rows.read_bytes().endswith(b'{"id": "hal')


def test_junit_has_the_corpus_and_its_files(run: Run, corpus: MakeCorpus, tmp_path: Path) -> None:
    folder = corpus(2)
    (folder / "speaker1" / "broken.wav").write_bytes(b"RIFF")
    run("corpus", folder, *SYNTHETIC, "--out", tmp_path / "out", "--junit-file", tmp_path / "run.xml")
    run("report", tmp_path / "out", "--junit-file", tmp_path / "later.xml")
    assert (tmp_path / "later.xml").read_bytes() == (tmp_path / "run.xml").read_bytes()
    root = ElementTree.parse(tmp_path / "run.xml").getroot()
    assert (root.get("tests"), root.get("errors")) == ("4", "2")
    errors = {case.get("name"): case.find("error") for case in root.iter("testcase")}
    (whole, why), *files = errors.items()
    assert whole is not None
    assert whole.endswith(", run out")
    assert why is not None
    assert (why.get("message") or "").startswith("FAIL: of 3 files 1 could not be carried through")
    assert [name for name, error in files if error is not None] == [files[0][0]] == ["speaker1/broken"]


def test_a_run_that_has_not_ended_is_reported_by_its_rows(run: Run, corpus: MakeCorpus, tmp_path: Path) -> None:
    """`run.json` says nothing of them yet; and a file that was done again has two, of which the later counts."""
    out = tmp_path / "out"
    ended = run("corpus", corpus(3), *SYNTHETIC, "--out", out, "--json").json
    nothing = {"finished": 0, "synthetic": 0, "audio_s": 0.0, "partial": True, "totals": [], "causes": {}}
    (out / "run.json").write_text(json.dumps(ended | nothing))
    (first, *others) = (out / "rows.jsonl").read_text().splitlines()
    failed = json.dumps(json.loads(first) | {"streaming": None, "streaming_failure": "refused"})
    (out / "rows.jsonl").write_text("\n".join([failed, *others, first, ""]))
    assert run("report", out, "--json").json == ended | {"partial": True}
    (out / "rows.jsonl").write_text("\n".join([failed, *others, ""]))
    ran = run("report", out, "--html-file", tmp_path / "page.html")
    assert "PARTIAL: 3 of 3 files done; --resume goes on" in ran.out
    assert "Errors in synthetic replies: made up" in ran.out
    assert "3 utterances: first" in (tmp_path / "page.html").read_text()
    assert run("report", out, "--json").json["failed"] == 1

"""`dgharness score`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from harness.results import ScoreDocument

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


@pytest.fixture
def forty(tmp_path: Path) -> list[str | Path]:
    """Forty utterances of four words; streaming has one of them wrong in each but the first."""
    said = {f"u{number}": "one two three four" for number in range(40)}
    heard = {id_: text if id_ == "u0" else "one two tree four" for id_, text in said.items()}
    for name, texts in {"r": said, "s": heard, "p": said}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(texts))
    names = {"--references": "r.json", "--streaming": "s.json", "--prerecorded": "p.json"}
    return [word for option, name in names.items() for word in (option, tmp_path / name)]


def test_whether_the_difference_is_real(run: Run, forty: list[str | Path]) -> None:
    compared = run("score", *forty, "--json", "--seed", 5).json["comparison"]
    assert (compared["verdict"], compared["utterances"], compared["more"], compared["errors"]) == ("worse", 40, 39, 39)
    assert compared["low"] <= compared["rate"] <= compared["high"]
    assert compared["seed"] == 5
    assert "streaming against pre-recorded: worse" in " ".join(run("score", *forty).out.split())


def test_both_ways_round_the_verdict_turns_round(run: Run, forty: list[str | Path]) -> None:
    swapped = [*forty[:3], forty[5], forty[4], forty[3]]
    assert run("score", *swapped, "--json").json["comparison"]["verdict"] == "better"


def test_too_few_utterances_get_no_verdict(run: Run, sides: list[str | Path]) -> None:
    assert run("score", *sides, "--json").json["comparison"]["verdict"] == "too few utterances"


def test_each_utterance_a_line(run: Run, forty: list[str | Path], tmp_path: Path) -> None:
    assert run("score", *forty, "--utterances-file", tmp_path / "u.jsonl").code == 0
    rows = [json.loads(line) for line in (tmp_path / "u.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [f"u{number}" for number in range(40)]
    assert rows[0]["difference"]["wer"] == 0
    assert rows[1]["difference"] == {
        "errors": 1, "substitutions": 1, "deletions": 0, "insertions": 0, "wer": 0.25, "cer": pytest.approx(1 / 18)
    }  # fmt: skip


@pytest.mark.parametrize("command", [("score",), ("compare", "a", "b")])
def test_too_few_resamples_for_an_interval_are_bad_input(run: Run, command: tuple[str, ...]) -> None:
    ran = run(*command, "--resamples", 99)
    assert ran.code == 2
    assert "'--resamples': 99 is not in the range x>=100" in ran.err


@pytest.mark.parametrize("command", [("score",), ("compare", "a", "b"), ("run", "a"), ("corpus", "a", "--out", "b")])
def test_a_seed_below_0_is_bad_input_for_whatever_draws_an_interval(run: Run, command: tuple[str, ...]) -> None:
    ran = run(*command, "--seed", -1)
    assert ran.code == 2
    assert "-1 is not in the range x>=0" in ran.err


def test_the_lines_have_what_the_gate_shows(run: Run, forty: list[str | Path], tmp_path: Path) -> None:
    assert run("score", *forty, "--utterances-file", tmp_path / "u.jsonl").code == 0
    row = json.loads((tmp_path / "u.jsonl").read_text().splitlines()[1])
    assert len(row["reference"].split()) == len(row["streaming"]["text"].split()) == 4
    assert row["reference"] == row["prerecorded"]["text"] != row["streaming"]["text"]
    assert row["streaming"]["characters"] == {"hits": 17, "substitutions": 0, "deletions": 1, "insertions": 0}


def test_extra_errors_have_causes_as_far_as_text_tells(run: Run, tmp_path: Path) -> None:
    texts = {
        "r": {"a": "twenty one boats", "b": "one mooring rope", "c": "same"},
        "s": {"a": "21 boats", "b": "one morning rope", "c": "same"},
        "p": {"a": "twenty one boats", "b": "one mooring rope", "c": "sane"},
    }
    for name, side in texts.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(side))
    names = {"--references": "r.json", "--streaming": "s.json", "--prerecorded": "p.json"}
    options = [word for option, name in names.items() for word in (option, tmp_path / name)]
    causes = run("score", *options, "--json", "--utterances-file", tmp_path / "u.jsonl").json["causes"]
    assert (causes["extra"], causes["fewer"]) == (3, 1)
    assert {cause: number for cause, number in causes["counts"].items() if number} == {
        "formatting or normaliser": 2,
        "unexplained": 1,
    }
    rows = [json.loads(line) for line in (tmp_path / "u.jsonl").read_text().splitlines()]
    assert [[error["cause"] for error in row["causes"]] for row in rows] == [
        ["formatting or normaliser"] * 2,
        ["unexplained"],
        [],
    ]
    assert "causes of 3 word errors that streaming has" in " ".join(run("score", *options).out.split())


def test_several_normalisers_and_what_they_change(run: Run, tmp_path: Path) -> None:
    for name, text in {"r": "I'm here", "s": "I'm here", "p": "I am here"}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"a": text}))
    names = {"--references": "r.json", "--streaming": "s.json", "--prerecorded": "p.json"}
    sides = [word for option, name in names.items() for word in (option, tmp_path / name)]
    both = ("--normalizer", "basic", "--normalizer", "whisper-english")
    found = run("score", *sides, *both, "--json").json
    assert found["normalizer"] == "basic@1"
    assert found["prerecorded"]["substitutions"] + found["prerecorded"]["insertions"] == 2
    assert [label.split("@")[0] for label in found["by_normalizer"]] == ["basic", "whisper-english"]
    (flip,) = found["flips"]
    assert flip["id"] == "a"
    assert flip["errors"]["basic@1"] == {"streaming": 0, "prerecorded": 2}
    assert "1 utterance whose verdict depends on the normaliser" in run("score", *sides, *both).out


def test_sclite_entities_and_two_references(run: Run, sides: list[str | Path], tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("three\ntwo three\n")
    (tmp_path / "other.tsv").write_text("a\tone two tree four\n")
    options = ("--sclite", "--entities", tmp_path / "list.txt", "--references", tmp_path / "other.tsv")
    found = run("score", *sides, *options, "--json").json
    assert found["sclite"]["streaming"] == {"substitutions": 1, "deletions": 0, "insertions": 0}
    assert found["entities"]["streaming"][0] == {
        "phrase": "three", "occurrences": 1, "hits": 0, "missed": 1, "false_alarms": 0, "rate": 1.0
    }  # fmt: skip
    band = found["reference_band"]
    assert band["references_wer"] == 0.25
    assert (band["streaming"]["lowest"], band["streaming"]["highest"]) == (0.0, 0.25)
    out = " ".join(run("score", *sides, *options).out.split())
    assert "as sclite splits them, streaming: 1 substitution, 0 deletions, 0 insertions" in out
    assert "entities, streaming: 2 of 2 missed, 0 false alarms" in out
    assert "entities, pre-recorded: 0 of 2 missed" in out
    assert "WER between the two references, over 1 id: streaming 0.00 % to 25.00 %" in out


def test_what_it_writes_is_of_the_published_layouts(run: Run, sides: list[str | Path], tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("three\n")
    asked = (
        "--sclite",
        "--entities",
        tmp_path / "list.txt",
        *sides[:2],
        "--normalizer",
        "basic",
        "--normalizer",
        "none",
    )
    found = run("score", *sides, *asked, "--utterances-file", tmp_path / "u.jsonl", "--json").json
    line = json.loads((tmp_path / "u.jsonl").read_text())
    assert set(found) == set(ScoreDocument.__struct_fields__)
    for name, written in {"score": found, "utterance": line}.items():
        Draft202012Validator(json.loads(run("report", "--schema", name).out)).validate(written)


def test_what_was_not_asked_for_is_left_out(run: Run, sides: list[str | Path]) -> None:
    found = run("score", *sides, "--json").json
    left_out = {"by_normalizer", "flips", "sclite", "entities", "reference_band"}
    assert set(ScoreDocument.__struct_fields__) - set(found) == left_out


def test_alternatives_in_references(run: Run, sides: list[str | Path], tmp_path: Path) -> None:
    (tmp_path / "r.tsv").write_text("a\tone two {three / tree} four\n")
    found = run("score", *sides, "--alternates", "--json").json
    assert (found["streaming"]["wer"], found["prerecorded"]["wer"]) == (0.0, 0.0)
    assert (found["causes"]["extra"], found["causes"]["fewer"]) == (0, 0)
    (tmp_path / "r.tsv").write_text("a\tone {two\n")
    ran = run("score", *sides, "--alternates")
    assert ran.code == 2
    assert "id a" in ran.err


@pytest.mark.parametrize(("option", "file"), [("--entities", "gone.txt"), ("--references", "gone.tsv")])
def test_a_file_that_is_not_there_gets_one_sentence(run: Run, sides: list[str | Path], option: str, file: str) -> None:
    ran = run("score", *sides, option, file)
    assert ran.code == 2
    assert f"{file}: cannot be read" in ran.err


def test_a_page_and_markdown_for_people(run: Run, forty: list[str | Path], tmp_path: Path) -> None:
    files = {kind: tmp_path / f"scores.{kind}" for kind in ("html", "markdown")}
    ran = run(
        "score", *forty, "--normalizer", "basic", "--normalizer", "none", *(f"--{k}-file={files[k]}" for k in files)
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "streaming is worse than pre-recorded: 40 utterances"
    assert ran.out.index("under basic@1") < ran.out.index("under none@1")
    page = files["html"].read_text()
    assert "<del>three</del> <ins>tree</ins>" in page
    assert "40 utterances: first those" in page
    assert page.index(">u1</a>") < page.index(">u0</a>"), "the one without an error comes last"
    assert "### The 20 worst of 40" in files["markdown"].read_text()


def test_an_utterance_that_depends_on_the_normaliser_is_marked(run: Run, tmp_path: Path) -> None:
    for name, text in {"r": "it is ten", "s": "It is ten.", "p": "it is ten"}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"a": text}))
    names = {"--references": "r.json", "--streaming": "s.json", "--prerecorded": "p.json"}
    sides = [word for option, name in names.items() for word in (option, tmp_path / name)]
    page = tmp_path / "page.html"
    run("score", *sides, "--normalizer", "basic", "--normalizer", "none", "--html-file", page)
    assert "depends on the normaliser</td>" in page.read_text()
    assert "errors of streaming and pre-recorded under basic@1 0:0, none@1 2:0" in page.read_text()


def test_a_page_that_cannot_be_written_is_known_before_the_work(
    run: Run, forty: list[str | Path], tmp_path: Path
) -> None:
    ran = run("score", *forty, "--html-file", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "is a folder; wanted a file" in ran.err


def test_an_id_that_one_side_lacks_may_stay_in_n_as_an_empty_text(run: Run, sides: list[str | Path]) -> None:
    left_out = run("score", *sides, "--json").json
    assert (left_out["scored"], left_out["unscored"]) == (1, {"only in streaming": 1, "missing in streaming": 1})
    kept = run("score", *sides, "--missing-as-empty", "--json").json
    assert (kept["scored"], kept["unscored"]) == (2, {"only in streaming": 1})
    assert (kept["streaming"]["deletions"], kept["prerecorded"]["deletions"]) == (1, 0)


@pytest.fixture
def twice(tmp_path: Path) -> Callable[[str, str], list[str | Path]]:
    """twice(first, second) -> options with these two references, JSON, of ids that both sides heard in part."""

    def options(first: str, second: str) -> list[str | Path]:
        texts = {"a": first, "b": second, "s": '{"1": "one", "2": "two"}', "p": '{"1": "one", "2": "two"}'}
        for name, text in texts.items():
            (tmp_path / f"{name}.json").write_text(text)
        names = {"--references": "a", "--streaming": "s", "--prerecorded": "p"}
        words = [word for option, name in names.items() for word in (option, tmp_path / f"{name}.json")]
        return [*words, "--references", tmp_path / "b.json"]

    return options


def test_a_band_is_over_what_both_references_have(run: Run, twice: Callable[[str, str], list[str | Path]]) -> None:
    """Were it not, two references that say the same would seem to disagree."""
    band = run("score", *twice('{"1": "one", "2": "too"}', '{"1": "one"}'), "--json").json["reference_band"]
    assert (band["scored"], band["references_errors"]) == (1, 0)
    assert band["streaming"] == {"wer": [0.0, 0.0], "lowest": 0.0, "highest": 0.0}


def test_references_with_nothing_in_common_have_no_band(
    run: Run, twice: Callable[[str, str], list[str | Path]]
) -> None:
    ran = run("score", *twice('{"1": "one"}', '{"2": "two"}'))
    assert (ran.code, ran.out) == (2, "")
    assert "the second --references has none of the ids that are scored against the first" in ran.err


def test_references_with_alternatives_are_not_held_against_each_other(
    run: Run, twice: Callable[[str, str], list[str | Path]]
) -> None:
    options = twice('{"1": "{one / won}"}', '{"1": "{won / one}"}')
    band = run("score", *options, "--alternates", "--json").json["reference_band"]
    assert (band["references_wer"], band["streaming"]["highest"]) == (None, 0.0)


@pytest.mark.parametrize("option", ["--html-file", "--markdown-file", "--utterances-file"])
@pytest.mark.parametrize("name", ["r.tsv", "s.json", "p.tsv.gz", "link"])
def test_no_report_is_written_over_what_it_is_made_of(
    run: Run, sides: list[str | Path], tmp_path: Path, option: str, name: str
) -> None:
    (tmp_path / "link").symlink_to("s.json")
    before = (tmp_path / name).read_bytes()
    ran = run("score", *sides, option, tmp_path / name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"dgharness: {tmp_path / name}: is read too, and would be lost; wanted another file\n"
    assert (tmp_path / name).read_bytes() == before


def test_two_reports_are_two_files(run: Run, sides: list[str | Path], tmp_path: Path) -> None:
    page = tmp_path / "page"
    ran = run("score", *sides, "--html-file", page, "--utterances-file", page)
    assert ran.code == 2
    assert "page: is written too, and would be lost; wanted another file" in ran.err
    assert run("score", *sides, "--html-file", "/dev/null", "--markdown-file", "/dev/null").code == 0


@pytest.mark.parametrize("length", [253, 300], ids=["with its ending", "as it is"])
def test_a_name_that_is_too_long_is_one_sentence(
    run: Run, sides: list[str | Path], tmp_path: Path, length: int
) -> None:
    ran = run("score", *sides, "--utterances-file", tmp_path / ("n" * length))
    assert (ran.code, ran.out) == (2, "")
    assert "n: cannot be written (File name too long)" in ran.err
    assert len(ran.err.splitlines()) == 1

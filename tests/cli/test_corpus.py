"""`dgharness corpus`: the same rows whoever does the work; nothing that is done is done again, whatever happened."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import msgspec
import pytest
from jsonschema import Draft202012Validator

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat
from harness.corpus import cluster
from harness.corpus.rows import Row, without_times
from harness.results.causes import counted

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run, Spawn, StartServer, Terminal

MakeCorpus = Callable[..., Path]
SYNTHETIC = ("--synthetic", "--streaming-error-rate", 0.3, "--prerecorded-error-rate", 0.1, "--speed", "max")
TEXTS = ("hello world this is a test", "one two three four", "what was said stands beside the clip")


@pytest.fixture
def corpus(tmp_path: Path, helpers: Helpers) -> MakeCorpus:
    """corpus(6) -> a folder with as many clips of `duration_audio_s`, and what was said beside them."""

    def make(count: int, duration_audio_s: float = 0.6) -> Path:
        folder = tmp_path / "clips"
        for number in range(count):
            place = folder / f"speaker{number % 2}"
            place.mkdir(parents=True, exist_ok=True)
            data = wav_bytes(helpers.noise(duration_audio_s, seed=number + 1), AudioFormat())
            (place / f"clip{number}.wav").write_bytes(data)
            (place / f"clip{number}.txt").write_text(TEXTS[number % 3])
        return folder

    return make


def rows_in(folder: Path) -> list[Row]:
    return [msgspec.json.decode(line, type=Row) for line in (folder / "rows.jsonl").read_bytes().splitlines()]


def the_same(folder: Path) -> list[bytes]:
    """Every row but for its times, as bytes."""
    return [msgspec.json.encode(without_times(row)) for row in rows_in(folder)]


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def lines(folder: Path) -> int:
    path = folder / "rows.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_every_file_has_a_row_and_the_totals_are_theirs(run: Run, corpus: MakeCorpus, tmp_path: Path) -> None:
    out = tmp_path / "runs" / "first"
    ran = run("corpus", corpus(4), *SYNTHETIC, "--normalizer", "basic", "--normalizer", "none", "--out", out)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "PASS: 4 files"
    assert ran.out.count("Errors in synthetic replies: made up, nothing was recognised") == 2
    rows = rows_in(out)
    assert [row.id for row in rows] == ["speaker0/clip0", "speaker0/clip2", "speaker1/clip1", "speaker1/clip3"]
    assert all(row.synthetic and row.sha256 and row.audio_s == 0.6 for row in rows)
    written: dict[str, Any] = json.loads((out / "run.json").read_text())
    assert (written["finished"], written["synthetic"], written["partial"]) == (4, 4, False)
    for place, total in enumerate(written["totals"]):
        for side in ("streaming", "prerecorded"):
            added = [getattr(row.scores[place], side).counts.errors for row in rows]
            words = total[side]["words"]
            assert words["substitutions"] + words["deletions"] + words["insertions"] == sum(added)
    assert run("corpus", corpus(4), *SYNTHETIC, "--resume", "--out", out, "--json").json == written | {
        "totals": written["totals"][:1]
    }


def test_a_row_says_why_streaming_is_worse_and_how_late_its_words_came(
    run: Run, corpus: MakeCorpus, tmp_path: Path
) -> None:
    wrong = ("--synthetic", "--speed", 1, "--streaming-error-rate", 0.9)
    page = tmp_path / "page.html"
    ran = run("corpus", corpus(1), *wrong, "--normalizer", "basic", "--out", tmp_path / "out", "--html-file", page)
    (row,) = rows_in(tmp_path / "out")
    assert row.causes is not None
    assert 0 < sum(row.causes.values()) <= row.scores[0].streaming.counts.errors
    assert counted(error.cause for error in row.extra_errors) == row.causes
    assert row.word_shown_p50_wall_s is not None
    assert row.word_final_p50_wall_s is not None
    assert row.word_shown_p50_wall_s <= row.word_final_p50_wall_s
    assert "that streaming has and pre-recorded has not" in ran.out
    assert "How late words come" in ran.out
    assert "What only streaming has wrong, and why" in page.read_text()
    assert f"<li>{row.extra_errors[0].cause.value}: " in page.read_text()


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


def test_parts_of_one_file_are_files_of_their_own(run: Run, helpers: Helpers, tmp_path: Path) -> None:
    """As NeMo's manifests name them: each part is streamed, and posted, alone."""
    (tmp_path / "talk.wav").write_bytes(wav_bytes(helpers.noise(8.0, seed=1), AudioFormat()))
    parts: list[dict[str, Any]] = [
        {"offset": 0, "duration": 3, "text": TEXTS[0]},
        {"offset": 3, "text": TEXTS[1]},
        {"offset": 8.5},
    ]
    manifest = tmp_path / "m.jsonl"

    def put() -> None:
        lines = (json.dumps({"audio_filepath": "talk.wav", "text": "x"} | part) for part in parts)
        manifest.write_text("\n".join(lines))

    put()
    ran = run("corpus", manifest, "--synthetic", "--speed", "max", "--out", tmp_path / "out")
    assert ran.code == 2
    first, second, beyond = rows_in(tmp_path / "out")
    assert [(row.id, row.audio_s, row.streaming, row.prerecorded) for row in (first, second)] == [
        ("talk@0+3", 3.0, TEXTS[0], TEXTS[0]),
        ("talk@3", 5.0, TEXTS[1], TEXTS[1]),
    ]
    says = "talk.wav: plays 8 s, and nothing of it is in segment 8.5; wanted one that begins before the end"
    assert says in (beyond.streaming_failure or "")
    again = run("corpus", manifest, "--synthetic", "--speed", "max", "--out", tmp_path / "out", "--resume")
    assert "3 of 3 files are done already" in again.err
    parts[0] |= {"duration": 3.5, "id": "talk@0+3"}
    put()
    again = run("corpus", manifest, "--synthetic", "--speed", "max", "--out", tmp_path / "out", "--resume")
    assert "2 of 3 files are done already" in again.err, "another part is other audio, whatever it is called"
    assert rows_in(tmp_path / "out")[0].audio_s == 3.5


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


def test_the_rows_are_the_same_whoever_did_the_work(run: Run, corpus: MakeCorpus, tmp_path: Path) -> None:
    folder = corpus(6)
    (folder / "speaker1" / "broken.wav").write_bytes(b"RIFF")
    (folder / "speaker1" / "broken.txt").write_text("a file that is no audio")
    crews = {"inline": (), "streams": ("--streams", 3), "processes": ("--workers", 2, "--streams", 2)}
    crews["dask"] = ("--workers", 2, "--cluster", "local")
    for name, crew in crews.items():
        ran = run("corpus", folder, *SYNTHETIC, *crew, "--out", tmp_path / name)
        assert ran.code == 2, ran.err
        assert ran.out.splitlines()[-1].startswith("FAIL: of 7 files 1 could not be carried through")
    rows = the_same(tmp_path / "inline")
    assert len(rows) == 7
    assert [the_same(tmp_path / name) for name in crews] == [rows] * 4


def test_a_terminal_shows_how_many_are_done_and_the_time_that_is_left(
    run: Run, corpus: MakeCorpus, tmp_path: Path, terminal: Terminal
) -> None:
    screen = terminal(100)
    folder = corpus(3)
    (folder / "speaker0" / "clip0.wav").write_bytes(b"")
    run("corpus", folder, *SYNTHETIC, "--out", tmp_path / "out")
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    assert "files 1 failed" in shown
    assert "3/3" in shown
    assert "0:00:00" in shown


def test_a_file_that_fails_stays_in_n_and_stops_no_other(run: Run, corpus: MakeCorpus, tmp_path: Path) -> None:
    folder = corpus(1, 1.0)
    manifest = tmp_path / "m.tsv"
    here = folder / "speaker0" / "clip0.wav"
    manifest.write_text(f"id\taudio\ttext\ngone\tgone.wav\tfive words that nobody heard\nhere\t{here}\thello world\n")
    ran = run("corpus", manifest, "--synthetic", "--speed", "max", "--out", tmp_path / "out", "--json")
    assert (ran.code, ran.json["failed"], ran.json["totals"][0]["utterances"]) == (2, 1, 2)
    assert ran.json["totals"][0]["streaming"]["words"]["deletions"] == 5
    gone, heard = rows_in(tmp_path / "out")
    assert gone.streaming_failure == gone.prerecorded_failure == f"{tmp_path / 'gone.wav'}: there is no such file"
    assert heard.streaming == "hello world"


def test_a_refusal_of_a_mock_is_the_same_on_every_port(run: Run, corpus: MakeCorpus, tmp_path: Path) -> None:
    ran = run("corpus", corpus(1), *SYNTHETIC, "-o", "model=nobodys", "--out", tmp_path / "out")
    assert ran.code == 2
    (row,) = rows_in(tmp_path / "out")
    assert row.streaming_failure is not None
    assert row.streaming_failure.startswith("the mock: refused with HTTP 400")
    assert "127.0.0.1" not in str(row)


def test_a_killed_run_goes_on_and_does_nothing_twice(
    run: Run, spawn: Spawn, mock: StartServer, corpus: MakeCorpus, tmp_path: Path, helpers: Helpers
) -> None:
    server, out = mock(), tmp_path / "out"
    arguments = ("corpus", corpus(8, 1.0), "--url", f"ws://127.0.0.1:{server.port}", "--speed", 2, "--out", out)
    process = spawn(*arguments, "--workers", 2)
    helpers.wait_for(lambda: lines(out) >= 3)
    workers = children_of(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.wait()
    helpers.wait_for(lambda: not any(Path("/proc", worker).exists() for worker in workers))
    helpers.wait_for(lambda: not server.connections)
    done, before = lines(out), len(server.sessions)
    assert 3 <= done < 8
    with (out / "rows.jsonl").open("ab") as file:
        file.write(b'{"id":"speaker1/clip7","audio":"torn')
    ran = run(*arguments, "--resume", "--streams", 4, "--json")  # not its exit code: see the next test
    assert (ran.json["finished"], ran.json["failed"], ran.json["partial"]) == (8, 0, False)
    assert ran.err == f"note: {done} of 8 files are done already\n"
    assert len(server.sessions) - before == 8 - done
    assert len({row.id for row in rows_in(out)}) == len(rows_in(out)) == 8


@pytest.mark.parametrize(
    "crew", [(), ("--workers", 2), ("--workers", 2, "--cluster", "local")], ids=["inline", "processes", "dask"]
)
def test_ctrl_c_keeps_what_is_done_and_resume_does_the_rest(
    run: Run,
    spawn: Spawn,
    mock: StartServer,
    corpus: MakeCorpus,
    tmp_path: Path,
    helpers: Helpers,
    crew: tuple[object, ...],
) -> None:
    server, out = mock(), tmp_path / "out"
    arguments = ("corpus", corpus(6, 1.0), "--url", f"ws://127.0.0.1:{server.port}", "--speed", 2, "--out", out)
    process = spawn(*arguments, *crew, start_new_session=True)
    helpers.wait_for(lambda: lines(out) >= 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to the workers too
    said, err = process.communicate(timeout=20)
    done, before = lines(out), len(server.sessions)
    assert process.returncode == 2
    assert err == f"dgharness: interrupted; {done} of 6 files are done, and --resume does the others\n"
    assert said.splitlines()[-1] == f"PARTIAL: {done} of 6 files done; --resume goes on"
    # Not its exit code: four streams in the process of the tests may be paced badly on a busy machine, and that tells.
    resumed = run(*arguments, "--resume", "--streams", 4, "--json").json
    assert (resumed["finished"], resumed["failed"], resumed["partial"]) == (6, 0, False)
    assert len(server.sessions) - before == 6 - done
    assert len(rows_in(out)) == 6


def test_other_normalisers_need_no_new_session(run: Run, mock: StartServer, corpus: MakeCorpus, tmp_path: Path) -> None:
    server, out = mock(), tmp_path / "out"
    arguments = ("corpus", corpus(2), "--url", f"ws://127.0.0.1:{server.port}", "--speed", "max", "--out", out)
    run(*arguments)
    ran = run(*arguments, "--resume", "--normalizer", "none", "--json")
    assert [total["normalizer"] for total in ran.json["totals"]] == ["none@1"]
    assert len(server.sessions) == 2


def test_failures_are_tried_again_when_asked(run: Run, mock: StartServer, corpus: MakeCorpus, tmp_path: Path) -> None:
    folder, out = corpus(2), tmp_path / "out"

    def ran(*more: object) -> int:
        return run("corpus", folder, "--synthetic", "--speed", "max", "--out", out, *more).code

    (folder / "speaker0" / "clip0.txt").unlink()
    assert ran() == 2, "synthetic answers need a reference"
    (folder / "speaker0" / "clip0.txt").write_text("now it has one")
    assert ran("--resume", "--retry-failed") == 0
    assert [row.failed for row in rows_in(out)] == [False, False]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((), "{out}: holds results already; wanted --resume to go on with them, or another folder"),
        (("--resume", "--seed", 5), "{out}: seed is 5 now and was 0; wanted the same settings, or another folder"),
        (
            ("--resume", "--only"),
            "{out}: 1 of its rows, such as that of 'speaker1/clip1', are of no file that is named now; "
            "wanted the same corpus, or another folder",
        ),
    ],
)
def test_results_do_not_mix(
    run: Run, corpus: MakeCorpus, tmp_path: Path, given: tuple[object, ...], sentence: str
) -> None:
    folder, out = corpus(2), tmp_path / "out"
    run("corpus", folder, *SYNTHETIC, "--out", out)
    before = (out / "rows.jsonl").read_bytes()
    if "--only" in given:
        (folder / "speaker1" / "clip1.wav").unlink()
    ran = run("corpus", folder, *SYNTHETIC, "--out", out, *(each for each in given if each != "--only"))
    assert (ran.code, ran.err) == (2, f"dgharness: {sentence.format(out=out)}\n")
    assert (out / "rows.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((), "who is to answer? nobody is named; wanted one of --url, --engine and --synthetic"),
        (("--synthetic", "--url", "ws://h"), "who is to answer? --url and --synthetic are given; wanted one of "),
        (("--synthetic", "--speed", "0"), "speed is '0'; wanted a number above 0"),
        (("--synthetic", "--normalizer", "mine"), "there is no normaliser named 'mine'"),
        (("--synthetic", "-o", "channels=x"), "option channels=x: Deepgram would refuse this"),
        (("--synthetic", "--references", "gone.tsv"), "gone.tsv: cannot be read (No such file or directory)"),
        (
            ("--synthetic", "--cluster", "tcp://127.0.0.1:1", "--workers", "2"),
            "--workers: workers and their threads are ",
        ),
        (
            ("--synthetic", "--cluster", "tcp://127.0.0.1:1", "--streams", "2"),
            "--streams: workers and their threads are ",
        ),
        (
            ("--synthetic", "--cluster", "10.0.0.1:8786"),
            "--cluster 10.0.0.1:8786: is no address of a scheduler; wanted ",
        ),
    ],
)
def test_bad_input_is_said_before_anything_is_begun(
    run: Run, corpus: MakeCorpus, tmp_path: Path, given: tuple[object, ...], sentence: str
) -> None:
    ran = run("corpus", corpus(1), *given, "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith(f"dgharness: {sentence}")
    assert not (tmp_path / "out").exists()


def test_a_scheduler_that_is_not_there(
    run: Run, corpus: MakeCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 0.3)
    ran = run("corpus", corpus(1), *SYNTHETIC, "--cluster", "tcp://127.0.0.1:1", "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith("dgharness: --cluster tcp://127.0.0.1:1: no scheduler is there")


def test_an_engine_that_is_not_installed_is_said_once(
    run: Run, corpus: MakeCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mock_server.engines import table

    def missing() -> Any:
        raise ImportError("no module", name="faster_whisper")

    monkeypatch.setitem(table._LOADERS, "whisper", missing)
    ran = run("corpus", corpus(2), "--engine", "whisper", "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith("dgharness: the engine whisper needs the package faster_whisper: pip install ")

"""`dgharness corpus`: the rows of its files, and the same ones whoever does the work."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat
from harness.corpus.rows import without_times
from harness.results.causes import counted
from tests.cli.corpus_rows import SYNTHETIC, TEXTS, rows_in

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, MakeCorpus, Run, Terminal


def the_same(folder: Path) -> list[bytes]:
    """Every row but for its times, as bytes."""
    return [msgspec.json.encode(without_times(row)) for row in rows_in(folder)]


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


@pytest.mark.parametrize("text", ["", "hello there"])
def test_a_silent_file_is_rehearsed_like_any_other(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "silent.wav").write_bytes(wav_bytes(np.zeros((48_000, 1), np.float32), AudioFormat()))
    (tmp_path / "silent.txt").write_text(text)
    ran = run("corpus", tmp_path / "silent.wav", "--synthetic", "--speed", "max", "--out", tmp_path / "out")
    (row,) = rows_in(tmp_path / "out")
    assert (ran.code, row.streaming, row.prerecorded) == (0, text, text)


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

"""`dgharness corpus --resume`: nothing that is done is done again, whatever happened."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.corpus_rows import rows_in

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, MakeCorpus, Run, Spawn, StartServer


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def lines(folder: Path) -> int:
    path = folder / "rows.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


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

"""What `dgharness corpus` refuses, in a sentence, before anything is begun."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.corpus import cluster
from tests.cli.corpus_rows import SYNTHETIC

if TYPE_CHECKING:
    from tests.cli.conftest import MakeCorpus, Run


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
        *(
            (
                ("--synthetic", "--cluster", address),
                f"--cluster {address}: is no address of a scheduler; wanted tcp://HOST:PORT, tls://HOST:PORT, or local",
            )
            for address in (
                "10.0.0.1:8786",
                "tcp://10.0.0.1",
                "tcp://:8786",
                "at tcp://10.0.0.1:8786",
                "tcp://10.0.0.1:8786/",
                "tcp://10.0.0.1:http",
                "tls://127.0.0.1:65536",
                "Local",
            )
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


def test_a_scheduler_over_tls_without_certificates(run: Run, corpus: MakeCorpus, tmp_path: Path) -> None:
    ran = run("corpus", corpus(1), *SYNTHETIC, "--cluster", "tls://127.0.0.1:1", "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith(
        "dgharness: --cluster tls://127.0.0.1:1: Dask's configuration has no distributed.comm.tls"
    )
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://127.0.0.1:1", ""),
        ("tcp://::1:8786", "invalid address"),
        ("tcp://scheduler..elsewhere:8786", "encoding with 'idna' codec failed"),
    ],
)
def test_a_scheduler_that_is_not_there(
    run: Run, corpus: MakeCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 0.3)
    ran = run("corpus", corpus(1), *SYNTHETIC, "--cluster", address, "--out", tmp_path / "out")
    gc.collect()  # a client of Dask that was left open complains here, which fails the test
    assert ran.code == 2
    assert ran.err.startswith(f"dgharness: --cluster {address}: no scheduler is there ({why}")


def test_a_run_that_did_no_file_is_begun_anew(
    run: Run, corpus: MakeCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 0.3)
    arguments = ("corpus", corpus(1), *SYNTHETIC, "--out", tmp_path / "out")
    assert run(*arguments, "--seed", 1, "--cluster", "tcp://127.0.0.1:1").code == 2
    assert run(*arguments).code == 0


def test_an_engine_that_is_not_installed_is_said_once(
    run: Run, corpus: MakeCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mock_server.engines import table

    def missing(threads: int) -> Any:
        raise ImportError("no module", name="faster_whisper")

    monkeypatch.setitem(table._LOADERS, "whisper", missing)
    ran = run("corpus", corpus(2), "--engine", "whisper", "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith("dgharness: the engine whisper needs the package faster_whisper: pip install ")

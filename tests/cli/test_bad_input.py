"""Everything a user can get wrong: one sentence on stderr, exit code 2, nothing on stdout, no traceback."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run, Spawn

HEADER_BYTES = 44
NOWHERE = "ws://127.0.0.1:1"


@pytest.fixture
def files(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory with one file for each mistake."""
    whole = clip.read_bytes()
    for name, data in {
        "empty.wav": b"",
        "text.wav": b"these are words, not audio",
        "cut.wav": whole[:20],
        "header.wav": whole[:HEADER_BYTES],
        "one.raw": b"\1",
        "broken.jsonl": b'{"entry": "hea',
        "broken.json": b'{"results": ',
        "broken.toml": b"audio = ",
        "words.txt": b"",
        "latin.txt": b"caf\xe9",
    }.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", ["stream", "transcribe"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.wav", "missing.wav: cannot be read (No such file or directory)"),
        ("folder", "folder: cannot be read (Is a directory)"),
        ("empty.wav", "empty.wav: is empty; wanted audio"),
        ("text.wav", "text.wav: is no audio file known here"),
        ("cut.wav", "cut.wav: the WAV header is cut short"),
        ("header.wav", "header.wav: holds no audio samples"),
        ("http://127.0.0.1:1/x.wav?sig=SECRET", "http://127.0.0.1:1/x.wav: cannot be fetched"),
        ("http://[oops", "the audio's URL cannot be read (Invalid IPv6 URL)"),
    ],
)
def test_audio_that_cannot_be_used(run: Run, files: Path, command: str, name: str, sentence: str) -> None:
    assert sentence in run(command, name, "--url", NOWHERE).complaint


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--speed", "banana"], "speed is 'banana'; wanted a number above 0"),
        (["--speed", "-1"], "speed is '-1'"),
        (["--chunk-ms", "5"], "chunk_ms is 5; wanted 20 to 250"),
        (["--chunk-ms", "nan"], "'nan' is not a number of milliseconds above 0"),
        (["--chunk-ms", "wide"], "'wide' is not a number of milliseconds above 0"),
        (["--keep-alive-s", "0"], "'0' is not a number of seconds above 0"),
        (["--drain-timeout-s", "inf"], "'inf' is not a number of seconds above 0"),
        (["--encoding", "opus"], "--encoding 'opus': wanted one of linear16, linear32, mulaw, alaw"),
        (["--sample-rate", "0"], "sample_rate is 0; wanted a whole number from 1000 to 384000"),
        (["--channels", "0"], "channels is 0; wanted a whole number from 1 to 64"),
        (["-o", "model"], "-o 'model': wanted NAME=VALUE"),
        (["-o", "=x"], "-o '=x': wanted NAME=VALUE"),
        (["-o", "endpointing=soon"], "option endpointing=soon: Deepgram would refuse this: Invalid query string."),
        (["-o", "model=a", "-o", "model=b"], "options: Deepgram would refuse this"),
        (["-o", "sample_rate=8000"], "-o sample_rate=8000: the format is declared with --sample-rate 8000"),
        (["--url", "gopher://x"], "url is 'gopher://x'; wanted ws://HOST:PORT"),
        (["--url", ""], "url is ''"),
        (["--key", "two words"], "--key: holds a blank or a character that cannot stand in an HTTP header"),
        (["--record", "folder"], "folder: is a folder; wanted a file"),
        (["--record", "clip.wav"], "--record clip.wav: is the audio itself, which it would overwrite"),
        (["--log-level", "loud"], "'loud' is not one of 'debug', 'info', 'warning', 'error'"),
    ],
)
def test_options_of_stream_that_cannot_be_used(run: Run, files: Path, options: list[str], sentence: str) -> None:
    assert sentence in run("stream", "clip.wav", *options).complaint


def test_raw_audio_of_less_than_a_frame(run: Run, files: Path) -> None:
    complaint = run("stream", "one.raw", "--url", NOWHERE).complaint
    assert "one.raw: has 1 bytes, not one frame of linear16 16000 Hz" in complaint


@pytest.mark.parametrize("command", ["stream", "transcribe"])
def test_a_server_that_is_not_there(run: Run, files: Path, command: str) -> None:
    complaint = run(command, "clip.wav", "--url", NOWHERE).complaint
    assert "127.0.0.1:1: cannot be reached" in complaint
    assert complaint.endswith("; is `dgharness serve` running?\n")


def test_a_recording_that_cannot_even_be_begun(spawn: Spawn, files: Path) -> None:
    process = spawn("stream", files / "clip.wav", "--record", "/dev/full", "--url", NOWHERE)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert err == "dgharness: /dev/full: cannot be written (No space left on device)\n"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "nothing to answer with: name --say TEXT, --recording PATH, --case PATH, --engine NAME or"),
        (["--say", " "], "--say: the text is empty"),
        (["--say", "@nowhere.txt"], "nowhere.txt: cannot be read"),
        (["--say", "@words.txt"], "words.txt: the file is empty"),
        (["--say", "@latin.txt"], "latin.txt: not UTF-8 text"),
        (["--recording", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
        (["--recording", "broken.jsonl"], "broken.jsonl, line 1: "),
        (["--recording", "broken.json"], "broken.json: no response of POST /v1/listen"),
        (["--recording", "folder"], "folder: no recordings"),
        (["--recording", "clip.wav"], "clip.wav: neither a recording (.jsonl) nor a response (.json)"),
        (["--case", "broken.toml"], "broken.toml: not TOML"),
        (["--case", "folder"], "folder: no cases (*.toml) in this folder"),
        (["--say", "x", "--host", ""], "--host: is empty"),
        (["--say", "x", "--host", "nowhere.invalid"], "cannot listen on nowhere.invalid port 0"),
        (["--say", "x", "--url-file", "clip.wav"], "--url-file 'clip.wav': wanted URL=FILE"),
        (["--say", "x", "--url-file", "http://x=gone"], "--url-file 'http://x=gone': wanted URL=FILE"),
        (["--say", "x", "--keyfile", "clip.wav"], "--keyfile clip.wav: belongs to a certificate"),
        (["--say", "x", "--certfile", "clip.wav"], "clip.wav: no usable certificate and key"),
        (["--say", "x", "--record-dir", "clip.wav/below"], "clip.wav/below: cannot be made a folder"),
        (["--say", "x", "--idle-timeout-s", "-1"], "'-1' is not a number of seconds above 0"),
        (["--say", "x", "--lag-scale", "-1"], "'-1' is not a number of 0 or more"),
    ],
)
def test_options_of_serve_that_cannot_be_used(run: Run, files: Path, options: list[str], sentence: str) -> None:
    assert sentence in run("serve", "--port", 0, *options).complaint


def test_a_port_that_is_taken(run: Run, files: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        complaint = run("serve", "--say", "x", "--port", port).complaint
    assert f"cannot listen on 127.0.0.1 port {port}" in complaint


def test_two_sources_of_one_name(run: Run, files: Path) -> None:
    (files / "a").mkdir()
    (files / "b").mkdir()
    for folder in ("a", "b"):
        (files / folder / "same.toml").write_text('audio = "../clip.wav"\nreference = "x"\n')
    assert "2 recordings or cases are named 'same'" in run("serve", "--port", 0, "--case", "a", "--case", "b").complaint


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.toml"], "nowhere.toml: cannot be read"),
        (["broken.toml"], "broken.toml: not TOML"),
        (["folder"], "folder: no cases"),
        (["good.toml", "--speed", "banana"], "speed is 'banana'"),
        (["good.toml", "--url", ""], "url is ''"),
        (["good.toml", "--json-file", "folder"], "folder: is a folder; wanted a file"),
        (["good.toml", "--json-file", "clip.wav/out.json"], "clip.wav is no folder that may be written to"),
        (["good.toml", "--record", "clip.wav"], "clip.wav: is a file; wanted a folder"),
    ],
)
def test_run_says_what_is_wrong_before_it_does_anything(
    run: Run, files: Path, arguments: list[str], sentence: str
) -> None:
    (files / "good.toml").write_text('audio = "clip.wav"\nreference = "x"\n')
    assert sentence in run("run", *arguments).complaint


@pytest.mark.parametrize(
    ("references", "options", "sentence"),
    [
        ("nowhere.tsv", [], "nowhere.tsv: cannot be read"),
        ("latin.txt", [], "latin.txt"),
        ("good.tsv", ["--normalizer", "loud"], "no normaliser named 'loud'"),
        ("other.tsv", [], "other.tsv: none of its ids is in both good.tsv and good.tsv"),
    ],
)
def test_score_says_what_is_wrong(run: Run, files: Path, references: str, options: list[str], sentence: str) -> None:
    (files / "good.tsv").write_text("a\tone two\n")
    (files / "other.tsv").write_text("b\tone two\n")
    sides = ["--streaming", "good.tsv", "--prerecorded", "good.tsv"]
    assert sentence in run("score", "--references", references, *sides, *options).complaint

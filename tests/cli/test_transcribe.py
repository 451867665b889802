"""`dgharness transcribe` against a mock in this process."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat

if TYPE_CHECKING:
    from tests.cli.conftest import PutStdin, Run, StartServer

KEY = "sk_test_0123456789abcdef"


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """http://… of a web server over tmp_path."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_file_gives_its_words(run: Run, clip: Path, url: str) -> None:
    ran = run("transcribe", clip, "--url", url)
    assert (ran.code, ran.out, ran.err) == (0, "hello world this is a test\n", "")


def test_json_is_the_answer_as_it_came(run: Run, clip: Path, url: str) -> None:
    ran = run("transcribe", clip, "--url", url, "--json", "-o", "tag=mine")
    assert ran.code == 0
    assert ran.json["results"]["channels"][0]["alternatives"][0]["transcript"] == "hello world this is a test"


def test_several_channels_are_labelled(run: Run, tmp_path: Path, pcm: bytes, url: str) -> None:
    path = tmp_path / "stereo.wav"
    path.write_bytes(wav_bytes(pcm, AudioFormat(channels=2)))
    ran = run("transcribe", path, "--url", url, "-o", "multichannel=true")
    assert ran.code == 0
    assert [line[:4] for line in ran.out.splitlines()] == ["[0] ", "[1] "]


def test_standard_input(run: Run, stdin: PutStdin, clip: Path, url: str) -> None:
    stdin(clip.read_bytes())
    assert run("transcribe", "-", "--url", url).out == "hello world this is a test\n"


def test_raw_audio_with_its_format(run: Run, tmp_path: Path, pcm: bytes, url: str) -> None:
    (tmp_path / "clip.raw").write_bytes(pcm)
    ran = run("transcribe", tmp_path / "clip.raw", "--url", url, "-o", "encoding=linear16", "-o", "sample_rate=16000")
    assert (ran.code, ran.out) == (0, "hello world this is a test\n")


def test_what_is_odd_about_file_and_options_is_said(run: Run, clip: Path, url: str) -> None:
    clip.write_bytes(clip.read_bytes()[:2000])
    ran = run("transcribe", clip, "--url", url, "-o", "interim_results=true")
    assert ran.code == 0
    assert ran.err.splitlines() == [
        f"warning: {clip}: the WAV header declares 64000 bytes of audio but only 1956 are there",
        "warning: `interim_results` is not read by the prerecorded endpoint.",
    ]


def test_a_refused_key_is_one_sentence_without_the_key(run: Run, clip: Path, mock: StartServer) -> None:
    server = mock(api_keys=frozenset({"another-key-entirely"}))
    ran = run("transcribe", clip, "--url", f"http://127.0.0.1:{server.port}", "--key", KEY, "--log-level", "debug")
    assert (ran.code, ran.out) == (2, "")
    assert (
        ran.err.splitlines()[-1] == f"dgharness: 127.0.0.1:{server.port}: refused with HTTP 401: Invalid credentials."
    )
    assert KEY not in ran.err


@pytest.mark.parametrize("command", ["stream", "transcribe"])
def test_audio_behind_a_url_whose_secrets_stay_unsaid(
    run: Run, clip: Path, web: str, url: str, command: str, tmp_path: Path
) -> None:
    signed = f"{web.replace('//', '//user:word@')}/clip.wav?sig=SECRET"
    options = ("--speed", "max", "--record", tmp_path / "kept.jsonl") if command == "stream" else ()
    ran = run(command, signed, "--url", url, *options)
    assert (ran.code, ran.err) == (0, "")
    assert "hello world this is a test" in ran.out
    kept = (tmp_path / "kept.jsonl").read_text() if options else ""
    assert not any(secret in ran.out + kept for secret in ("SECRET", "word@"))


def test_raw_audio_behind_a_url(run: Run, tmp_path: Path, pcm: bytes, web: str, url: str) -> None:
    (tmp_path / "clip.raw").write_bytes(pcm)
    assert run("stream", f"{web}/clip.raw", "--url", url, "--speed", "max").code == 0


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/gone.wav", "/gone.wav: answered HTTP 404; wanted audio"), ("/void.wav", "/void.wav: is empty; wanted audio")],
)
def test_a_url_without_audio(run: Run, tmp_path: Path, web: str, url: str, path: str, sentence: str) -> None:
    (tmp_path / "void.wav").write_bytes(b"")
    ran = run("transcribe", web + path, "--url", url)
    assert (ran.code, ran.out, ran.err) == (2, "", f"dgharness: {web}{sentence}\n")


def test_a_download_has_a_limit(run: Run, clip: Path, web: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli.audio_input.MAX_DOWNLOAD_BYTES", 1000)
    ran = run("transcribe", f"{web}/clip.wav", "--url", url)
    assert (ran.code, ran.err) == (2, f"dgharness: {web}/clip.wav: is larger than 1000 bytes\n")


def test_an_answer_that_is_none(run: Run, clip: Path, web: str) -> None:
    ran = run("transcribe", clip, "--url", web)
    assert ran.code == 2
    assert "refused with HTTP 501" in ran.err
    assert "dgharness serve" not in ran.err

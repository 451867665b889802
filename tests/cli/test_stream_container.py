"""`dgharness stream --container`: a WAV file as it is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat
from tests.cli.stream_arguments import AT_ONCE, CUT_ONCE, FAST

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, PutStdin, Run, StartServer


def test_a_wav_file_is_sent_as_it_is_and_no_format_declared(
    run: Run, clip: Path, mock: StartServer, helpers: Helpers
) -> None:
    server = mock()
    ran = run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", *FAST, "--container", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["streamed"]["transcript"] == ["hello world this is a test"]
    helpers.wait_for(lambda: server.sessions[0].recording().audio is not None)
    recording = server.sessions[0].recording()
    assert "encoding" not in recording.header.query
    assert "sample_rate" not in recording.header.query
    assert "channels" not in recording.header.query
    audio = recording.audio
    assert audio is not None
    assert (audio.container, audio.size, audio.duration_audio_s) == ("wav", clip.stat().st_size, 2.0)
    assert audio.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()


def test_a_new_connection_sees_the_header_again(run: Run, clip: Path, mock: StartServer, helpers: Helpers) -> None:
    server = mock(faults=(CUT_ONCE,))
    url = f"ws://127.0.0.1:{server.port}"
    ran = run("stream", clip, "--url", url, "--speed", 8, *AT_ONCE, "--container", "--json")
    assert (ran.code, ran.json["outcome"]) == (0, "pass")
    assert len(server.sessions) == 2
    helpers.wait_for(lambda: server.sessions[1].recording().audio is not None)
    audio = server.sessions[1].recording().audio
    assert audio is not None
    assert (audio.container, audio.sample_rate) == ("wav", 16_000)
    assert audio.duration_audio_s == pytest.approx((audio.size - 44) / 32_000)


@pytest.mark.parametrize(
    ("name", "data", "options", "sentence"),
    [
        (
            "a.ogg",
            b"OggS" + bytes(99),
            [],
            "a.ogg: its container is ogg; wanted wav, the only one whose audio can go on",
        ),
        ("a.wav", bytes(99), [], "a.wav: its container is none; wanted wav"),
        (
            "a.wav",
            wav_bytes(bytes(99), AudioFormat()),
            ["--sample-rate", "8000"],
            "--sample-rate: contradicts --container",
        ),
    ],
)
def test_what_cannot_be_sent_as_it_is(
    run: Run, tmp_path: Path, name: str, data: bytes, options: list[str], sentence: str
) -> None:
    (tmp_path / name).write_bytes(data)
    ran = run("stream", tmp_path / name, "--url", "ws://127.0.0.1:1", "--container", *options)
    assert sentence in ran.complaint


def test_a_container_is_not_read_from_standard_input(run: Run, stdin: PutStdin, pcm: bytes) -> None:
    stdin(pcm)
    ran = run("stream", "-", "--url", "ws://127.0.0.1:1", "--container")
    assert ran.code == 2
    assert ran.err == "dgharness: --container: cannot be had from standard input; wanted a file or a URL\n"

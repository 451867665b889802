"""`dgharness stream -`: audio from standard input, however it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat
from harness.protocol.codec import encode
from harness.protocol.messages import KeepAlive
from harness.recording.entries import Binary, Direction
from tests.cli.stream_arguments import FAST

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, PutStdin, Run, StartServer


def test_standard_input_in_odd_pieces(run: Run, stdin: PutStdin, pcm: bytes, mock: StartServer) -> None:
    server = mock()
    stdin(pcm[:7], pcm[7:5000], pcm[5000:])
    ran = run("stream", "-", "--url", f"ws://127.0.0.1:{server.port}", *FAST)
    assert (ran.code, ran.err) == (0, "")
    assert sum(entry.size for entry in server.sessions[0].recording().of(Binary)) == len(pcm)


def test_standard_input_that_ends_within_a_frame(run: Run, stdin: PutStdin, pcm: bytes, url: str) -> None:
    stdin(pcm + b"\1")
    ran = run("stream", "-", "--url", url, *FAST)
    assert ran.code == 0
    assert ran.err.endswith("ended within a frame of linear16 16000 Hz, 1 channel; left out: its last 1 byte\n")


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ([], "standard input ended after 0 bytes; wanted raw audio in linear16 16000 Hz, 1 channel"),
        ([b"\1"], "standard input ended after 1 byte; wanted raw audio"),
        (
            [wav_bytes(bytes(3200), AudioFormat())],
            "standard input begins with the header of a wav file; wanted raw audio",
        ),
        ([b"fL", b"aC" + bytes(20)], "standard input begins with the header of a flac file"),
    ],
)
def test_standard_input_that_is_no_raw_audio(
    run: Run,
    stdin: PutStdin,
    url: str,
    blocks: list[bytes],
    sentence: str,
) -> None:
    stdin(*blocks)
    assert run("stream", "-", "--url", url).complaint.startswith(f"dgharness: {sentence}")


@pytest.mark.parametrize("command", ["stream", "transcribe"])
def test_a_terminal_is_not_waited_for(run: Run, stdin: PutStdin, command: str) -> None:
    stdin(terminal=True)
    ran = run(command, "-", "--url", "ws://127.0.0.1:1")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("dgharness: standard input is a terminal; wanted audio from a pipe or a file")


def test_keep_alives_bridge_a_pause_of_the_source(
    run: Run,
    stdin: PutStdin,
    pcm: bytes,
    mock: StartServer,
    helpers: Helpers,
) -> None:
    server = mock()
    keep_alive = encode(KeepAlive())

    def bridged() -> bool:
        sent = server.sessions[0].recording().texts(Direction.UPSTREAM) if server.sessions else []
        return keep_alive in [entry.text for entry in sent]

    def pause(read: int) -> None:
        if read == 1:
            helpers.wait_for(bridged)

    stdin(pcm[:3200], pcm[3200:6400], before=pause)
    ran = run("stream", "-", "--url", f"ws://127.0.0.1:{server.port}", "--keep-alive-s", "0.1")
    assert ran.code == 0
    assert bridged()


def test_standard_input_that_breaks(run: Run, stdin: PutStdin, pcm: bytes, url: str) -> None:
    def broken(read: int) -> None:
        if read == 1:
            raise OSError(5, "Input/output error")

    stdin(pcm, before=broken)
    ran = run("stream", "-", "--url", url, *FAST)
    assert ran.code == 2
    assert ran.err.startswith("dgharness: standard input cannot be read on (Input/output error)")

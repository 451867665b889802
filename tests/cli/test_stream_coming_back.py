"""`dgharness stream --reconnect`: coming back, and what its options must be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.recording.entries import Binary
from harness.streamer.seam import Seam
from mock_server.faults.notation import parse_fault_text
from tests.cli.stream_arguments import AT_ONCE, CUT_ONCE, FAST

if TYPE_CHECKING:
    from tests.cli.conftest import PutStdin, Run, StartServer


def test_a_lost_connection_is_the_end_unless_it_is_to_come_back(run: Run, clip: Path, mock: StartServer) -> None:
    server = mock(faults=(CUT_ONCE,))
    ran = run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", "--speed", 8)
    assert ran.code == 2
    assert "the connection ended with 1006" in ran.err


@pytest.mark.parametrize("how", [(), ("--overlap-s", "0"), ("--buffer-s", "2", "--catch-up", "2", "--live")], ids=str)
def test_it_comes_back_when_asked_to_and_the_text_is_whole(
    run: Run, clip: Path, mock: StartServer, how: tuple[str, ...]
) -> None:
    server = mock(faults=(CUT_ONCE,))
    ran = run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", "--speed", 8, *AT_ONCE, *how, "--json")
    assert (ran.code, ran.json["outcome"]) == (0, "pass")
    assert ran.json["streamed"]["transcript"] == ["hello world this is a test"]
    assert re.fullmatch(r"note: 2 connections: lost at 0\.\d\d s, back after 0\.\d\d s\n", ran.err)
    assert len(server.sessions) == 2
    assert ran.json["streamed"]["connections"] == 2
    (outage,) = ran.json["streamed"]["outages"]
    assert f"lost at {outage['lost_wall_s']:.2f} s, back after {outage['took_s']:.2f} s" in ran.err


def test_what_a_live_source_lost_is_told_to_the_millisecond(
    run: Run, stdin: PutStdin, pcm: bytes, mock: StartServer
) -> None:
    server = mock()
    stdin(pcm)  # two seconds at once, of which half a second can be kept
    ran = run("stream", "-", "--url", f"ws://127.0.0.1:{server.port}", "--live", "--buffer-s", "0.5", "--json")
    said = re.fullmatch(
        r"warning: dropped (\d\.\d{3}) to 1\.500 s of the source \((\d\.\d{3}) s\): the buffer could not hold it "
        r"until it could be sent",
        ran.err.splitlines()[-1],
    )
    assert said is not None, ran.err
    sent = sum(entry.size for entry in server.sessions[0].recording().of(Binary))
    assert float(said[2]) == pytest.approx(2.0 - sent / 32_000)
    assert ran.json["streamed"]["dropped"] == [{"start_audio_s": float(said[1]), "end_audio_s": 1.5}]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--reconnect", "--reconnect-attempts", "0"], "'0' is not a whole number from 1 to 999999"),
        (["--reconnect", "--reconnect-attempts", "1.5"], "'1.5' is not a whole number from 1 to 999999"),
        (["--reconnect", "--reconnect-attempts", "9999999"], "'9999999' is not a whole number from 1 to 999999"),
        (["--reconnect", "--reconnect-cap-s", "0"], "'0' is not a number of seconds above 0"),
        (["--reconnect", "--reconnect-budget-s", "nan"], "'nan' is not a number of seconds above 0"),
        (["--buffer-s", "-1"], "'-1' is not a number of seconds above 0"),
        (["--reconnect", "--overlap-s", "-0.1"], "'-0.1' is not a number of seconds, 0 or more"),
        (["--catch-up", "0.9"], "'0.9' is not a number of 1 or more"),
        (["--catch-up", "inf"], "'inf' is not a number of 0 or more"),
        (["--reconnect-attempts", "3"], "--reconnect-attempts: is of no use without --reconnect"),
        (["--reconnect-cap-s", "3"], "--reconnect-cap-s: is of no use without --reconnect"),
        (["--reconnect-budget-s", "3"], "--reconnect-budget-s: is of no use without --reconnect"),
        (["--overlap-s", "1"], "--overlap-s: is of no use without --reconnect"),
        (
            ["--reconnect", "--overlap-s", "2", "--buffer-s", "3"],
            "--overlap-s 2: is more than half of --buffer-s 3; wanted room for what is not final yet",
        ),
    ],
)
def test_options_that_make_no_sense_are_one_sentence(run: Run, clip: Path, options: list[str], sentence: str) -> None:
    assert sentence in run("stream", clip, "--url", "ws://127.0.0.1:1", *options).complaint


def test_what_the_ledger_finds_is_in_the_result(
    run: Run, clip: Path, mock: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says every final twice, and a client that takes all it is told for new."""
    monkeypatch.setattr(Seam, "rebase", lambda seam, message, leg: message)
    server = mock(faults=(parse_fault_text("duplicate message=final"),))
    ran = run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", *FAST, "--json")
    assert (ran.code, ran.json["outcome"]) == (1, "fail")
    assert any(reason.startswith("ledger: «hello» at ") for reason in ran.json["reasons"])

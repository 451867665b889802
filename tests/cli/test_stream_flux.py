"""`dgharness stream --flux`: turns instead of segments, judged by the rules of `/v2/listen`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.recording.entries import Direction
from harness.recording.store import load

if TYPE_CHECKING:
    from tests.cli.conftest import Run, StartServer

TEXT = "hello world this is a test"


def test_a_file_is_heard_in_turns_and_the_session_judged(
    run: Run, mock: StartServer, clip: Path, tmp_path: Path
) -> None:
    server, record = mock(), tmp_path / "session.jsonl"

    ran = run(
        "stream", clip, "--flux", "--url", f"ws://127.0.0.1:{server.port}", "--speed", "8", "--record", record, "--json"
    )

    assert ran.code == 0, ran.err
    assert ran.err == ""
    streamed = ran.json["streamed"]
    assert streamed["transcript"] == [TEXT]
    assert streamed["interims"] > 0
    assert ran.json["verdict"]["counts"]["downstream_messages"] > 3
    assert ran.json["verdict"]["families"]["protocol"] == "pass"
    recording = load(record)
    assert recording.header.path == "/v2/listen"
    assert {entry.size for entry in list(recording.audio_frames())[:-1]} == {2560}
    assert json.loads(next(iter(recording.texts(Direction.DOWNSTREAM))).text)["type"] == "Connected"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-o", "interim_results=true"), "`interim_results` is not supported on the `/v2/listen` endpoint"),
        (("-o", "eot_threshold=7"), "Deepgram would refuse this: "),
        (("-o", "model=nova-3"), "Deepgram would refuse this: "),
        (("--channels", "2"), "--flux: hears one channel; wanted --channels 1, not 2"),
    ],
)
def test_what_flux_does_not_take_is_said_before_anything_is_sent(
    run: Run, clip: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = run("stream", clip, "--flux", "--url", "ws://127.0.0.1:9", *arguments)
    assert ran.code == 2
    assert sentence in ran.err

"""`dgharness stream` of a session that does not go through: what was received is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.cli.keeper import Keeper
from harness.recording.entries import Direction, Lost
from harness.recording.store import load, load_audio
from tests.cli.stream_arguments import FAST

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, PutStdin, Run, Spawn, StartServer


def test_ctrl_c_keeps_what_was_received(
    run: Run,
    stdin: PutStdin,
    pcm: bytes,
    mock: StartServer,
    helpers: Helpers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = mock()

    def interrupt(read: int) -> None:
        if read == 1:
            helpers.wait_for(lambda: bool(kept.exists() and '"down"' in kept.read_text()))
            helpers.interrupt()

    def interrupt_again(keeper: Keeper, audio: bytes) -> None:
        helpers.interrupt()  # impatience, while the results are written
        finish(keeper, audio)

    finish = Keeper.finish
    monkeypatch.setattr(Keeper, "finish", interrupt_again)

    kept = tmp_path / "kept.jsonl"
    fake = stdin(pcm, before=interrupt)
    fake.blocks += [b"\0" * 3200] * 100
    ran = run("stream", "-", "--url", f"ws://127.0.0.1:{server.port}", "--speed", "4", "--record", kept, "--json")
    assert ran.code == 2
    assert ran.err == f"dgharness: interrupted; what was received is in {kept}, marked partial\n"
    assert (ran.json["outcome"], ran.json["reasons"]) == ("error", ["interrupted"])
    recording = load(kept)
    assert recording.partial
    assert any(recording.texts(Direction.DOWNSTREAM))
    assert recording.audio is not None
    assert load_audio(kept, recording) == (pcm + bytes(320_000))[: recording.audio.size]


def test_a_server_that_dies_leaves_a_partial_session(
    run: Run,
    spawn: Spawn,
    stdin: PutStdin,
    pcm: bytes,
    helpers: Helpers,
    tmp_path: Path,
) -> None:
    server = spawn("serve", "--port", 0, "--say", "hello world this is a test", "--lag-scale", 0)
    url = helpers.ready(server)["http_url"]
    kept = tmp_path / "kept.jsonl"

    def kill(read: int) -> None:
        if read == 1:
            helpers.wait_for(lambda: bool(kept.exists() and '"down"' in kept.read_text()))
            server.kill()

    stdin(pcm, pcm, before=kill)
    ran = run("stream", "-", "--url", url, "--record", kept, "--speed", 2)
    assert ran.code == 2
    assert ran.out.startswith("ERROR  -\n  the connection ended with 1006")
    assert ran.err.startswith("dgharness: the connection ended with 1006")
    assert ran.err.endswith(f"what was received is in {kept}, marked partial\n")
    recording = load(kept)
    assert recording.partial
    assert len(list(recording.of(Lost))) == 1


def test_audio_that_nothing_answers_is_told_without_a_recording(
    run: Run,
    clip: Path,
    spawn: Spawn,
    helpers: Helpers,
) -> None:
    server = spawn("serve", "--port", 0, "--case", "fixtures/cases/command.toml", "--quiet")
    ran = run("stream", clip, "--url", helpers.ready(server)["ws_url"], *FAST)
    assert ran.code == 2
    assert "no recording matches this audio" in ran.err
    assert ran.err.endswith("what was received is in the result, marked partial\n")

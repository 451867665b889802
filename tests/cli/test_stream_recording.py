"""`dgharness stream --record`: what is kept of a session, and under which name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import BadInput
from harness.recording.store import load, load_audio
from tests.cli.stream_arguments import FAST

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run, Spawn


def test_a_recording_replays_to_the_same_transcript(
    run: Run,
    spawn: Spawn,
    clip: Path,
    url: str,
    tmp_path: Path,
    helpers: Helpers,
) -> None:
    kept = tmp_path / "kept" / "session.jsonl"
    first = run("stream", clip, "--url", url, *FAST, "--json", "--record", kept)
    assert first.json["recording"] == str(kept)
    assert load_audio(kept, load(kept)) is not None
    ready = helpers.ready(spawn("serve", "--port", 0, "--recording", kept, "--quiet"))
    for chunk_ms in (20, 100):
        again = run("stream", clip, "--url", ready["ws_url"], *FAST, "--json", "--chunk-ms", chunk_ms)
        assert again.code == 0
        assert again.json["streamed"]["transcript"] == first.json["streamed"]["transcript"]


def test_an_older_recording_is_replaced(run: Run, clip: Path, url: str, tmp_path: Path) -> None:
    for words in ("first=1", "second=2"):
        run("stream", clip, "--url", url, *FAST, "--record", tmp_path / "kept.jsonl", "-o", words)
    assert load(tmp_path / "kept.jsonl").header.query.endswith("&second=2")


def test_a_recording_of_another_name_is_kept_with_a_note(run: Run, clip: Path, url: str, tmp_path: Path) -> None:
    ran = run("stream", clip, "--url", url, *FAST, "--record", tmp_path / "session.rec")
    assert ran.code == 0
    assert ran.err == f"note: {tmp_path / 'session.rec'}: `serve --recording` takes it when its name ends in .jsonl\n"
    assert not load(tmp_path / "session.rec").partial


def test_audio_that_cannot_be_kept_is_said_and_the_result_still_comes(
    run: Run, clip: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, data: bytes, ending: str) -> str:
        raise BadInput("a.raw: cannot be written (No space left on device)")

    monkeypatch.setattr("harness.cli.keeper.keep_audio", full)
    ran = run("stream", clip, "--url", url, *FAST, "--record", tmp_path / "kept.jsonl", "--json")
    assert (ran.code, ran.err) == (2, "dgharness: a.raw: cannot be written (No space left on device)\n")
    assert ran.json["streamed"]["transcript"] == ["hello world this is a test"]
    assert load(tmp_path / "kept.jsonl").audio is not None


def test_secrets_in_the_query_stay_out_of_the_recording(run: Run, clip: Path, url: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    run("stream", clip, "--url", url, *FAST, "--record", kept, "-o", "token=a-secret-of-mine")
    assert "a-secret-of-mine" not in kept.read_text()

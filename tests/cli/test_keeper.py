"""Keeping a session on disk as it happens, whatever the disk does."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.keeper import Keeper
from harness.cli.logs import secrets_of
from harness.errors import BadInput
from harness.protocol.auth import MASK
from harness.recording.entries import AnyEntry, Audio, Binary, Direction, End, Header, Note, Refused, Side, Text
from harness.recording.store import load
from harness.transcript import Transcript

KEY = "sk_test_0123456789abcdef"
HEADER = Header(side=Side.CLIENT, path="/v1/listen", query="model=x&token=t", created="", tool="t", replies="r")


def keep(keeper: Keeper, *entries: AnyEntry, audio: bytes = b"\0\0") -> None:
    with keeper:
        keeper.header(HEADER)
        for entry in entries:
            keeper(entry, Transcript())
        keeper.finish(audio)


def test_a_server_that_quotes_the_key_does_not_get_it_into_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    refused = Refused(leg=0, wall_s=0, status=401, headers={"dg-error": f"no such key: {KEY}"}, body=KEY)
    keep(
        Keeper(path, secrets_of(KEY)),
        refused,
        Text(leg=0, direction=Direction.DOWNSTREAM, wall_s=0, audio_s=0, text="x"),
    )
    assert KEY not in path.read_text()
    recording = load(path)
    assert next(recording.of(Refused)).headers == {"dg-error": f"no such key: {MASK}"}
    assert recording.header.query == "model=x"


def test_audio_and_end_are_written_last_with_the_name_of_the_audio(tmp_path: Path) -> None:
    audio = Audio(sha256="0" * 64, size=2, duration_audio_s=0)
    keep(Keeper(tmp_path / "a.jsonl"), audio, End(wall_s=1))
    recording = load(tmp_path / "a.jsonl")
    assert [type(entry) for entry in recording.entries] == [Audio, End]
    assert recording.audio is not None
    assert (tmp_path / str(recording.audio.file)).read_bytes() == b"\0\0"


def test_without_finish_the_recording_is_partial_and_loads(tmp_path: Path) -> None:
    with Keeper(tmp_path / "a.jsonl") as keeper:
        keeper.header(HEADER)
        keeper(Binary(leg=0, direction=Direction.UPSTREAM, wall_s=0, audio_s=0, size=2), Transcript())
    assert load(tmp_path / "a.jsonl").partial


def test_without_a_path_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep(Keeper(None), End(wall_s=0))
    assert list(tmp_path.iterdir()) == []


class FullDisk:
    """A writer that fails from its `good`-th entry on."""

    def __init__(self, path: Path, good: int, *, at_close: bool = False) -> None:
        self.path, self._good, self._at_close = path, good, at_close
        self.closed = 0

    def write(self, entry: object) -> None:
        self._good -= 1
        if self._good < 0:
            raise OSError(28, "No space left on device")

    def close(self) -> None:
        self.closed += 1
        if self._at_close:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("good", [0, 1])
def test_a_full_disk_ends_the_recording_and_not_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    disk = FullDisk(tmp_path / "a.jsonl", good)
    monkeypatch.setattr("harness.cli.keeper.RecordingWriter", lambda path, header: disk)
    keeper = Keeper(tmp_path / "a.jsonl")
    note = Note(leg=0, wall_s=0, audio_s=0, text="n")
    keep(keeper, note, note, End(wall_s=0))
    assert keeper.failure == f"{tmp_path / 'a.jsonl'}: the recording is cut short (No space left on device)"
    assert disk.closed == 1


def test_a_disk_that_is_full_only_at_the_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(tmp_path / "a.jsonl", 9, at_close=True)
    monkeypatch.setattr("harness.cli.keeper.RecordingWriter", lambda path, header: disk)
    keeper = Keeper(tmp_path / "a.jsonl")
    keep(keeper, End(wall_s=0))
    assert "cut short" in str(keeper.failure)


def test_a_disk_that_is_full_at_the_first_line_is_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, header: Header) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.cli.keeper.RecordingWriter", full)
    with pytest.raises(BadInput, match=r"a\.jsonl: cannot be written \(No space left on device\)"):
        Keeper(tmp_path / "a.jsonl").header(HEADER)

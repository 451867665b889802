"""Recordings on disk, and the confinement of what a stranger's recording may name."""

import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness.errors import BadInput
from harness.recording.document import MAX_LINE_BYTES, Recording, lines
from harness.recording.entries import Audio, Binary, End
from harness.recording.store import RecordingWriter, audio_path, keep_audio, load, load_audio


def naming(recording: Recording, file: str | None) -> Recording:
    assert recording.audio is not None
    named = msgspec.structs.replace(recording.audio, file=file)
    return Recording(
        recording.header, tuple(named if isinstance(entry, Audio) else entry for entry in recording.entries)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "call.jsonl"


# --- files ----------------------------------------------------------------------------------------------------------


def test_what_was_written_is_loaded(recording: Recording, path: Path) -> None:
    with RecordingWriter(path, recording.header) as writer:
        for entry in recording.entries:
            writer.write(entry)
    assert load(path) == recording
    assert path.read_bytes() == "".join(lines(recording)).encode()


def test_every_entry_is_on_disk_as_soon_as_it_is_written(recording: Recording, path: Path) -> None:
    with RecordingWriter(path, recording.header) as writer:
        assert load(path).entries == ()
        for count, entry in enumerate(recording.entries, start=1):
            writer.write(entry)
            assert load(path).entries == recording.entries[:count]


def test_a_session_that_raises_leaves_what_it_had(recording: Recording, path: Path) -> None:
    def crash() -> None:
        with RecordingWriter(path, recording.header) as writer:
            writer.write(recording.entries[0])
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        crash()
    read = load(path)
    assert (read.entries, read.partial) == (recording.entries[:1], True)


def test_the_writer_makes_its_folder(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "call.jsonl"
    with RecordingWriter(path, recording.header):
        pass
    assert load(path).header == recording.header


def test_a_place_that_cannot_be_written_is_bad_input(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"call\.jsonl: cannot be written \("):
        RecordingWriter(tmp_path / "file" / "call.jsonl", recording.header)
    with pytest.raises(BadInput, match="cannot be written"):
        RecordingWriter(tmp_path, recording.header)


@pytest.mark.parametrize("name", ["absent.jsonl", "."])
def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be read \("):
        load(tmp_path / name)


def test_damage_is_named_with_the_path(path: Path) -> None:
    path.write_bytes(b"rubbish\n")
    with pytest.raises(BadInput) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}, line 1: ")


class OnlyInPieces(io.BytesIO):
    """A file that may not be read by the line without saying how much of it at most."""

    def __next__(self) -> bytes:
        raise AssertionError("a line of any length was asked for")


def test_a_line_without_end_is_not_read_into_memory_whole(
    recording: Recording, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = OnlyInPieces("".join(lines(recording)).encode() + b"x" * (3 * MAX_LINE_BYTES))
    monkeypatch.setattr(Path, "open", lambda _path, _mode: endless)
    with pytest.raises(BadInput, match=f"line 12: longer than the {MAX_LINE_BYTES} bytes"):
        load(path)


# --- audio ----------------------------------------------------------------------------------------------------------


def test_audio_is_kept_once_under_its_hash(tmp_path: Path, sent: bytes) -> None:
    name = keep_audio(tmp_path, sent, "raw")
    assert name == hashlib.sha256(sent).hexdigest()[:16] + ".raw"
    os.utime(tmp_path / name, (1, 1))
    assert keep_audio(tmp_path, sent, "raw") == name
    assert (tmp_path / name).stat().st_mtime == 1
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_audio_that_was_cut_short_by_a_crash_is_not_taken_for_whole(tmp_path: Path, sent: bytes) -> None:
    name = keep_audio(tmp_path, sent, "raw")
    (tmp_path / name).unlink()
    (tmp_path / f"{name}.part").write_bytes(sent[:10])
    assert keep_audio(tmp_path, sent, "raw") == name
    assert (tmp_path / name).read_bytes() == sent


def test_audio_that_cannot_be_kept_is_bad_input(tmp_path: Path, sent: bytes) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        keep_audio(tmp_path / "absent", sent, "raw")


def test_kept_audio_is_loaded_and_checked(recording: Recording, path: Path, sent: bytes) -> None:
    named = naming(recording, keep_audio(path.parent, sent, "raw"))
    assert load_audio(path, named) == sent


@pytest.mark.parametrize("changed", [b"", b"short", bytes(6400)])
def test_changed_audio_is_bad_input(recording: Recording, path: Path, sent: bytes, changed: bytes) -> None:
    named = naming(recording, keep_audio(path.parent, sent, "raw"))
    where = audio_path(path, named)
    assert where is not None
    where.write_bytes(changed)
    with pytest.raises(BadInput, match=r"sha256 differs from the one in .*call\.jsonl; the audio was changed"):
        load_audio(path, named)


def test_audio_that_cannot_be_read_is_bad_input(
    recording: Recording, path: Path, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = naming(recording, keep_audio(path.parent, sent, "raw"))

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(BadInput, match=r"\.raw: cannot be read \(Permission denied\)$"):
        load_audio(path, named)


@pytest.mark.parametrize("file", [None, "absent.raw"])
def test_audio_that_was_not_kept_is_none(recording: Recording, path: Path, file: str | None) -> None:
    assert audio_path(path, naming(recording, file)) is None
    assert load_audio(path, naming(recording, file)) is None


def test_a_recording_without_audio_has_none(recording: Recording, path: Path) -> None:
    silent = replace(recording, entries=(End(wall_s=0.0),))
    assert (audio_path(path, silent), load_audio(path, silent)) == (None, None)
    assert list(silent.of(Binary)) == []


# --- confinement ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    [
        "/etc/passwd",
        "../secret.raw",
        "..",
        ".",
        "",
        "folder/x.raw",
        "./x.raw",
        "x.raw/",
        "x\0.raw",
        "../x/../secret.raw",
    ],
)
def test_a_name_that_leaves_the_folder_is_refused(recording: Recording, tmp_path: Path, sent: bytes, file: str) -> None:
    (tmp_path / "secret.raw").write_bytes(sent)
    path = tmp_path / "here" / "call.jsonl"
    path.parent.mkdir()
    for read in (audio_path, load_audio):
        with pytest.raises(BadInput, match="is not a plain name beside the recording"):
            read(path, naming(recording, file))


def test_a_symbolic_link_that_leaves_the_folder_is_refused(recording: Recording, tmp_path: Path, sent: bytes) -> None:
    (tmp_path / "secret.raw").write_bytes(sent)
    here = tmp_path / "here"
    here.mkdir()
    (here / "link.raw").symlink_to(tmp_path / "secret.raw")
    with pytest.raises(BadInput, match=r"'link\.raw' is not a plain name beside the recording"):
        load_audio(here / "call.jsonl", naming(recording, "link.raw"))


def test_a_folder_reached_by_a_link_is_as_good_as_any(recording: Recording, tmp_path: Path, sent: bytes) -> None:
    real = tmp_path / "real"
    real.mkdir()
    name = keep_audio(real, sent, "raw")
    (tmp_path / "alias").symlink_to(real)
    assert load_audio(tmp_path / "alias" / "call.jsonl", naming(recording, name)) == sent


def test_a_folder_under_the_audios_name_is_no_audio(recording: Recording, path: Path) -> None:
    (path.parent / "x.raw").mkdir()
    assert load_audio(path, naming(recording, "x.raw")) is None

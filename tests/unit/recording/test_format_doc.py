"""`docs/reference/recording-format.md` says what the code does."""

import re
from pathlib import Path

import msgspec
import pytest

from harness.recording import entries
from harness.recording.document import MAX_LINE_BYTES, lines, parse
from harness.recording.entries import FORMAT, VERSION, Entry
from harness.recording.har_import import MAX_FRAME_BYTES, MAX_HAR_BYTES
from harness.recording.scrub import SHORTEST_SECRET
from harness.recording.toolkit import MAX_TOOLKIT_BYTES

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "recording-format.md").read_text(encoding="utf-8")
KINDS = {
    str(kind.__struct_config__.tag): kind
    for kind in vars(entries).values()
    if isinstance(kind, type) and issubclass(kind, Entry) and kind is not Entry
}
MEBIBYTE = 1024 * 1024


def section(tag: str) -> str:
    """The part of the page under an entry's heading."""
    found = re.search(rf"^### `{tag}`.*?$(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{tag} has no section"
    return found[1]


def test_the_example_is_a_recording_as_we_write_it() -> None:
    (block,) = re.findall(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    recording = parse(block.encode().splitlines(keepends=True), "recording-format.md")
    assert "".join(lines(recording)) == block
    assert (recording.partial, recording.request_id) == (False, "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b")
    assert recording.audio is not None
    assert sum(frame.size for frame in recording.audio_frames()) == recording.audio.size


@pytest.mark.parametrize("tag", KINDS)
def test_every_field_of_every_entry_is_described_and_no_other(tag: str) -> None:
    described = set()
    for row in re.findall(r"^\| (`[^|]+) \|", section(tag), re.MULTILINE):
        described.update(re.findall(r"`(\w+)`", row))
    assert described == {field.encode_name for field in msgspec.structs.fields(KINDS[tag])}


@pytest.mark.parametrize("tag", [tag for tag in KINDS if tag != "header"])
def test_a_field_is_called_required_where_it_is(tag: str) -> None:
    described: dict[str, str] = {}
    for row in re.findall(r"^\| `.*$", section(tag), re.MULTILINE):
        names, _type, default = (cell.strip() for cell in row.split("|")[1:4])
        described.update(dict.fromkeys(re.findall(r"`(\w+)`", names), default))
    for field in msgspec.structs.fields(KINDS[tag]):
        if described[field.encode_name]:
            assert (described[field.encode_name] == "required") is field.required, field.name


def test_the_page_names_format_version_and_limits() -> None:
    assert f"`{FORMAT}`" in PAGE
    assert f"version **{VERSION}**" in PAGE
    assert f"at most {MAX_LINE_BYTES // MEBIBYTE} MiB" in PAGE
    assert f"up to {MAX_HAR_BYTES // MEBIBYTE} MiB are read, frames of up to {MAX_FRAME_BYTES // MEBIBYTE} MiB" in PAGE
    assert f"up to {MAX_TOOLKIT_BYTES // MEBIBYTE} MiB" in PAGE
    assert f"fewer than {SHORTEST_SECRET} characters" in PAGE

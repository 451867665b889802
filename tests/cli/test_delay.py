"""`dgharness delay`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from harness.recording.document import Recording, lines
from harness.recording.har_export import to_har
from harness.recording.toolkit import to_toolkit
from tests.timed_session import TimedSession

if TYPE_CHECKING:
    from tests.cli.conftest import Run

PLEASE, BOOK = ("please", 0.2, 0.6), ("book", 0.6, 1.0)


@pytest.fixture
def recorded() -> Recording:
    session = TimedSession().audio(3.0).interim(2.3, 1.0, [PLEASE, ("cook", 0.6, 1.0)])
    return session.final(3.0, 1.5, [PLEASE, BOOK]).finish()


@pytest.fixture
def folder(tmp_path: Path, recorded: Recording) -> Path:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text("".join(lines(recorded)), encoding="utf-8")
    return tmp_path


def test_a_recording_as_json(run: Run, folder: Path) -> None:
    ran = run("delay", folder / "a.jsonl", "--json")
    assert ran.code == 0
    (stream,) = ran.json["streams"]
    assert stream["recording"] == "a"
    assert stream["delay"]["values"]["word_final_wall_s"] == [1.5, 1.1]
    assert stream["delay"]["values"]["cursor_lag_audio_s"] == [0.4]
    assert stream["stability"]["unstable_words"] == 1
    assert ran.json["total"]["delay"]["streams"] == 1
    Draft202012Validator(run("report", "--schema", "delay").json).validate(ran.json)


def test_a_folder_for_people(run: Run, folder: Path) -> None:
    ran = run("delay", folder)
    assert ran.code == 0
    assert [line for line in ran.out.splitlines() if not line.startswith(" ")] == ["a", "b", "all of them"]
    assert "word spoken to final" in ran.out
    assert "Delays over 2 streams" in ran.out


def test_references_go_by_name(run: Run, folder: Path) -> None:
    references = folder / "refs.json"
    references.write_text(json.dumps({"a": "please book it", "z": "never"}))
    ran = run("delay", folder, "--references", references, "--json")
    ends = {stream["recording"]: stream["delay"]["read"][-1]["reference"] for stream in ran.json["streams"]}
    assert (ends["a"]["deletions"], ends["b"]) == (1, None)
    assert "no recording is named z" in ran.err


def test_the_normaliser_is_the_one_asked_for(run: Run, folder: Path) -> None:
    references = folder / "refs.json"
    references.write_text(json.dumps({"a": "Please book"}))
    counts = [
        run("delay", folder / "a.jsonl", "--references", references, "--normalizer", name, "--json").json
        for name in ("basic", "none")
    ]
    ends = [found["streams"][0]["delay"]["read"][-1]["reference"]["substitutions"] for found in counts]
    assert ends == [0, 1]


def test_a_har_file_is_a_recording_like_another(run: Run, tmp_path: Path, recorded: Recording) -> None:
    path = tmp_path / "browser.har"
    path.write_bytes(to_har(recorded, bytes(96_000)))
    ran = run("delay", path, "--json")
    assert ran.code == 0
    (stream,) = ran.json["streams"]
    assert stream["delay"]["values"]["word_final_wall_s"] == pytest.approx([1.5, 1.1], abs=2e-3)


def test_the_support_toolkit_has_cursors_and_no_frames(run: Run, tmp_path: Path) -> None:
    session = TimedSession().audio(3.0)
    for second in range(1, 5):
        session.interim(1.4 + second / 2, second / 2, [PLEASE])
    path = tmp_path / "toolkit.json"
    path.write_bytes(to_toolkit(session.final(4.5, 2.5, [PLEASE]).finish()))
    ran = run("delay", path, "--json")
    assert ran.code == 0
    delay = ran.json["streams"][0]["delay"]
    assert delay["speed"] == 1.0
    assert delay["values"].keys() == {"cursor_lag_audio_s", "endpoint_wait_audio_s"}
    assert delay["values"]["cursor_lag_audio_s"] == pytest.approx([0.5] * 4)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.jsonl", "", "the file is empty"),
        ("other.json", "{}", "wanted the JSON array of Deepgram's support toolkit"),
        ("other.har", "{}", "other.har"),
    ],
)
def test_what_is_no_recording_is_bad_input(run: Run, tmp_path: Path, name: str, content: str, sentence: str) -> None:
    (tmp_path / name).write_text(content)
    assert sentence in run("delay", tmp_path / name).complaint


def test_a_folder_without_recordings_is_bad_input(run: Run, tmp_path: Path) -> None:
    ran = run("delay", tmp_path)
    assert ran.code == 2
    assert "no recording (.jsonl) in this folder" in ran.err


def test_references_that_cannot_be_read_are_bad_input(run: Run, folder: Path) -> None:
    ran = run("delay", folder, "--references", folder / "absent.tsv")
    assert ran.code == 2
    assert "absent.tsv: cannot be read" in ran.err


def test_a_session_just_recorded_measures_as_it_did_while_it_ran(
    run: Run, clip: Path, url: str, tmp_path: Path
) -> None:
    recording = tmp_path / "session.jsonl"
    ran = run("stream", clip, "--url", url, "--record", recording, "--json")
    again = run("delay", recording, "--json").json["streams"][0]
    assert ran.json["streamed"]["delay"] == again["delay"]
    assert ran.json["streamed"]["stability"] == again["stability"]
    assert again["delay"]["real_time"]
    assert again["delay"]["words"] == again["delay"]["spread"]["word_shown_wall_s"]["count"] == 6

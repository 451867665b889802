"""Files become sources; a file that cannot says why in one sentence."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct

from harness.audio.decode import Audio, encode
from harness.audio.format import AudioFormat
from harness.errors import BadInput
from harness.protocol.options import ListenOptions
from harness.recording.document import Recording, lines
from harness.recording.entries import Audio as AudioEntry
from mock_server import loading
from mock_server.answer import Submitted
from mock_server.sources import RecordedSource, SpokenSource

FIXTURES = Path(__file__).parents[3] / "fixtures"
SUBMITTED = Submitted("0" * 64, 60.0, 1, "2026-11-20T09:14:33.207Z", "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091")
RESPONSE = {
    "metadata": {"request_id": "r", "sha256": "ab" * 32, "created": "c", "duration": 1.0, "channels": 1},
    "results": {"channels": [{"alternatives": [{"transcript": "hello", "confidence": 0.9, "words": []}]}]},
}


def _write(folder: Path, recording: Recording, audio: bytes | None = None, **described: Any) -> Path:
    entries = recording.entries
    if audio is not None:
        entry = AudioEntry(
            sha256=hashlib.sha256(audio).hexdigest(), size=len(audio), duration_audio_s=1.0, file="audio.bin"
        )
        entries = (*entries[:-1], replace_struct(entry, **described), entries[-1])
        (folder / "audio.bin").write_bytes(audio)
    path = folder / f"{recording.name}.jsonl"
    path.write_text("".join(lines(replace(recording, entries=entries))))
    return path


@pytest.fixture
def taped(tape: Any, results_text: Callable[..., str]) -> Recording:
    recording: Recording = tape.audio(2.0).down(results_text("0.0", "2.0", "hello there")).recording()
    return recording


def test_a_recorded_session_is_loaded_with_its_audio(
    taped: Recording, tmp_path: Path, clip: Callable[[str], Audio]
) -> None:
    data = encode(clip("command"), AudioFormat())
    path = _write(tmp_path, taped, data, encoding="linear16", sample_rate=16_000, channels=1)
    (known,) = loading.load_known([path])
    assert known.source.name == "taped"
    assert known.file_sha256 == hashlib.sha256(data).hexdigest()
    assert known.audio is not None
    assert known.audio.duration_audio_s == pytest.approx(clip("command").duration_audio_s)


def test_audio_in_a_container_is_decoded_by_its_header(taped: Recording, tmp_path: Path) -> None:
    path = _write(tmp_path, taped, (FIXTURES / "audio" / "command.wav").read_bytes(), container="wav")
    audio = loading.from_recording(path).audio
    assert audio is not None
    assert audio.duration_audio_s == pytest.approx(3.65)


@pytest.mark.parametrize("described", [{"encoding": "opus", "sample_rate": 48_000}, {"encoding": "linear16"}])
def test_audio_that_nobody_can_decode_is_known_by_its_bytes_alone(
    described: dict[str, Any], taped: Recording, tmp_path: Path
) -> None:
    known = loading.from_recording(_write(tmp_path, taped, b"\1\2\3\4", **described))
    assert known.audio is None
    assert known.file_sha256 == hashlib.sha256(b"\1\2\3\4").hexdigest()


def test_a_response_is_known_by_the_sha256_that_it_reports(tmp_path: Path) -> None:
    (tmp_path / "posted.json").write_text(json.dumps(RESPONSE))
    (known,) = loading.load_known([tmp_path / "posted.json"])
    assert (known.source.name, known.file_sha256, known.audio) == ("posted", "ab" * 32, None)
    assert known.source.answer(ListenOptions(), SUBMITTED).transcript() == "hello"


def test_a_folder_joins_what_shares_a_name(taped: Recording, tmp_path: Path) -> None:
    _write(tmp_path, taped)
    (tmp_path / "taped.json").write_text(json.dumps(RESPONSE))
    (tmp_path / "alone.json").write_text(json.dumps(RESPONSE))
    (tmp_path / "notes.txt").write_text("no recording")
    alone, both = sorted(loading.load_known([tmp_path]), key=lambda known: known.source.name)
    assert (alone.source.describe(), both.source.describe()) == (
        "recording alone (pre-recorded response; the stream is made from its words)",
        "recording taped (api.deepgram.com)",
    )
    assert both.file_sha256 == "ab" * 32


def test_a_reference_with_phrases_is_spoken_where_they_lie(clip: Callable[[str], Audio]) -> None:
    known = loading.from_reference(FIXTURES / "references" / "dialogue.json", audio=clip("dialogue"))
    assert isinstance(known.source, SpokenSource)
    reference = json.loads((FIXTURES / "references" / "dialogue.json").read_text())
    assert len(known.source.timeline.channels) == 2
    assert sum(map(len, known.source.timeline.channels)) == len(reference["text"].split())
    starts = {words[0].start for words in known.source.timeline.channels}
    assert reference["phrases"][0]["start_audio_s"] in starts
    assert known.source.timeline.duration_audio_s == clip("dialogue").duration_audio_s


def test_plain_text_is_spoken_at_a_natural_rate(tmp_path: Path) -> None:
    path = tmp_path / "plain.txt"
    path.write_text("Hello there.\n")
    source = loading.from_reference(path).source
    assert source.answer(ListenOptions(punctuate=True), SUBMITTED).transcript() == "Hello there."
    assert loading.say(f"@{path}").timeline == loading.say("Hello there.").timeline
    assert (loading.say(f"@{path}").name, loading.say("x").name) == ("plain", "say")


def _sentence(load: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as caught:
        load()
    return str(caught.value)


def test_what_is_missing_or_neither_is_named(tmp_path: Path) -> None:
    (tmp_path / "clip.wav").write_bytes(b"RIFF")
    (tmp_path / "empty").mkdir()
    assert _sentence(lambda: loading.load_known([tmp_path / "gone"])) == f"{tmp_path}/gone: no such file or folder"
    assert _sentence(lambda: loading.load_known([tmp_path / "gone.jsonl"])) == (
        f"{tmp_path}/gone.jsonl: cannot be read (No such file or directory)"
    )
    assert _sentence(lambda: loading.load_known([tmp_path / "clip.wav"])) == (
        f"{tmp_path}/clip.wav: neither a recording (.jsonl) nor a response (.json)"
    )
    assert _sentence(lambda: loading.load_known([tmp_path / "empty"])) == (
        f"{tmp_path}/empty: no recordings (.jsonl) and no responses (.json) in it"
    )


def test_two_recordings_of_one_name_are_refused(taped: Recording, tmp_path: Path) -> None:
    path = _write(tmp_path, taped)
    (tmp_path / "other").mkdir()
    shutil.copy(path, tmp_path / "other")
    assert _sentence(lambda: loading.load_known([path, tmp_path / "other"])) == (
        "taped: 2 recordings have this name; wanted names that tell them apart"
    )


@pytest.mark.parametrize("body", ["not json", "[]", '{"metadata":{}}', '{"err_code":"x"}'])
def test_what_is_no_response_is_named(body: str, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(body)
    assert _sentence(lambda: loading.load_known([tmp_path])).startswith(
        f"{tmp_path}/odd.json: no response of POST /v1/listen: "
    )


def test_a_recording_that_cannot_be_replayed_is_named(
    tape: Any, results_text: Callable[..., str], tmp_path: Path
) -> None:
    path = _write(tmp_path, tape.audio(1.0).down(results_text("0.0", "1.0", "x", channel="[4,2]")).recording("odd"))
    assert _sentence(lambda: loading.from_recording(path)) == (
        f"{path}: odd: a Results is about channel [4, 2]; wanted an index below a total of at most 64"
    )


@pytest.mark.parametrize(
    ("audio", "described", "why"),
    [
        (b"\1", {"encoding": "linear16", "sample_rate": 16_000}, "has 1 bytes, not one frame of"),
        (b"\1\2", {"encoding": "linear16", "sample_rate": 7}, "sample_rate is 7; wanted"),
        (b"\1\2", {"container": "wav"}, "is no audio file known here"),
    ],
)
def test_audio_that_is_not_what_its_recording_says_is_named(
    audio: bytes, described: dict[str, Any], why: str, taped: Recording, tmp_path: Path
) -> None:
    path = _write(tmp_path, taped, audio, **described)
    sentence = _sentence(lambda: loading.from_recording(path))
    assert sentence.startswith(str(path))
    assert why in sentence


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"phrases": []}', "no reference: Object missing required field `text`"),
        (
            '{"text": "a", "phrases": [{"text": "a", "start_audio_s": 0, "end_audio_s": 1, "channel": 1}]}',
            "on channel 1; wanted 0 to 0",
        ),
        ('{"text": "a", "phrases": [{"text": "a", "start_audio_s": 2, "end_audio_s": 1}]}', "lasts from 2 to 1 s"),
    ],
)
def test_a_reference_that_cannot_be_is_named(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    path.write_text(text)
    sentence = _sentence(lambda: loading.from_reference(path))
    assert sentence.startswith(f"{path}: ")
    assert why in sentence


def test_nothing_to_say_is_refused(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.txt", tmp_path / "binary.txt"
    empty.write_text(" \n")
    binary.write_bytes(b"\xff\xfe")
    assert _sentence(lambda: loading.say("  ")) == "--say: the text is empty; wanted words, or @FILE"
    assert _sentence(lambda: loading.say(f"@{empty}")) == f"{empty}: the file is empty; wanted the words to say"
    assert _sentence(lambda: loading.say(f"@{binary}")) == f"{binary}: not UTF-8 text"
    assert _sentence(lambda: loading.say(f"@{tmp_path}/gone")) == (
        f"{tmp_path}/gone: cannot be read (No such file or directory)"
    )


def test_a_file_too_large_to_be_a_response_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MAX_RESPONSE_BYTES", 10)
    (tmp_path / "large.json").write_text("x" * 11)
    assert _sentence(lambda: loading.load_known([tmp_path])) == f"{tmp_path}/large.json: larger than 10 bytes"


def test_a_loaded_recording_reads_its_session_once(taped: Recording, tmp_path: Path) -> None:
    source = loading.from_recording(_write(tmp_path, taped)).source
    assert isinstance(source, RecordedSource)
    assert source.session is source.session
    assert source.script(ListenOptions(), 1) is source.session

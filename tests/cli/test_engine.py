"""`--engine` on the command line, and manifests, which are what it is mostly run on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import BadInput
from harness.manifest import load_manifest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
BOOKING = FIXTURES / "audio" / "booking.wav"
TEXT: str = json.loads((FIXTURES / "references" / "booking.json").read_text())["text"]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "clips.tsv"
    path.write_text(f"id\taudio\ttext\nbooking\t{BOOKING}\t{TEXT}\n")
    return path


def test_a_manifest_is_run_against_a_recogniser_and_scored(run: Run, manifest: Path) -> None:
    pytest.importorskip("moonshine_voice", reason="the extra moonshine is not installed")
    ran = run("run", manifest, "--engine", "moonshine", "--speed", "max", "--normalizer", "whisper-english", "--json")

    (case,) = ran.json["cases"]
    assert ran.code == 0, case["reasons"]
    assert (case["name"], case["synthetic"]) == ("booking", False)
    assert case["replies"].startswith("recognised by moonshine-tiny-en (0.1.0)")
    for side in ("streamed", "prerecorded"):
        words = case[side]["score"]["words"]
        assert words["reference_length"] > 40
        assert words["rate"] < 0.15


@pytest.mark.parametrize(("engine", "module"), [("moonshine", "moonshine_voice"), ("whisper", "faster_whisper")])
@pytest.mark.parametrize("command", ["serve", "run"])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    run: Run, manifest: Path, monkeypatch: pytest.MonkeyPatch, engine: str, module: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, f"mock_server.engines.{engine}", raising=False)

    ran = run(command, *([manifest] if command == "run" else ["--port", 0]), "--engine", engine)

    assert ran.code == 2
    assert ran.err == f"dgharness: the engine {engine} needs the package {module}: pip install 'dgharness[{engine}]'\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("serve", "--engine", "moonshine", "--say", "hello"), "--engine answers everything by itself"),
        (("run", BOOKING, "--engine", "moonshine", "--url", "ws://127.0.0.1:1"), "--engine and --url are both given"),
        (("serve", "--engine", "kaldi"), "'kaldi' is not one of 'moonshine', 'whisper'"),
    ],
)
def test_who_answers_must_be_clear(run: Run, arguments: tuple[object, ...], sentence: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert sentence in ran.err


def test_a_manifest_without_anybody_to_answer_says_what_is_missing(run: Run, manifest: Path) -> None:
    ran = run("run", manifest)
    assert ran.code == 2
    assert "name it with --url, or a recogniser with --engine" in ran.out + ran.err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.tsv", 'audio\ttext\na.wav\tHe said "no"\n'),
        ("m.csv", 'audio,text\na.wav,"He said ""no"""\n'),
        ("m.jsonl", '{"audio_filepath": "a.wav", "text": "He said \\"no\\"", "duration": 1.5}\n\n'),
        ("m.json", '{"audio_filepath": "a.wav", "text": "He said \\"no\\""}\n'),
    ],
)
def test_the_formats_of_manifests(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)

    (case,) = load_manifest(path)

    assert (case.name, case.audio) == ("a", tmp_path / "a.wav")
    assert case.reference is not None
    assert case.reference.text == 'He said "no"'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no line in this manifest"),
        ("{}", "line 1: has nothing; wanted a field audio_filepath or audio"),
        ('{"audio": "a.wav"}', "line 1: has audio; wanted a field text or reference or transcript"),
        ('{"audio": "a.wav", "text": 3}', "line 1: text is 3; wanted a string"),
        ('\n["a.wav"]', "line 2: is no object"),
        ('{"audio": ', "line 1: not JSON"),
    ],
)
def test_a_manifest_that_cannot_be_used_names_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"m\.jsonl: ") as error:
        load_manifest(path)
    assert sentence in str(error.value)


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_manifest(tmp_path / "m.tsv")

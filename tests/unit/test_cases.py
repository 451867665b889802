"""Case files: what they may say, what is made of it, and one sentence for each thing that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness import cases
from harness.audio.format import AudioFormat, Encoding
from harness.cases import Case, Phrase, Reference, Replies, RepliesFrom, Stream, Thresholds, load_case, parse_case
from harness.errors import BadInput

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "reference" / "cases.md").read_text(encoding="utf-8")
PATH = Path("cases/one.toml")
REFERENCE = """{"text": "Good evening. Hello.", "channels": 2, "phrases": [
  {"text": "Good evening.", "start_audio_s": 0.4, "end_audio_s": 1.3},
  {"text": "Hello.", "start_audio_s": 1.8, "end_audio_s": 2.2, "channel": 1}]}"""
FILES = {"../references/booking.json": REFERENCE, "said.txt": " what was said \n", "bad.json": '{"text": 1}'}
SMALLEST = 'audio = "hello.wav"\nreference = "hello there"\n'
FLUX = SMALLEST + '[stream]\nendpoint = "/v2/listen"\n'


def _case(text: str, files: dict[str, str] | None = None) -> Case:
    return parse_case(text, PATH, (FILES | (files or {})).__getitem__)


def _sentence(text: str, files: dict[str, str] | None = None) -> str:
    with pytest.raises(BadInput) as caught:
        _case(text, files)
    return str(caught.value)


# --- what a case says -----------------------------------------------------------------------------------------------


def test_the_smallest_case_has_audio_and_a_reference() -> None:
    case = _case(SMALLEST)
    assert (case.name, case.about, case.path) == ("one", "", PATH)
    assert case.audio == Path("cases/hello.wav")
    assert case.reference == Reference("hello there")
    assert (case.normalizer, case.options) == ("basic", ())
    assert (case.stream, case.replies, case.thresholds) == (Stream(), Replies(), Thresholds())
    assert case.audio_format(2) == AudioFormat(Encoding.LINEAR16, 16_000, 1)
    assert str(case.speed) == "1"


def test_options_become_the_pairs_of_a_query_string() -> None:
    options = (
        'punctuate = true\nsmart_format = false\nendpointing = 300\nutt_split = 1.5\ntag = ["a", "b c"]\nunknown = "x"'
    )
    assert _case(f"{SMALLEST}[options]\n{options}").options == (
        ("punctuate", "true"),
        ("smart_format", "false"),
        ("endpointing", "300"),
        ("utt_split", "1.5"),
        ("tag", "a"),
        ("tag", "b c"),
        ("unknown", "x"),
    )


@pytest.mark.parametrize(("speed", "wanted"), [("2", "2"), ("0.5", "0.5"), ('"max"', "max"), ('"4"', "4")])
def test_speed_is_a_number_or_max(speed: str, wanted: str) -> None:
    case = _case(f"{SMALLEST}[stream]\nspeed = {speed}")
    assert str(case.speed) == wanted
    assert str(case.at_speed("max").speed) == "max"
    assert case.at_speed("8").stream == msgspec.structs.replace(case.stream, speed="8")


def test_a_case_for_flux_is_sent_in_frames_of_80_ms_unless_told() -> None:
    assert (_case(SMALLEST).flux, _case(SMALLEST).chunk_ms) == (False, 20)
    assert (_case(FLUX).flux, _case(FLUX).chunk_ms) == (True, 80)
    assert _case(f"{FLUX}chunk_ms = 40").chunk_ms == 40


def test_the_options_of_a_case_for_flux_are_those_of_flux() -> None:
    options = 'eot_threshold = 0.8\nkeyterm = ["Anselm", "peanuts"]'
    assert _case(f"{FLUX}[options]\n{options}").options == (
        ("eot_threshold", "0.8"),
        ("keyterm", "Anselm"),
        ("keyterm", "peanuts"),
    )


def test_channels_are_the_files_with_multichannel_else_one_unless_told() -> None:
    both = _case(f"{SMALLEST}[options]\nmultichannel = true")
    assert (both.audio_format(2).channels, both.audio_format(1).channels) == (2, 1)
    told = _case(f"{SMALLEST}[stream]\nchannels = 3\nencoding = 'mulaw'\nsample_rate = 8000")
    assert told.audio_format(2) == AudioFormat(Encoding.MULAW, 8000, 3)


def test_a_reference_file_is_text_or_json() -> None:
    assert _case('audio = "a.wav"\nreference_file = "said.txt"').reference == Reference("what was said")
    reference = _case('audio = "a.wav"\nreference_file = "../references/booking.json"').reference
    assert reference is not None
    assert reference.phrases == (Phrase("Good evening.", 0.4, 1.3), Phrase("Hello.", 1.8, 2.2, 1))
    assert [reference.channel_text(channel) for channel in (0, 1, 2)] == ["Good evening.", "Hello.", ""]
    assert Reference("all of it", 2).channel_text(1) == "all of it"


def test_the_paths_of_replies_are_relative_to_the_case() -> None:
    replies = _case(
        'audio = "a.wav"\n[replies]\nfrom = "recording"\nrecording = "r.jsonl"\nprerecorded = "p.json"'
    ).replies
    assert (replies.recording, replies.prerecorded) == ("cases/r.jsonl", "cases/p.json")
    assert replies.kind is RepliesFrom.RECORDING
    assert _case('audio = "a.wav"\n[replies]\nfrom = "server"').reference is None


@pytest.mark.parametrize("path", sorted((ROOT / "fixtures" / "cases").glob("*.toml")), ids=lambda path: path.stem)
def test_every_case_of_the_fixtures_can_be_read(path: Path) -> None:
    case = load_case(path)
    assert case.audio.is_file()
    assert case.reference is not None


# --- what it may not say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("audio = ", "not TOML: Invalid value (at end of document)"),
        ("", "Object missing required field `audio`"),
        (f"{SMALLEST}autor = 1", "Object contains unknown field `autor`"),
        (f"{SMALLEST}[stream]\nchunk = 20", "Object contains unknown field `chunk` - at `$.stream`"),
        (f"{SMALLEST}[replies]\nrate = 1", "Object contains unknown field `rate` - at `$.replies`"),
        (f"{SMALLEST}[thresholds]\nwer = 1", "Object contains unknown field `wer` - at `$.thresholds`"),
        (f"{SMALLEST}[stream]\nfinalize = 1", "Expected `bool`, got `int` - at `$.stream.finalize`"),
        (f"{SMALLEST}[options]\nkeyterm = [1]", "Expected `str`, got `int` - at `$.options[...][0]`"),
        (f"{SMALLEST}[replies]\nfrom = 'tape'", "Invalid enum value 'tape' - at `$.replies.from`"),
        (
            f"{SMALLEST}[replies]\nstreaming_error_rate = 8",
            "Expected `float` <= 1.0 - at `$.replies.streaming_error_rate`",
        ),
        (
            f"{SMALLEST}[replies]\nprerecorded_error_rate = -0.1",
            "Expected `float` >= 0.0 - at `$.replies.prerecorded_error_rate`",
        ),
        (f"{SMALLEST}[thresholds]\nstreaming_wer = -1", "Expected `float` >= 0.0 - at `$.thresholds.streaming_wer`"),
        (
            f"{SMALLEST}[thresholds]\nverdict_warnings = -1",
            "Expected `int` >= 0 - at `$.thresholds.verdict_warnings`",
        ),
        (
            f'{SMALLEST}reference_file = "said.txt"',
            "reference and reference_file are both given; wanted one of them",
        ),
        ('audio = "a.wav"', "replies come from a script, which needs reference or reference_file"),
        (
            'audio = "a.wav"\n[replies]\nfrom = "recording"',
            "replies come from a recording, but neither recording nor prerecorded names one",
        ),
        (f"{SMALLEST}[stream]\nchunk_ms = 10", "[stream] chunk_ms is 10; wanted 20 to 250"),
        (f"{SMALLEST}[stream]\nchunk_ms = 251", "[stream] chunk_ms is 251; wanted 20 to 250"),
        (
            f"{SMALLEST}[stream]\nspeed = 'fast'",
            "[stream] speed is 'fast'; wanted a number above 0 such as 1, 0.5 or 4, or max",
        ),
        (
            f"{SMALLEST}[stream]\nspeed = 0",
            "[stream] speed is '0'; wanted a number above 0 such as 1, 0.5 or 4, or max",
        ),
        (f"{SMALLEST}[stream]\nendpoint = '/v3'", "Invalid enum value '/v3' - at `$.stream.endpoint`"),
        (f"{FLUX}channels = 2", "[stream] channels is 2; wanted 1: Flux hears one channel"),
        (f"{FLUX}sample_rate = 22050", "[options] Invalid 'sample_rate' value of '22050'."),
        (f"{FLUX}[options]\neot_threshold = 0.2", "[options] Invalid 'eot_threshold' value of '0.2'."),
        (
            f"{FLUX}[options]\nmultichannel = true",
            "[options] `multichannel` is not supported on the `/v2/listen` endpoint.",
        ),
        (f"{FLUX}[options]\nmodel = 'nova-3'", "[options] Only Flux models are supported on `/v2/listen`."),
        (f"{SMALLEST}[stream]\nencoding = 'opus'", "[stream] 'opus' is not a valid Encoding"),
        (
            f"{SMALLEST}[stream]\nsample_rate = 7",
            "[stream] sample_rate is 7; wanted a whole number from 1000 to 384000",
        ),
        (f"{SMALLEST}[stream]\nchannels = 0", "[stream] channels is 0; wanted a whole number from 1 to 64"),
        (
            SMALLEST + 'normalizer = "strict"',
            "normalizer: there is no normaliser named 'strict'; choose one of none, basic, whisper-english",
        ),
        (f"{SMALLEST}[options]\nencoding = 'mulaw'", "[options] encoding is declared by [stream]; wanted it there"),
        (f"{SMALLEST}[options]\nsample_rate = 8000", "[options] sample_rate is declared by [stream]; wanted it there"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(text: str, sentence: str) -> None:
    assert _sentence(text) == f"{PATH}: {sentence}"


def test_an_option_that_cannot_have_its_value_is_named() -> None:
    sentence = _sentence(f"{SMALLEST}[options]\npunctuate = 'perhaps'")
    assert sentence.startswith(f"{PATH}: [options] ")
    assert "punctuate" in sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "no reference: Object missing required field `text`"),
        ('{"text": 1}', "no reference: Expected `str`, got `int` - at `$.text`"),
        (
            '{"text": "a", "phrases": [{"text": "a", "start_audio_s": 0, "end_audio_s": 1, "channel": 1}]}',
            "the phrase 'a' is on channel 1; wanted 0 to 0",
        ),
        (
            '{"text": "a", "phrases": [{"text": "a", "start_audio_s": 1.5, "end_audio_s": 1}]}',
            "the phrase 'a' lasts from 1.5 to 1 s; wanted an end after a start of 0 or more",
        ),
    ],
)
def test_a_reference_that_cannot_be_is_named_with_its_file(text: str, sentence: str) -> None:
    found = _sentence('audio = "a.wav"\nreference_file = "r.json"', {"r.json": text})
    assert found == f"cases/r.json: {sentence}"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    def sentence() -> str:
        with pytest.raises(BadInput) as caught:
            load_case(tmp_path / "case.toml")
        return str(caught.value)

    assert sentence() == f"{tmp_path}/case.toml: cannot be read (No such file or directory)"
    (tmp_path / "case.toml").write_bytes(b'audio = "\xff"')
    assert sentence() == f"{tmp_path}/case.toml: not UTF-8 text"
    (tmp_path / "case.toml").write_text('audio = "a.wav"\nreference_file = "gone.txt"')
    assert sentence() == f"{tmp_path}/gone.txt: cannot be read (No such file or directory)"


# --- the page that describes them -----------------------------------------------------------------------------------

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "The case": cases._CaseFile,
    "[stream]": Stream,
    "[replies]": Replies,
    "[thresholds]": Thresholds,
}
EXAMPLES = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)


def _rows(section: str) -> dict[str, list[str]]:
    body = DOCS.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = (re.split(r"(?<!\\)\|", line)[1:-1] for line in body.splitlines() if line.startswith("| `"))
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


def _fields() -> Iterator[tuple[str, Any]]:
    for section, struct in SECTIONS.items():
        for info in msgspec.structs.fields(struct):
            yield section, info


@pytest.mark.parametrize(("section", "info"), list(_fields()), ids=lambda value: getattr(value, "encode_name", value))
def test_every_key_is_described_with_its_default(section: str, info: Any) -> None:
    kind, _, default, meaning = _rows(section)[info.encode_name]
    assert kind
    assert meaning
    if info.required:
        assert default == "required"
    elif info.default is None:
        assert default in ("none", "the file's name")
    elif info.default is msgspec.NODEFAULT or isinstance(info.default, msgspec.Struct):
        assert default == ("`[]`" if info.default_factory is list else "`{}`")
    elif isinstance(info.default, bool):
        assert default == f"`{str(info.default).lower()}`"
    elif isinstance(info.default, str):
        assert default == f'`"{info.default}"`'
    else:
        assert default == f"`{info.default}`"


@pytest.mark.parametrize("section", SECTIONS)
def test_no_key_is_described_that_does_not_exist(section: str) -> None:
    assert set(_rows(section)) == {info.encode_name for info in msgspec.structs.fields(SECTIONS[section])}


def test_every_key_of_a_reference_is_described() -> None:
    wanted = {info.encode_name for info in msgspec.structs.fields(Reference)}
    wanted |= {f"phrases[].{info.encode_name}" for info in msgspec.structs.fields(Phrase)}
    assert set(_rows("References")) == wanted
    (example,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    reference = _case('audio = "a.wav"\nreference_file = "e.json"', {"e.json": example}).reference
    assert reference is not None
    assert len(reference.phrases) == 2


def test_the_examples_can_be_read_and_the_long_one_shows_every_key() -> None:
    long, short, flux = EXAMPLES
    case = _case(long)
    assert case.name == "booking by telephone"
    assert dict(case.options)["utt_split"] == "1.1"
    shown = set(re.findall(r"^(\w+) =", long, re.MULTILINE)) | set(re.findall(r"^\[{1,2}(\w+)\]", long, re.MULTILINE))
    every = {info.encode_name for _, info in _fields()} - {"reference", "recording", "prerecorded"}
    assert every <= shown
    assert _case(short).reference == Reference("hello there")
    assert _case(flux).flux


def test_faults_are_kept_as_they_stand_and_the_seed_is_read() -> None:
    case = _case('audio = "a.wav"\nreference = "a"\nseed = 9\n[[faults]]\nkind = "reset"\nat_audio_s = 1.5\n')
    assert case.faults == ({"kind": "reset", "at_audio_s": 1.5},)
    assert case.seed == 9

"""`dgharness run` of a case for Flux: heard in turns, judged by its rules, compared with the posted file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from harness.audio.format import AudioFormat
from harness.query_options import flux_options, for_file
from harness.recording.document import Recording
from harness.recording.entries import Direction
from harness.recording.store import load

if TYPE_CHECKING:
    from tests.cli.conftest import Run, StartServer

ROOT = Path(__file__).resolve().parents[2]
FLUX_CASE = ROOT / "fixtures" / "cases" / "flux.toml"
CASE = 'audio = "clip.wav"\nreference = "hello world again"\n[stream]\nendpoint = "/v2/listen"\nspeed = "max"\n'


@pytest.fixture
def case(tmp_path: Path, clip: Path) -> Path:
    """A case for Flux of two seconds."""
    path = clip.with_name("case.toml")
    path.write_text(CASE)
    return path


def heard_texts(recording: Recording) -> list[str]:
    """What the server said, in order."""
    return [entry.text for entry in recording.texts(Direction.DOWNSTREAM)]


def without_ids(text: str) -> str:
    """A frame literally, but for what is every connection's own."""
    return re.sub(r'"(request_id|sequence_id)":("[^"]*"|[0-9]+)', r'"\1":0', text)


def said(recording: Recording) -> list[dict[str, Any]]:
    """The same as objects."""
    return list(map(json.loads, heard_texts(recording)))


def events(recording: Recording) -> list[str]:
    """The same, as names only."""
    return [message.get("event", message["type"]) for message in said(recording)]


def test_the_case_of_the_fixtures_is_heard_in_turns_judged_and_scored(run: Run, tmp_path: Path) -> None:
    ran = run("run", FLUX_CASE, "--speed", "max", "--record", tmp_path, "--json")

    assert ran.code == 0, ran.err
    (result,) = ran.json["cases"]
    assert result["streamed"]["finals"] == 5
    streamed, posted = result["streamed"]["score"]["words"], result["prerecorded"]["score"]["words"]
    assert (streamed["hits"], streamed["substitutions"], streamed["deletions"], streamed["insertions"]) == (44, 3, 1, 0)
    assert posted["hits"] == 48
    assert {check["name"] for check in result["checks"] if check["passed"]} == {"streaming_wer", "prerecorded_wer"}
    assert set(result["verdict"]["families"].values()) == {"pass", "not-judged"}
    assert result["verdict"]["families"]["parsing"] == result["verdict"]["families"]["protocol"] == "pass"
    recording = load(tmp_path / "flux.jsonl")
    assert recording.header.path == "/v2/listen"
    asked = parse_qs(recording.header.query)
    assert (asked["model"], asked["eager_eot_threshold"]) == (["flux-general-en"], ["0.4"])
    assert {entry.size for entry in list(recording.audio_frames())[:-1]} == {2560}
    heard = events(recording)
    assert heard[0] == "Connected"
    assert (heard.count("StartOfTurn"), heard.count("EndOfTurn")) == (5, 5)
    assert (heard.count("EagerEndOfTurn"), heard.count("TurnResumed")) == (6, 1)


def test_what_was_recorded_can_answer_a_case(run: Run, case: Path, tmp_path: Path) -> None:
    first = run("run", case, "--record", tmp_path / "kept", "--json")
    again = tmp_path / "again.toml"
    again.write_text(CASE + '[replies]\nfrom = "recording"\nrecording = "kept/case.jsonl"\n')
    ran = run("run", again, "--record", tmp_path / "kept", "--json")

    assert (first.code, ran.code) == (0, 0), ran.out
    for side in ("streamed", "prerecorded"):
        assert ran.json["cases"][0][side]["transcript"] == first.json["cases"][0][side]["transcript"]
    assert events(load(tmp_path / "kept" / "again.jsonl")) == events(load(tmp_path / "kept" / "case.jsonl"))


@pytest.mark.parametrize("chunk_ms", [20, 80, 200])
def test_the_real_session_answers_a_case_with_its_own_frames(
    run: Run, shared: Path, tmp_path: Path, chunk_ms: int
) -> None:
    """Its file is shorter than what was sent then, by the silence that let the turn end: it is ended by force."""
    folder = shared / "recordings" / "flux-preamble"
    case = tmp_path / "real.toml"
    case.write_text(f"""
audio = "{folder / "preamble-16k.wav"}"
reference_file = "{folder / "preamble.gold.txt"}"
options = {{eot_threshold = 0.7, eager_eot_threshold = 0.5}}
stream = {{endpoint = "/v2/listen", chunk_ms = {chunk_ms}, speed = "max", finalize = true}}
replies = {{from = "recording", recording = "{folder / "frames.json"}"}}
""")
    ran = run("run", case, "--record", tmp_path / "kept", "--json")
    turns = [text for text in heard_texts(load(tmp_path / "kept" / "real.jsonl")) if '"TurnInfo"' in text]
    frames = json.loads((folder / "frames.json").read_text())["frames"]
    recorded = [without_ids(text) for text in frames if '"TurnInfo"' in text]

    assert ran.code == 0, ran.out
    assert len(turns) == 81
    assert [without_ids(text) for text in turns[:-1]] == recorded[:80]
    assert (json.loads(turns[-1])["event"], json.loads(turns[-1])["trigger"]) == ("EndOfTurn", "manual")
    assert ran.json["cases"][0]["streamed"]["score"]["words"]["reference_length"] == 52


def test_a_response_is_no_recorded_session(run: Run, case: Path) -> None:
    run("run", case, "--record", case.parent / "kept")
    case.write_text(CASE + '[replies]\nfrom = "recording"\nrecording = "kept/case.json"\n')
    ran = run("run", case, "--json")

    assert ran.code == 2
    assert "case.json: is a pre-recorded response; wanted a recorded session" in ran.json["cases"][0]["reasons"][0]


def test_the_turn_in_progress_is_ended_where_the_case_asks_for_it(run: Run, case: Path, tmp_path: Path) -> None:
    run("run", case, "--record", tmp_path / "open")
    case.write_text(CASE + "finalize = true\n")
    ran = run("run", case, "--record", tmp_path / "ended", "--json")
    ends = [m for m in said(load(tmp_path / "ended" / "case.jsonl")) if m.get("event") == "EndOfTurn"]

    assert "EndOfTurn" not in events(load(tmp_path / "open" / "case.jsonl"))
    assert [message["trigger"] for message in ends] == ["manual"]
    assert ran.json["cases"][0]["streamed"]["transcript"] == ["hello world again"]


def test_another_server_that_speaks_flux(run: Run, case: Path, mock: StartServer) -> None:
    server = mock(say="hello world again")
    ran = run("run", case, "--url", f"ws://127.0.0.1:{server.port}", "--json")

    assert ran.code == 0, ran.out
    assert ran.json["streaming"]["words"]["hits"] == 3


def test_the_posted_file_asks_for_what_both_know() -> None:
    hints = (("language_hint", "de"), ("eot_threshold", "0.8"))
    both = (("keyterm", "a b"), ("numerals", "true"), ("redact", "numbers"), ("mip_opt_out", "true"), ("tag", "t"))
    options = flux_options((("model", "flux-general-multi"), *hints, *both), AudioFormat())

    assert parse_qs(for_file(options).to_query()) == {
        "model": ["nova-3"],
        "language": ["multi"],
        "punctuate": ["true"],
        **{name: [value] for name, value in both},
    }


def test_a_lost_connection_is_mended_in_turns_too(run: Run, case: Path) -> None:
    lost = CASE.replace('"max"', '"4"') + 'reconnect = 3\n[[faults]]\nkind = "reset"\nat_audio_s = 0.8\nleg = 0\n'
    case.write_text(lost)
    ran = run("run", case, "--json")

    assert ran.code == 0, ran.out
    assert ran.json["cases"][0]["streamed"]["connections"] == 2
    assert ran.json["cases"][0]["streamed"]["transcript"] == ["hello world again"]

"""`dgharness run`: the cases that can be carried through are, and the exit code says how it went."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.audio.decode import Audio, read_audio, wav_bytes
from harness.audio.format import AudioFormat
from harness.audio.segment import Segment
from harness.cli.keeper import Keeper
from harness.errors import BadInput
from harness.recording.entries import AnyEntry, Binary
from harness.recording.store import load
from harness.results import from_json
from harness.transcript import Transcript

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run, Spawn

WriteCases = Callable[..., Path]
GOOD = 'audio = "clip.wav"\nreference = "hello world again"\n[stream]\nspeed = "max"\n'
BAD = GOOD + "[replies]\nstreaming_error_rate = 1.0\n[thresholds]\nstreaming_wer = 0.1\n"


@pytest.fixture
def cases(tmp_path: Path, clip: Path) -> WriteCases:
    """cases(name=text, …) -> the folder with these case files."""

    def write(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / f"{name}.toml").write_text(text)
        return tmp_path

    return write


def test_a_case_that_passes(run: Run, cases: WriteCases) -> None:
    ran = run("run", cases(good=GOOD))
    assert (ran.code, ran.err) == (0, "")
    assert "PASS  good\n" in ran.out
    assert ran.out.splitlines()[-1] == "PASS: 1 case"


def test_a_threshold_that_is_missed_is_exit_code_1(run: Run, cases: WriteCases) -> None:
    ran = run("run", cases(bad=BAD), "--json")
    assert ran.code == 1
    assert ran.json["cases"][0]["outcome"] == "fail"
    assert ran.json["cases"][0]["reasons"][0].startswith("streaming_wer is ")


def test_a_case_that_cannot_be_carried_through_does_not_stop_the_others(
    run: Run, cases: WriteCases, tmp_path: Path
) -> None:
    folder = cases(a='audio = "gone.wav"\nreference = "x"\n', b=GOOD, c=BAD)
    ran = run("run", folder, "--json", "--json-file", tmp_path / "out" / "r.json", "--markdown-file", tmp_path / "r.md")
    assert ran.code == 2
    assert [case["outcome"] for case in ran.json["cases"]] == ["error", "pass", "fail"]
    assert ran.json["cases"][0]["reasons"] == [f"{folder / 'gone.wav'}: there is no such file"]
    assert json.loads((tmp_path / "out" / "r.json").read_text()) == ran.json
    assert "gone.wav" in (tmp_path / "r.md").read_text()


def test_a_recorded_run_can_be_served(
    run: Run,
    cases: WriteCases,
    spawn: Spawn,
    tmp_path: Path,
    clip: Path,
    helpers: Helpers,
) -> None:
    ran = run("run", cases(one=GOOD), "--record", tmp_path / "kept", "--json")
    assert ran.json["cases"][0]["recording"] == str(tmp_path / "kept" / "one.jsonl")
    assert not load(tmp_path / "kept" / "one.jsonl").partial
    ready = helpers.ready(spawn("serve", "--port", 0, "--recording", tmp_path / "kept", "--quiet"))
    assert run("transcribe", clip, "--url", ready["http_url"]).out == "hello world again\n"
    again = run("stream", clip, "--url", ready["ws_url"], "--speed", "max", "--json")
    assert again.json["streamed"]["transcript"] == ["hello world again"]


def test_cases_of_one_name_do_not_overwrite_each_other(run: Run, cases: WriteCases, clip: Path, tmp_path: Path) -> None:
    cases(same=GOOD)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "same.toml").write_text(GOOD.replace("clip", "../clip"))
    files = (tmp_path / "same.toml", tmp_path / "other" / "same.toml")
    assert run("run", *files, "--record", tmp_path / "kept").code == 0
    assert sorted(path.name for path in (tmp_path / "kept").glob("*.jsonl")) == ["1-same.jsonl", "2-same.jsonl"]


def test_another_server_and_another_speed(run: Run, cases: WriteCases, url: str) -> None:
    folder = cases(one=GOOD.replace('"max"', '"1"') + '[replies]\nfrom = "server"\n')
    ran = run("run", folder, "--url", url, "--speed", "max", "--json")
    assert ran.json["server"] == url.removeprefix("ws://")
    assert ran.json["cases"][0]["streamed"]["wall_s"] < 1.5
    assert ran.code == 0 or ran.json["cases"][0]["streamed"]["score"]["words"]["insertions"] == 3


def test_a_case_for_a_server_needs_one(run: Run, cases: WriteCases) -> None:
    ran = run("run", cases(one=GOOD + '[replies]\nfrom = "server"\n'), "--json")
    assert ran.code == 2
    assert ran.json["cases"][0]["reasons"][0].endswith("name it with --url, or a recogniser with --engine")


def test_a_server_that_is_not_there_is_said_once_for_each_endpoint_and_scores_nothing(
    run: Run, cases: WriteCases
) -> None:
    ran = run("run", cases(one=GOOD), "--url", "ws://127.0.0.1:1", "--json")
    assert ran.code == 2
    assert len(ran.json["cases"][0]["reasons"]) == 2
    assert all("127.0.0.1:1: cannot be reached" in reason for reason in ran.json["cases"][0]["reasons"])
    assert (ran.json["streaming"], ran.json["prerecorded"]) == (None, None)


@pytest.mark.parametrize("kept", [["recording"], ["prerecorded"], ["recording", "prerecorded"]])
def test_a_case_whose_replies_were_recorded(run: Run, cases: WriteCases, tmp_path: Path, kept: list[str]) -> None:
    run("run", cases(one=GOOD), "--record", tmp_path / "kept")
    names = {"recording": "kept/one.jsonl", "prerecorded": "kept/one.json"}
    lines = "".join(f'{key} = "{names[key]}"\n' for key in kept)
    (tmp_path / "two.toml").write_text(GOOD + f'[replies]\nfrom = "recording"\n{lines}')
    ran = run("run", tmp_path / "two.toml", "--json")
    case = ran.json["cases"][0]
    sides = {"recording": "streamed", "prerecorded": "prerecorded"}
    assert all(case[sides[key]]["transcript"] == ["hello world again"] for key in kept)


def test_ctrl_c_keeps_the_cases_so_far_marked_partial(
    spawn: Spawn, cases: WriteCases, tmp_path: Path, helpers: Helpers
) -> None:
    folder = cases(a=GOOD, b=GOOD.replace('"max"', '"0.2"'), c=GOOD)
    result, kept = tmp_path / "result.json", tmp_path / "kept"
    process = spawn("run", folder, "--json-file", result, "--record", kept)
    helpers.wait_for(lambda: (kept / "b.jsonl").exists() and '"entry":"binary"' in (kept / "b.jsonl").read_text())
    helpers.interrupt_twice(process)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err == "dgharness: interrupted; the results of 2 of 3 cases are kept, marked partial\n"
    run = from_json(result.read_bytes())
    assert run.partial
    assert [(case.name, str(case.outcome)) for case in run.cases] == [("a", "pass"), ("b", "error")]
    assert run.cases[1].reasons == ("interrupted",)
    assert run.cases[1].streamed is not None
    assert load(kept / "b.jsonl").partial
    assert "Traceback" not in out + err


def test_an_interrupt_between_two_sessions_is_told_as_one(
    run: Run, cases: WriteCases, monkeypatch: pytest.MonkeyPatch, helpers: Helpers
) -> None:
    def interrupted(path: Path, segment: Segment | None) -> Audio:
        helpers.interrupt()
        return read_audio(path, segment=segment)

    monkeypatch.setattr("harness.cli.run_cases.read_audio", interrupted)
    ran = run("run", cases(a=GOOD, b=GOOD), "--json")
    assert ran.code == 2
    assert (ran.json["partial"], len(ran.json["cases"])) == (True, 1)
    assert ran.json["cases"][0]["reasons"] == ["interrupted"]


def test_an_interrupt_while_the_file_is_posted_keeps_what_was_streamed(
    run: Run, cases: WriteCases, monkeypatch: pytest.MonkeyPatch, helpers: Helpers
) -> None:
    async def interrupted(*arguments: object, **options: object) -> None:
        helpers.interrupt()
        await asyncio.sleep(30)

    monkeypatch.setattr("harness.runner.transcribe", interrupted)
    ran = run("run", cases(a=GOOD, b=GOOD), "--json")
    assert ran.code == 2
    assert ran.json["cases"][0]["reasons"] == ["interrupted"]
    assert ran.json["cases"][0]["streamed"]["transcript"] == ["hello world again"]


def test_a_recording_that_is_cut_short_by_the_disk_makes_the_case_an_error(
    run: Run, cases: WriteCases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, data: bytes, ending: str) -> str:
        raise BadInput("no space")

    from harness.cli import keeper

    monkeypatch.setattr(keeper, "keep_audio", full)
    ran = run("run", cases(one=GOOD), "--record", tmp_path / "kept", "--json")
    assert ran.code == 2
    assert ran.json["cases"][0]["reasons"] == ["no space"]


def test_a_lost_pre_recorded_half_leaves_no_response_behind(run: Run, cases: WriteCases, tmp_path: Path) -> None:
    ran = run("run", cases(one=GOOD), "--url", "ws://127.0.0.1:1", "--record", tmp_path / "kept")
    assert ran.code == 2
    assert [path.suffix for path in (tmp_path / "kept").iterdir()] == [".jsonl"]


def test_a_stream_that_is_interrupted_is_not_posted_or_scored(
    run: Run, cases: WriteCases, helpers: Helpers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Interrupting(Keeper):
        def __call__(self, entry: AnyEntry, transcript: Transcript) -> None:
            super().__call__(entry, transcript)
            if isinstance(entry, Binary):
                helpers.interrupt()

    monkeypatch.setattr("harness.cli.run_cases.Keeper", Interrupting)
    ran = run("run", cases(a=GOOD.replace('"max"', '"0.5"'), b=GOOD), "--record", tmp_path / "kept", "--json")
    assert ran.code == 2
    (case,) = ran.json["cases"]
    assert (case["outcome"], case["reasons"], case["prerecorded"]) == ("error", ["interrupted"], None)
    assert case["streamed"]["score"] is None
    assert load(tmp_path / "kept" / "a.jsonl").partial


def test_a_case_without_a_reference_is_judged_and_not_scored(run: Run, cases: WriteCases, url: str) -> None:
    text = 'audio = "clip.wav"\n[stream]\nspeed = "max"\n[replies]\nfrom = "server"\n'
    ran = run("run", cases(one=text), "--url", url, "--json")
    assert ran.code == 0
    assert ran.json["cases"][0]["streamed"]["score"] is None
    assert ran.json["streaming"] is None


def test_channels_are_scored_each_against_its_own_reference(
    run: Run, cases: WriteCases, tmp_path: Path, pcm: bytes
) -> None:
    phrases = [
        {"text": text, "start_audio_s": 0.2, "end_audio_s": 1.6, "channel": channel}
        for channel, text in enumerate(["hello there", "good morning"])
    ]
    reference = {"text": "hello there good morning", "channels": 2, "phrases": phrases}
    (tmp_path / "two.json").write_text(json.dumps(reference))
    (tmp_path / "two.wav").write_bytes(wav_bytes(pcm * 2, AudioFormat(channels=2)))
    case = (
        'audio = "two.wav"\nreference_file = "two.json"\n[options]\nmultichannel = true\n'
        '[stream]\nspeed = "max"\nchannels = 2\n'
    )
    ran = run("run", cases(stereo=case), "--json")
    assert ran.code == 0, ran.json["cases"][0]["reasons"]
    assert ran.json["cases"][0]["streamed"]["transcript"] == ["hello there", "good morning"]
    assert ran.json["streaming"]["words"]["hits"] == 4

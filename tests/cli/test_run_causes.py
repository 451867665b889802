"""`dgharness run` says why streaming has errors that pre-recorded has not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

CASE = 'audio = "clip.wav"\nreference = "hello world again"\n[options]\npunctuate = true\n[stream]\nspeed = "max"\n'


def case(folder: Path, more: str) -> Path:
    path = folder / "case.toml"
    path.write_text(CASE + more)
    return path


def test_words_that_were_heard_otherwise_are_put_down_to_recognition(run: Run, clip: Path) -> None:
    path = case(clip.parent, "[replies]\nstreaming_error_rate = 1.0\nseed = 1\n")
    ran = run("run", path, "--json", "--markdown-file", clip.parent / "r.md")
    [result] = ran.json["cases"]
    causes, streamed, posted = result["causes"], result["streamed"]["score"], result["prerecorded"]["score"]
    errors = [
        sum(side["words"][kind] for kind in ("substitutions", "deletions", "insertions")) for side in (streamed, posted)
    ]
    assert causes["extra"] - causes["fewer"] == errors[0] - errors[1] > 0
    assert causes["counts"]["recognition"] == causes["extra"] == len(causes["errors"])
    assert sum(causes["counts"].values()) == causes["extra"]
    table = f"causes of {causes['extra']} word errors that streaming has and pre-recorded has not"
    assert (clip.parent / "r.md").read_text().count(table) == 1  # of the only case, and not of the run again
    assert table in " ".join(run("run", path).out.split())


def test_a_session_that_was_cut_off_has_causes_although_it_has_no_score(run: Run, clip: Path) -> None:
    faults = ({"kind": "close", "code": 1011, "message": "CloseStream"}, {"kind": "drop", "message": "final"})
    tables = ("[[faults]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in f.items()) for f in faults)
    ran = run("run", case(clip.parent, "".join(tables)), "--json")
    [result] = ran.json["cases"]
    assert (result["outcome"], result["streamed"]["score"]) == ("error", None)
    assert result["causes"]["counts"]["tail lost at close"] == 3


def test_a_flux_turn_that_nothing_ends_is_an_interim_used_as_final(run: Run, clip: Path) -> None:
    path, counts = clip.parent / "case.toml", []
    for finalize in ("true", "false"):
        path.write_text(
            'audio = "clip.wav"\nreference = "hello world again"\n'
            f'[stream]\nendpoint = "/v2/listen"\nspeed = "max"\nfinalize = {finalize}\n'
            "[replies]\nstreaming_error_rate = 1.0\nseed = 1\n"
        )
        counts.append(run("run", path, "--json").json["cases"][0]["causes"]["counts"])
    ended, left_open = counts
    assert (ended["recognition"], ended["interim used as final"]) == (3, 0)
    assert (left_open["recognition"], left_open["interim used as final"]) == (0, 3)


def test_without_extra_errors_there_is_no_table(run: Run, clip: Path) -> None:
    ran = run("run", case(clip.parent, ""))
    assert ran.code == 0
    assert "causes of" not in ran.out


def test_without_a_reference_there_are_no_causes(run: Run, clip: Path, url: str) -> None:
    path = clip.parent / "case.toml"
    path.write_text('audio = "clip.wav"\n[stream]\nspeed = "max"\n[replies]\nfrom = "server"\n')
    assert run("run", path, "--url", url, "--json").json["cases"][0]["causes"] is None


@pytest.fixture
def two_channels(clip: Path, pcm: bytes) -> Path:
    """A case of two channels that are scored apart; the second one begins to speak first."""
    from harness.audio.decode import wav_bytes
    from harness.audio.format import AudioFormat

    stereo = b"".join(pcm[at : at + 2] * 2 for at in range(0, len(pcm), 2))
    clip.write_bytes(wav_bytes(stereo, AudioFormat(channels=2)))
    (clip.parent / "said.json").write_text(
        '{"text": "good bye hello world", "channels": 2, "phrases": ['
        '{"text": "good bye", "start_audio_s": 0.2, "end_audio_s": 1.0, "channel": 1},'
        '{"text": "hello world", "start_audio_s": 1.0, "end_audio_s": 1.8, "channel": 0}]}'
    )
    path = clip.parent / "case.toml"
    path.write_text(
        'audio = "clip.wav"\nreference_file = "said.json"\n[options]\nmultichannel = true\n[stream]\nspeed = "max"\n'
    )
    return path


def test_channels_are_looked_at_one_by_one(run: Run, two_channels: Path) -> None:
    with two_channels.open("a") as file:
        file.write("[replies]\nstreaming_error_rate = 1.0\n")
    errors = run("run", two_channels, "--json").json["cases"][0]["causes"]["errors"]
    assert {error["channel"] for error in errors} == {0, 1}
    assert {error["cause"] for error in errors} <= {"recognition", "segment cut"}


def test_channels_are_looked_at_one_by_one_though_none_was_heard_from(run: Run, two_channels: Path) -> None:
    with two_channels.open("a") as file:
        file.write('[[faults]]\nkind = "refuse"\nstatus = 503\nrequest = "stream"\n')
    [result] = run("run", two_channels, "--json").json["cases"]
    assert (result["outcome"], result["prerecorded"]["score"]["words"]["hits"]) == ("error", 4)
    assert [(error["channel"], error["reference"]) for error in result["causes"]["errors"]] == [
        (0, "hello"), (0, "world"), (1, "good"), (1, "bye")
    ]  # fmt: skip
    assert result["causes"]["counts"]["lost audio"] == 4


def test_audio_that_a_session_did_not_come_to_was_never_sent(run: Run, clip: Path) -> None:
    """A client reads half a minute ahead: what lies behind that no buffer has seen."""
    from harness.audio.decode import wav_bytes
    from harness.audio.format import AudioFormat

    clip.write_bytes(wav_bytes(bytes(2 * 16_000 * 40), AudioFormat()))
    (clip.parent / "said.json").write_text(
        '{"text": "hello world", "phrases": ['
        '{"text": "hello", "start_audio_s": 1.0, "end_audio_s": 2.0},'
        '{"text": "world", "start_audio_s": 38.0, "end_audio_s": 39.0}]}'
    )
    path = clip.parent / "case.toml"
    path.write_text(
        'audio = "clip.wav"\nreference_file = "said.json"\n[options]\npunctuate = true\n'
        '[[faults]]\nkind = "refuse"\nstatus = 503\nrequest = "stream"\n'
    )
    [result] = run("run", path, "--json").json["cases"]
    assert [(error["reference"], error["cause"]) for error in result["causes"]["errors"]] == [
        ("hello", "lost audio"), ("world", "lost audio")
    ]  # fmt: skip
    assert result["causes"]["errors"][1]["evidence"].endswith("s on was never sent")

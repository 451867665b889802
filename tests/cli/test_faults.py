"""Faults from the command line and from case files, through the whole of it."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run, Spawn

CASE = 'audio = "clip.wav"\nreference = "hello world again"\n[stream]\nspeed = "max"\n'


@pytest.fixture
def case(tmp_path: Path, clip: Path) -> Path:
    """A case whose connection is closed as the server goes down."""
    path = tmp_path / "case.toml"
    path.write_text(f'{CASE}[[faults]]\nkind = "close"\ncode = 1012\nreason = "going down"\nat_audio_s = 0.2\n')
    return path


def test_the_faults_of_a_case_happen(run: Run, case: Path) -> None:
    ran = run("run", case, "--json")

    assert ran.code == 2
    (reason,) = ran.json["cases"][0]["reasons"]
    assert "1012 (going down)" in reason
    assert ran.json["seed"] is None
    events = [(event["kind"], event["text"]) for event in ran.json["cases"][0]["timeline"]["events"]]
    fault, closed = events.index(("fault", "fault close: connection")), [kind for kind, _ in events].index("closed")
    assert fault < closed, "the time line shows the cause before what it did"


def test_a_case_may_have_its_file_refused_and_its_stream_not(run: Run, case: Path) -> None:
    case.write_text(f'{CASE}[[faults]]\nkind = "refuse"\nstatus = 402\nrequest = "file"\n')

    ran = run("run", case, "--json")

    assert ran.code == 2
    (result,) = ran.json["cases"]
    assert result["streamed"]["transcript"] == ["hello world again"]
    assert result["streamed"]["failure"] is None
    assert "refused with HTTP 402" in result["prerecorded"]["failure"]
    assert all(event["kind"] != "fault" for event in result["timeline"]["events"]), "the stream met none"


def test_without_them_the_same_case_passes(run: Run, case: Path) -> None:
    case.write_text(CASE)
    assert run("run", case).code == 0


def test_a_bad_fault_in_a_case_is_one_sentence(run: Run, case: Path) -> None:
    case.write_text(f'{CASE}[[faults]]\nkind = "close"\n[[faults]]\nkind = "rest"\n')

    ran = run("run", case, "--json")

    assert ran.code == 2
    (reason,) = ran.json["cases"][0]["reasons"]
    assert reason.startswith(f"{case}: [[faults]] 2: fault 'rest' is not known; did you mean 'reset'?")


def test_a_server_elsewhere_cannot_be_made_to_have_them(run: Run, case: Path) -> None:
    ran = run("run", case, "--url", "ws://127.0.0.1:9", "--json")

    assert ran.code == 2
    assert ran.json["cases"][0]["reasons"][0].startswith(f"{case}: [[faults]] are the mock's own; wanted none with")


def test_serve_has_the_faults_it_is_told(run: Run, spawn: Spawn, clip: Path, helpers: Helpers) -> None:
    told = ("--fault", "close code=1012 at_audio_s=0.2 leg=0", "--seed", 4)
    ready = helpers.ready(spawn("serve", "--port", 0, "--say", "hello", "--quiet", *told))

    ran = run("stream", clip, "--url", ready["ws_url"], "--speed", "max")

    assert ran.code == 2
    assert "1012" in ran.err
    with urllib.request.urlopen(f"{ready['http_url']}/_dgharness/faults") as response:
        control = json.load(response)
    assert control["seed"] == 4
    assert control["faults"] == [{"kind": "close", "code": 1012, "at_audio_s": 0.2, "leg": 0}]
    assert [firing["kind"] for firing in control["fired"]] == ["close"]


def test_serve_refuses_a_file_as_it_is_told(run: Run, spawn: Spawn, clip: Path, helpers: Helpers) -> None:
    told = ("--fault", "refuse status=402 request=file")
    ready = helpers.ready(spawn("serve", "--port", 0, "--say", "hello", "--quiet", *told))

    ran = run("transcribe", clip, "--url", ready["http_url"])

    assert ran.code == 2
    assert "402" in ran.err
    assert "Project does not have enough credits" in ran.err


def test_serve_refuses_what_is_no_fault(run: Run) -> None:
    ran = run("serve", "--say", "hello", "--fault", "close cod=1012")

    assert ran.code == 2
    assert "fault close: field 'cod' is not known; did you mean 'code'?" in ran.err

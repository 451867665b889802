"""`dgharness simulate`: schedules explored, the first failure made smaller, kept and replayed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from harness.cases import load_case
from harness.simulation.explore import Explored, Explorer
from harness.streamer.seam import LegMap

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run

CASES = Path(__file__).resolve().parents[2] / "fixtures" / "cases"
BOOKING = CASES / "booking.toml"
FIELDS = {"schedules", "failed", "words_lost", "words_doubled", "event_log_sha256"}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The booking in frames of 100 ms, so that there is less to do."""
    path = tmp_path / "booking.toml"
    folder = BOOKING.parent.parent
    path.write_text(
        f'audio = "{folder}/audio/booking.wav"\nreference_file = "{folder}/references/booking.json"\n'
        "[stream]\nchunk_ms = 100\n"
    )
    return path


def test_no_schedule_fails_and_the_same_arguments_give_the_same_events(run: Run, case: Path) -> None:
    ran = run("simulate", case, "--seeds", 20, "--json")
    again = run("simulate", case, "--seeds", 20, "--json")

    assert (ran.code, ran.err) == (0, "")
    assert ran.json.keys() >= FIELDS
    Draft202012Validator(run("report", "--schema", "exploration").json).validate(ran.json)
    assert ran.json["endpoint"] == "/v1/listen"
    assert (ran.json["schedules"], ran.json["failed"]) == (20, 0)
    assert (ran.json["words_lost"], ran.json["words_doubled"]) == (0, 0)
    assert ran.json["connections"] > 20
    assert not ran.json["partial"]
    assert ran.json["final_delay_wall_s"]["n"] > 20
    assert ran.out == again.out
    assert run("simulate", case, "--seeds", 20, "--first-seed", 1, "--json").json["event_log_sha256"] not in ran.out


def test_flux_is_explored_as_well(run: Run) -> None:
    ran = run("simulate", CASES / "flux.toml", "--seeds", 20, "--json")
    page = run("simulate", CASES / "flux.toml", "--seeds", 5).out.splitlines()

    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["endpoint"], ran.json["schedules"], ran.json["failed"]) == ("/v2/listen", 20, 0)
    assert (ran.json["words_lost"], ran.json["words_doubled"]) == (0, 0)
    assert ran.json["connections"] > 20
    assert ran.json["final_delay_wall_s"]["n"] > 20
    assert run("simulate", CASES / "flux.toml", "--seeds", 20, "--json").out == ran.out
    assert page[1].split() == ["endpoint", "/v2/listen"]
    assert page[-1] == "PASS: 0 of 5 schedules failed"


@pytest.mark.parametrize("stream", ["finalize = true", ""])
def test_a_defect_on_flux_is_kept_as_a_case_for_flux(
    run: Run, case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    case.write_text(f'{case.read_text()}endpoint = "/v2/listen"\n{stream}\n')
    with monkeypatch.context() as broken:
        for name in ("to_source", "end_to_source"):
            broken.setattr(LegMap, name, lambda self, leg_audio_s: leg_audio_s)
        ran = run("simulate", case, "--seeds", 20, "--keep", tmp_path / "kept", "--json")
        assert ran.code == 1
        kept = tmp_path / "kept" / f"booking-seed-{ran.json['first_failure_seed']}.toml"
        assert load_case(kept).flux
        assert len(load_case(kept).faults) == 1
        assert run("simulate", kept, "--seeds", 1, "--keep", tmp_path / "again").code == 1

    assert run("simulate", kept, "--seeds", 1).code == 0


def test_a_person_gets_a_page(run: Run, case: Path) -> None:
    lines = run("simulate", case, "--seeds", 5).out.splitlines()

    assert lines[0] == "booking"
    assert lines[1].split() == ["endpoint", "/v1/listen"]
    assert any("from the end of the audio to its final" in line for line in lines)
    assert lines[-1] == "PASS: 0 of 5 schedules failed"


def test_a_defect_is_found_made_smaller_kept_and_replayed(
    run: Run, case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        for name in ("to_source", "end_to_source"):  # times of a later connection are left as they came
            broken.setattr(LegMap, name, lambda self, leg_audio_s: leg_audio_s)
        ran = run("simulate", case, "--seeds", 40, "--keep", tmp_path / "kept", "--json")
        assert ran.code == 1
        assert ran.json["words_lost"] > 0
        seed = ran.json["first_failure_seed"]
        kept = tmp_path / "kept" / f"booking-seed-{seed}.toml"
        assert f"`dgharness simulate {kept} --seeds 1` replays it" in ran.err
        smaller = load_case(kept)
        assert len(smaller.faults) == len(ran.json["first_failure"]) == 1
        assert smaller.seed == seed

        replayed = run("simulate", kept, "--seeds", 1, "--keep", tmp_path / "again", "--json")
        assert (replayed.code, replayed.json["failed"]) == (1, 1)
        assert replayed.json["first_failure_problems"] == ran.json["first_failure_problems"]

    mended = run("simulate", kept, "--seeds", 1, "--json")
    assert (mended.code, mended.json["failed"]) == (0, 0)
    assert mended.json["connections"] == 2


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_what_was_tried(
    run: Run, case: Path, monkeypatch: pytest.MonkeyPatch, by: signal.Signals
) -> None:
    explore = Explorer.run

    def interrupted(explorer: Explorer) -> Iterator[Explored]:
        for tried, outcome in enumerate(explore(explorer), 1):
            if tried == 3:
                os.kill(os.getpid(), by)
            yield outcome

    monkeypatch.setattr(Explorer, "run", interrupted)
    ran = run("simulate", case, "--seeds", 1_000_000, "--json")

    assert ran.code == 2
    assert (ran.json["partial"], ran.json["schedules"]) == (True, 3)
    assert ran.err == (
        "dgharness: interrupted; the 3 of 1000000 schedules that were tried are counted, marked partial\n"
    )


def test_interrupted_in_the_last_schedule_it_was_not(
    run: Run, case: Path, monkeypatch: pytest.MonkeyPatch, helpers: Helpers
) -> None:
    explore = Explorer.run

    def interrupted(explorer: Explorer) -> Iterator[Explored]:
        for outcome in explore(explorer):
            helpers.interrupt()
            yield outcome

    monkeypatch.setattr(Explorer, "run", interrupted)
    ran = run("simulate", case, "--seeds", 1, "--json")

    assert (ran.code, ran.err, ran.json["partial"]) == (0, "", False)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("speed = 'max'", "[stream] speed is max; wanted a number"),
        ("[replies]\nfrom = 'server'", "replies come from a server, and there is none in a simulation"),
        ("[[faults]]\nkind = 'rest'", "[[faults]] 1: fault 'rest' is not known; did you mean 'reset'?"),
    ],
)
def test_what_cannot_be_simulated_is_one_sentence(run: Run, case: Path, change: str, sentence: str) -> None:
    case.write_text(f"{case.read_text()}{change}\n")

    ran = run("simulate", case, "--seeds", 1)

    assert ran.code == 2
    assert ran.err.startswith(f"dgharness: {case}: {sentence}")

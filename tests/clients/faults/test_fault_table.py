"""The committed fault table has every kind of fault, and some of its rows are measured again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from mock_server.faults.table import FAULTS
from tests.clients.faults.measure import PAGE
from tests.clients.faults.measurement import (
    MEASURED,
    Loss,
    loss,
    noticed_after_s,
    observe,
    runs_backwards,
    write_clip,
)
from tests.clients.faults.situations import SITUATIONS, UNDISTURBED
from tests.clients.faults.table import connections, ends, noticed, render, words_of
from tests.clients.installed import CLIENTS, Client, Line, Run

CHOSEN = [client for client in CLIENTS if client.name in MEASURED]
AGAIN = ("close code=1000", "drop", "duplicate", "truncate")
"""Beginnings of rows in which nothing is left to chance, as the delay before `@deepgram/sdk` 5 comes back is."""

TEXT_OF_THE_CLIP = (
    "Leave the station by the main entrance and turn left. "
    "Walk two blocks along Hamilton Street until you see a pharmacy."
)
Needs = Callable[[Client], Client]


def rows(name: str) -> dict[str, list[str]]:
    """The committed rows of a client: fault to the other cells."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {name}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in lines}


@pytest.fixture(scope="session")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("name", MEASURED)
def test_the_table_has_a_row_for_every_situation(name: str) -> None:
    assert list(rows(name)) == ["none", *(situation.fault for situation in SITUATIONS)]


def test_the_situations_have_every_kind_of_fault() -> None:
    assert {situation.kind for situation in SITUATIONS} == set(FAULTS)


@pytest.mark.timeout(600)  # the first of all clients' tests installs everything
@pytest.mark.parametrize("client", CHOSEN, ids=lambda client: client.name)
def test_some_rows_come_out_again(client: Client, needs: Needs, audio: Path) -> None:
    again = [next(row for row in SITUATIONS if row.fault.startswith(beginning)) for beginning in AGAIN]
    with ThreadPoolExecutor(len(again) + 1) as pool:  # they wait for most of the time
        runs = list(pool.map(partial(observe, needs(client), audio=audio), [UNDISTURBED, *again]))
    undisturbed = runs[0][0].transcript
    assert undisturbed == TEXT_OF_THE_CLIP

    committed = rows(client.name)
    for situation, run in zip(again, runs[1:], strict=True):
        found = loss(*run, undisturbed)
        assert found.fired == 1, situation
        assert found.ended, situation
        assert [words_of([found]), connections([found])] == committed[situation.fault][:2], situation


@pytest.mark.timeout(600)
@pytest.mark.parametrize("client", CHOSEN, ids=lambda client: client.name)
def test_a_reset_costs_words_and_is_noticed_at_once(client: Client, needs: Needs, audio: Path) -> None:
    reset = next(situation for situation in SITUATIONS if situation.kind == "reset")
    found = loss(*observe(needs(client), reset, audio, limit_s=12), TEXT_OF_THE_CLIP)

    assert found.fired == 1
    assert found.lost > 0
    assert found.noticed_s is not None
    assert found.noticed_s < 1.0


def test_a_final_that_begins_before_the_last_one_ended_runs_backwards() -> None:
    first, second = {"start": 0.0, "duration": 3.0}, {"start": 3.0, "duration": 2.0}

    assert not runs_backwards([first, second])
    assert runs_backwards([second, first])


def told(*lines: Line) -> Run:
    return Run(lines, took_s=5.0, killed=False, stderr="")


def test_an_error_or_a_close_that_was_not_asked_for_is_noticed() -> None:
    opened, sent = Line(10.0, "open", {}), Line(14.0, "sent", {})
    usual, lost = Line(15.0, "close", {"code": 1000}), Line(15.0, "close", {"code": 1006})
    early, error = Line(13.0, "close", {"code": 1000}), Line(12.5, "error", {"text": "reset"})

    assert noticed_after_s(told(opened, sent, usual), 2.0) is None
    assert noticed_after_s(told(opened, sent, lost), 2.0) == 3.0
    assert noticed_after_s(told(opened, early), 2.0) == 1.0
    assert noticed_after_s(told(opened, error, early), 2.0) == 0.5


FOUND = Loss(
    1, lost=2, changed=0, extra=3, connections=1, ended=True, took_s=3.0, error="", noticed_s=None, backwards=False
)


def test_words_are_told_in_words() -> None:
    assert words_of([FOUND]) == "2 lost, 3 too many"
    assert words_of([replace(FOUND, lost=0, extra=0)]) == "all"


def test_what_differs_from_run_to_run_is_shown_from_the_lowest_to_the_highest() -> None:
    later = replace(FOUND, lost=0, connections=4, took_s=7.6, noticed_s=0.26, backwards=True)
    hung = replace(later, ended=False, took_s=55.0, noticed_s=1.0)

    assert words_of([FOUND, later]) == "0-2 lost, 3 too many"
    assert connections([FOUND, later]) == "1-4, time restarts in 1 of 2"
    assert connections([later, hung]) == "4, time restarts"
    assert (ends([FOUND, later]), ends([FOUND, later, hung])) == ("3-8 s", "3-8 s, **hangs** in 1 of 3")
    assert ends([hung, hung]) == "**hangs**"
    assert (noticed([FOUND]), noticed([FOUND, later])) == ("–", "0.3 s in 1 of 2")
    assert noticed([later, hung]) == "0.3-1.0 s"


def test_a_row_says_every_error_that_was_seen_and_the_page_how_many_runs() -> None:
    other = replace(FOUND, error="Error: no")
    page = render({"a client": [(UNDISTURBED, [FOUND, other, other])]}, runs=3, words=21, clip_audio_s=7.2, limit_s=55)

    assert "| none | 2 lost, 3 too many | 1 | 3 s | – | `Error: no` or none |" in page
    assert "3 runs" in page

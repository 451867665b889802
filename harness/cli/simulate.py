"""`dgharness simulate`: a case under thousands of seeded fault schedules, in virtual time."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event

import click

from harness.cases import Case, RepliesFrom, load_case
from harness.cli.answering import faults_of, known_for
from harness.cli.options import json_option
from harness.cli.output import complain, note, say, style_for, write_text
from harness.cli.progress import counting
from harness.cli.signals import on_stop
from harness.errors import BadInput
from harness.results import to_json
from harness.simulation.explore import Explored, Explorer, shrink
from harness.simulation.from_case import failing_case, scenario_of
from harness.simulation.scenario import Scenario
from reports.render_exploration import render_exploration_text


@click.command("simulate")
@click.argument("path", metavar="CASE.toml", type=click.Path(path_type=Path))
@click.option("--seeds", type=click.IntRange(1), default=1000, show_default=True, help="How many schedules to try.")
@click.option("--first-seed", type=int, help="The first seed; the case's own unless given.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder for the case file of the first schedule that fails.  [default: the current one]",
)
@json_option
def command(path: Path, seeds: int, first_seed: int | None, keep: Path, as_json: bool) -> int:
    """Stream a case's audio in virtual time, over and over, each time under another seeded schedule of faults.

    Client, mock server and network run in one event loop with a virtual clock: no socket, no waiting, and the same
    seed gives the same events. Each transcript must be that of the undisturbed session, word for word. A case with
    [[faults]] has just these tried under each seed; for any other they are drawn.

    The first schedule that fails is made smaller and kept as CASE-seed-N.toml, which `dgharness simulate` replays.

    \b
    dgharness simulate fixtures/cases/booking.toml --seeds 1000
    dgharness simulate booking-seed-42.toml --seeds 1
    """
    case = load_case(path)
    if case.replies.kind is RepliesFrom.SERVER:
        raise BadInput(f"{path}: replies come from a server, and there is none in a simulation; wanted another `from`")
    faults = faults_of(case)
    scenario = scenario_of(case, known_for(case), faults)
    first = case.seed if first_seed is None else first_seed
    explorer = Explorer(scenario, range(first, first + seeds))
    interrupted = _explore(explorer, case.name, seeds)
    found = explorer.result(partial=interrupted)
    say(to_json(found) if as_json else render_exploration_text(found, case.name, **style_for(sys.stdout)))
    if explorer.first_failure is not None:
        _keep(case, scenario, explorer.first_failure, keep)
    if interrupted:
        complain(f"interrupted; the {found.schedules} of {seeds} schedules that were tried are counted, marked partial")
        return 2
    return 1 if found.failed else 0


def _explore(explorer: Explorer, name: str, seeds: int) -> bool:
    """Try every seed; whether that was interrupted before the last."""
    failed, stop = 0, Event()
    with counting(name, seeds) as counted, on_stop(stop.set):
        for tried, outcome in enumerate(explorer.run(), 1):
            failed += outcome.failed
            counted(f"{failed} failed" if failed else "")
            if stop.is_set():
                return tried < seeds
    return False


def _keep(case: Case, scenario: Scenario, failure: Explored, folder: Path) -> None:
    """Write the first failure down as a case that replays it."""
    smallest = shrink(scenario, failure)
    why = f"Lost {smallest.words_lost} and doubled {smallest.words_doubled} words under seed {smallest.seed}."
    path = folder / f"{case.path.stem}-seed-{smallest.seed}.toml"
    write_text(path, failing_case(case, smallest.faults, smallest.seed, " ".join([why, *smallest.problems])))
    note(f"seed {smallest.seed} failed; `dgharness simulate {path} --seeds 1` replays it")

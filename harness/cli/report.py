"""`dgharness report`: reports from the results of a run that is over, or of a corpus."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import click
import msgspec

from harness.cli.options import json_option
from harness.cli.output import say, style_for
from harness.cli.progress import working
from harness.cli.report_files import ReportFiles, files_of, report_options
from harness.corpus.rows import Row
from harness.corpus.store import read_rows
from harness.corpus.summary import Counted, read_run, settings_of
from harness.corpus.utterances import gather
from harness.errors import BadInput
from harness.pairs import Gathered
from harness.results import (
    CorpusRun,
    DelayDocument,
    Exploration,
    GateResult,
    RunResult,
    ScoreDocument,
    ScoreLine,
    from_json,
    schema,
    to_json,
    why_unread,
)
from reports.formats import FORMATS, PAIRS_FORMATS
from reports.pairs_plots import pairs_plots
from reports.pairs_summary import summarise_corpus
from reports.plots import Plot, drawn
from reports.render_pairs_text import render_pairs_text
from reports.render_text import render_run_text
from reports.run_plots import run_plots

LAYOUTS: Final[Mapping[str, type[msgspec.Struct]]] = MappingProxyType(
    {
        "results": RunResult,
        "corpus": CorpusRun,
        "row": Row,
        "score": ScoreDocument,
        "utterance": ScoreLine,
        "delay": DelayDocument,
        "gate": GateResult,
        "exploration": Exploration,
    }
)
"""What has a published schema: each is `docs/reference/NAME.schema.json`."""


def _print_schema(ctx: click.Context, _parameter: click.Parameter, wanted: str | None) -> None:
    if wanted is not None:
        say(json.dumps(schema(LAYOUTS[wanted]), indent=2))
        ctx.exit(0)


@click.command("report")
@click.argument("results", metavar="RESULTS.json|FOLDER", type=click.Path(path_type=Path))
@report_options("html", "markdown", "junit")
@click.option(
    "--plots", "plots_dir", type=click.Path(path_type=Path), help="Write the plots into this folder, as SVG and PNG."
)
@click.option(
    "--schema", is_flag=False, flag_value="results", type=click.Choice(list(LAYOUTS)), is_eager=True,
    expose_value=False, callback=_print_schema,
    help="Print the JSON schema of `run --json`, or of what is named, and do nothing else.",
)  # fmt: skip
@json_option
def command(
    results: Path,
    html_file: Path | None,
    markdown_file: Path | None,
    junit_file: Path | None,
    plots_dir: Path | None,
    as_json: bool,
) -> int:
    """Make reports of what `run --json-file` wrote, or of a folder of `corpus`, and print it.

    The exit code is 0 whatever the run came to.

    \b
    dgharness run fixtures/cases --speed max --json-file results.json
    dgharness report results.json --html-file report.html --plots plots
    dgharness report runs/monday --html-file monday.html
    """
    files = ReportFiles(html=html_file, markdown=markdown_file, junit=junit_file)
    files.check(plots_dir, inputs=files_of(results))
    make = _corpus if results.is_dir() else _run
    plots = make(results, files, as_json=as_json)
    if plots_dir is not None:
        _write_plots(plots, plots_dir)
    return 0


def _run(path: Path, files: ReportFiles, *, as_json: bool) -> Iterator[Plot]:
    run = _read(path)
    say(to_json(run) if as_json else render_run_text(run, **style_for(sys.stdout)))
    files.write(lambda kind: FORMATS[kind](run))
    return run_plots(run)


def _corpus(folder: Path, files: ReportFiles, *, as_json: bool) -> Iterator[Plot]:
    run = read_run(folder)
    if run is None:
        raise BadInput(f"{folder}: holds no run.json; wanted a folder of `dgharness corpus`")
    gathered, rows = Gathered(), read_rows(folder)
    # The totals are written when a run ends: until then they are those of the rows that are there.
    counted = Counted(settings_of(folder, run).seed) if run.partial else None
    with working(f"reading {folder}"):
        deque(gather(counted.pass_on(rows) if counted else rows, gathered), maxlen=0)
    if counted:
        run = msgspec.structs.replace(counted.result(run), partial=True)
    told, pairs = summarise_corpus(run), gathered.result()
    say(to_json(run) if as_json else render_pairs_text(told, **style_for(sys.stdout)))
    files.write(lambda kind: PAIRS_FORMATS[kind](told, pairs))
    return pairs_plots(pairs)


def _read(path: Path) -> RunResult:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return from_json(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path}: {why_unread(data, error)}; wanted what `run --json-file` writes") from None


def _write_plots(plots: Iterable[Plot], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for plot in plots:
            (folder / f"{plot.name}.svg").write_bytes(drawn(plot, "svg"))
            (folder / f"{plot.name}.png").write_bytes(drawn(plot, "png"))
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written ({error.strerror})") from None

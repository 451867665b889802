"""`dgharness report`: reports from the results of a run that is over."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import msgspec

from harness.cli.options import json_option
from harness.cli.output import check_writable, say, style_for
from harness.cli.report_files import ReportFiles, report_options
from harness.errors import BadInput
from harness.results import RunResult, from_json, schema, to_json
from reports.plots import drawn
from reports.render_text import render_run_text
from reports.run_plots import run_plots


def _print_schema(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        say(json.dumps(schema(), indent=2))
        ctx.exit(0)


@click.command("report")
@click.argument("results", metavar="RESULTS.json", type=click.Path(path_type=Path))
@report_options("html", "markdown", "junit")
@click.option(
    "--plots", "plots_dir", type=click.Path(path_type=Path), help="Write the plots into this folder, as SVG and PNG."
)
@click.option(
    "--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema,
    help="Print the JSON schema of results, and do nothing else.",
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
    """Make reports of what `run --json-file` wrote, and print it. The exit code is 0 whatever the run came to.

    \b
    dgharness run fixtures/cases --speed max --json-file results.json
    dgharness report results.json --html-file report.html --plots plots
    """
    files = ReportFiles(html=html_file, markdown=markdown_file, junit=junit_file)
    files.check()
    check_writable((), plots_dir)
    run = _read(results)
    say(to_json(run) if as_json else render_run_text(run, **style_for(sys.stdout)))
    files.write(run)
    if plots_dir is not None:
        _plots(run, plots_dir)
    return 0


def _read(path: Path) -> RunResult:
    try:
        return from_json(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path}: {error}; wanted what `run --json-file` writes") from None


def _plots(run: RunResult, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for plot in run_plots(run):
            (folder / f"{plot.name}.svg").write_bytes(drawn(plot, "svg"))
            (folder / f"{plot.name}.png").write_bytes(drawn(plot, "png"))
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written ({error.strerror})") from None

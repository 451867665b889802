"""`dgharness compare`: the gate. Is a new run worse than the one before?"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from harness.cli.gate_files import read_source
from harness.cli.options import json_option
from harness.cli.output import check_apart, check_writable, say, style_for, warn, write_text
from harness.cli.report_files import files_of
from harness.errors import BadInput
from harness.gate.baseline import Baseline, write_baseline
from harness.gate.gate import compare_runs
from harness.gate.metrics import METRICS
from harness.gate.source import Source, read_both
from harness.results import to_json
from harness.scoring.significance import MINIMUM_RESAMPLES
from reports.render_gate import render_gate_markdown, render_gate_text


@click.command("compare")
@click.argument("base", metavar="BASE", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW", type=click.Path(path_type=Path))
@click.option(
    "--tolerance",
    "tolerances",
    metavar="METRIC=VALUE",
    multiple=True,
    help="How much worse a metric may be, in its unit: streaming_wer=0.005 is half a percentage point. Repeatable.",
)
@click.option(
    "--save-baseline",
    type=click.Path(path_type=Path),
    help="Write NEW here as a baseline, with the tolerances that were in force; the exit code stays the gate's.",
)
@click.option("--normalizer", help="Of the scores that corpora are compared by.  [default: BASE's first that NEW has]")
@click.option(
    "--exact",
    is_flag=True,
    help="Put nothing down to chance: the figures decide alone, as befits replays, which repeat to the word.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the intervals' resampling.")
@click.option(
    "--resamples",
    type=click.IntRange(MINIMUM_RESAMPLES),
    default=1000,
    show_default=True,
    help="Draws that the intervals rest on.",
)
@click.option("--markdown-file", type=click.Path(path_type=Path), help="Write the report here as Markdown.")
@json_option
def command(
    base: Path,
    new: Path,
    tolerances: tuple[str, ...],
    save_baseline: Path | None,
    normalizer: str | None,
    exact: bool,
    seed: int,
    resamples: int,
    markdown_file: Path | None,
    as_json: bool,
) -> int:
    """Hold a new run against an old one. Exit code 1 when something regressed or is missing.

    Each is the results of `run --json-file`, the lines of `score --utterances-file`, the folder that `corpus` left, or
    a baseline that --save-baseline wrote: small, and meant to lie in the repository. Higher is worse for every metric.
    With 30 utterances or more a metric that is worse than its tolerance allows must also differ by more than chance;
    with fewer, and with --exact, the figures speak for themselves.

    \b
    dgharness run fixtures/cases --speed max --json-file new.json
    dgharness compare new.json new.json --save-baseline baseline.json     the first time
    dgharness compare baseline.json new.json --tolerance streaming_wer=0.005
    """
    check_writable((save_baseline, markdown_file))
    check_apart((save_baseline, markdown_file), ())
    check_apart((markdown_file,), (*files_of(base), *files_of(new)))  # a baseline may well be renewed in its place
    allowed = dict(map(_tolerance, tolerances))
    sources = read_source(base), read_source(new)
    before, now = read_both(*sources, normalizer)
    _check_pair(*sources, (base, new), saved=save_baseline is not None)
    for name in before.tolerances:
        _check_metric(name, f"{base}: tolerances")
    result = compare_runs(before, now, allowed, exact=exact, seed=seed, resamples=resamples)
    if not result.compared and not result.missing and not result.incomparable:
        raise BadInput(f"{base} holds no utterance, so there is nothing to compare")
    say(to_json(result) if as_json else render_gate_text(result, **style_for(sys.stdout)))
    if markdown_file is not None:
        write_text(markdown_file, render_gate_markdown(result))
    if save_baseline is not None:
        write_text(save_baseline, write_baseline(_with_tolerances(now, {**before.tolerances, **allowed})))
    return 0 if result.passed else 1


def _check_pair(base: Source, new: Source, paths: tuple[Path, Path], *, saved: bool) -> None:
    if paths[0].samefile(paths[1]) and not saved:
        warn(f"{paths[0]} and {paths[1]} are the same file, so nothing can differ")
    if new.is_baseline and not base.is_baseline:
        warn(f"{paths[1]} is a baseline and {paths[0]} is none: were the two swapped? BASE comes first")


def _with_tolerances(run: Baseline, tolerances: dict[str, float]) -> Baseline:
    """In the order of the metrics, whatever that of the command line was: the same run gives the same bytes."""
    return msgspec.structs.replace(run, tolerances={name: tolerances[name] for name in METRICS if name in tolerances})


def _tolerance(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    _check_metric(name, "--tolerance")
    try:
        tolerance = float(value)
    except ValueError:
        tolerance = -1.0
    if not 0 <= tolerance < float("inf"):
        raise BadInput(f"--tolerance {text}: {value or 'nothing'} is none; wanted a number from 0, as in {name}=0.01")
    return name, tolerance


def _check_metric(name: str, where: str) -> None:
    if name not in METRICS:
        raise BadInput(f"{where}: there is no metric {name!r}; wanted one of {', '.join(METRICS)}")

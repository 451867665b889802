"""`dgharness compare`: the gate. Is a new run worse than the one before?"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from harness.cli.options import json_option
from harness.cli.output import check_writable, say, style_for, write_text
from harness.errors import BadInput
from harness.gate.baseline import Baseline, read_baseline
from harness.gate.gate import compare_runs
from harness.gate.metrics import METRICS
from harness.results import to_json
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
@click.option("--seed", type=int, default=0, show_default=True, help="Of the intervals' resampling.")
@click.option(
    "--resamples", type=click.IntRange(1), default=1000, show_default=True, help="Draws that the intervals rest on."
)
@click.option("--markdown-file", type=click.Path(path_type=Path), help="Write the report here as Markdown.")
@json_option
def command(
    base: Path,
    new: Path,
    tolerances: tuple[str, ...],
    save_baseline: Path | None,
    seed: int,
    resamples: int,
    markdown_file: Path | None,
    as_json: bool,
) -> int:
    """Hold a new run against an old one. Exit code 1 when something regressed or is missing.

    Each file is the results of `run --json-file`, the lines of `score --utterances-file`, or a baseline that
    --save-baseline wrote: small, and meant to lie in the repository. Higher is worse for every metric. With 30
    utterances or more a metric that is worse than its tolerance allows must also differ by more than chance; with
    fewer the counts speak for themselves.

    \b
    dgharness run fixtures/cases --speed max --json-file new.json
    dgharness compare new.json new.json --save-baseline baseline.json     the first time
    dgharness compare baseline.json new.json --tolerance streaming_wer=0.005
    """
    check_writable((save_baseline, markdown_file))
    allowed = dict(map(_tolerance, tolerances))
    before, now = _read(base), _read(new)
    for name in before.tolerances:
        _check_metric(name, f"{base}: tolerances")
    result = compare_runs(before, now, allowed, seed=seed, resamples=resamples)
    if not result.compared and not result.missing and not result.incomparable:
        raise BadInput(f"{base} holds no utterance, so there is nothing to compare")
    say(to_json(result) if as_json else render_gate_text(result, **style_for(sys.stdout)))
    if markdown_file is not None:
        write_text(markdown_file, render_gate_markdown(result))
    if save_baseline is not None:
        write_text(save_baseline, _written(msgspec.structs.replace(now, tolerances={**before.tolerances, **allowed})))
    return 0 if result.passed else 1


def _read(path: Path) -> Baseline:
    try:
        return read_baseline(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _written(baseline: Baseline) -> str:
    """An utterance a line, so that a change of one is a change of one line."""
    rows = ",\n".join(f"  {msgspec.json.encode(utterance).decode()}" for utterance in baseline.utterances)
    head = msgspec.json.encode(msgspec.structs.replace(baseline, utterances=())).decode().removesuffix("[]}")
    return f"{head}[\n{rows}\n]}}\n"


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

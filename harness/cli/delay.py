"""`dgharness delay`: how late a recorded session's words came, and how much of them was taken back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from harness.cli.options import json_option
from harness.cli.output import say, style_for, warn
from harness.errors import BadInput
from harness.recording.document import Recording
from harness.recording.flux_frames import from_flux_frames, looks_like_flux_frames
from harness.recording.har_import import from_har
from harness.recording.store import load
from harness.recording.toolkit import from_toolkit
from harness.results import Delay, DelayDocument, MeasuredStream, Stability, to_json
from harness.scoring.normalize import Normalizer, normalizer
from harness.scoring.texts import parse_texts
from harness.session_results import measure
from reports.render_text import render_delay_text


@click.command("delay")
@click.argument(
    "paths", metavar="RECORDING|FOLDER...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "--references",
    type=click.Path(path_type=Path),
    help="What was said, by the recording's name: TSV, or a JSON map; gzip is taken too.",
)
@click.option(
    "--normalizer", "name", default="basic", show_default=True, help="For the text that had been read after a while."
)
@json_option
def command(paths: tuple[Path, ...], references: Path | None, name: str, as_json: bool) -> int:
    """Measure delays and revisions from recordings alone, of any client and of either side.

    Taken are recordings (.jsonl; a folder for all in it), HAR files (.har), and as .json the layouts of Deepgram's
    support toolkit and of the .NET SDK's Flux fixture. Wall delays need audio that was sent in real time.

    \b
    dgharness run fixtures/cases --record out
    dgharness delay out
    """
    normalise = normalizer(name)
    said = _references(references)
    measured = [(one.name, *_measured(one, normalise, said)) for path in paths for one in _recordings(path)]
    unused = said.keys() - {name for name, *_ in measured}
    warn(f"{references}: no recording is named {', '.join(sorted(unused)[:3])}" if unused and said else None)
    streams = [MeasuredStream(recording=name, delay=delay, stability=kept) for name, delay, kept in measured]
    say(to_json(DelayDocument.of(streams)) if as_json else render_delay_text(measured, **style_for(sys.stdout)))
    return 0


def _measured(recording: Recording, normalise: Normalizer, said: dict[str, str]) -> tuple[Delay, Stability]:
    reference = said.get(recording.name)
    return measure(recording, normalise, () if reference is None else (reference,))


def _references(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    return parse_texts(_read(path), str(path))


def _recordings(path: Path) -> Iterator[Recording]:
    """What a path holds.

    Raises:
        BadInput: nothing that can be read as a recording.
    """
    if path.is_dir():
        inside = sorted(path.glob("*.jsonl"))
        if not inside:
            raise BadInput(f"{path}: no recording (.jsonl) in this folder")
        yield from map(load, inside)
    elif path.suffix == ".har":
        yield from (session.recording for session in from_har(_read(path), str(path)))
    elif path.suffix == ".json":
        data = _read(path)
        yield (from_flux_frames if looks_like_flux_frames(data) else from_toolkit)(data, str(path))
    else:
        yield load(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None

"""`dgharness score`: streamed and pre-recorded transcripts against references."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from harness.cli.options import json_option
from harness.cli.output import say, style_for
from harness.errors import BadInput
from harness.results import Score
from harness.scoring.normalize import normalizer
from harness.scoring.paired import PairedScore, score_pairs
from harness.scoring.texts import parse_texts
from harness.scoring.wer import CorpusScore
from reports.render_text import render_score_text
from reports.scores import unscored_ids


@click.command("score")
@click.option("--references", required=True, type=click.Path(path_type=Path), help="What was said.")
@click.option("--streaming", required=True, type=click.Path(path_type=Path), help="What streaming heard.")
@click.option("--prerecorded", required=True, type=click.Path(path_type=Path), help="What pre-recorded heard.")
@click.option("--normalizer", "name", default="basic", show_default=True, help="none, basic or whisper-english.")
@json_option
def command(references: Path, streaming: Path, prerecorded: Path, name: str, as_json: bool) -> int:
    """Score two sets of transcripts. Each file is TSV (id, text) or a JSON map from id to text; gzip is taken too.

    Ids that are present on all sides are scored, the rest are counted.
    """
    normalise = normalizer(name)
    paired = score_pairs(_texts(references), _texts(streaming), _texts(prerecorded), normalise)
    if not paired.rows:
        raise BadInput(f"{references}: none of its ids is in both {streaming} and {prerecorded}")
    if as_json:
        say(json.dumps(_as_json(paired, normalise.label), indent=2))
    else:
        sides = Score.of(paired.streaming), Score.of(paired.prerecorded)
        unscored = unscored_ids(paired)
        say(render_score_text(*sides, scored=len(paired.rows), unscored=unscored, **style_for(sys.stdout)))
    return 0


def _texts(path: Path) -> dict[str, str]:
    try:
        return parse_texts(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _as_json(paired: PairedScore, label: str) -> dict[str, Any]:
    return {
        "normalizer": label,
        "scored": len(paired.rows),
        "unscored": unscored_ids(paired),
        "streaming": _side(paired.streaming),
        "prerecorded": _side(paired.prerecorded),
    }


def _side(side: CorpusScore) -> dict[str, Any]:
    words = side.words
    return {
        "hits": words.hits,
        "substitutions": words.substitutions,
        "deletions": words.deletions,
        "insertions": words.insertions,
        "reference_words": words.reference_length,
        "wer": side.wer,
        "mer": side.mer,
        "wil": side.wil,
        "cer": side.cer,
    }

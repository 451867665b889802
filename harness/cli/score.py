"""`dgharness score`: streamed and pre-recorded transcripts against references."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from harness.cli.options import json_option
from harness.cli.output import check_writable, say, style_for, write_text
from harness.errors import BadInput
from harness.results import Causes, Comparison, Score, to_builtins
from harness.scoring.causes import Attributed, attribute
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import normalizer
from harness.scoring.paired import PairedRow, PairedScore, score_pairs
from harness.scoring.significance import compare
from harness.scoring.texts import parse_texts
from harness.scoring.wer import CorpusScore
from harness.scoring.word_times import Hearing
from reports.render_text import render_score_text
from reports.scores import unscored_ids


@click.command("score")
@click.option("--references", required=True, type=click.Path(path_type=Path), help="What was said.")
@click.option("--streaming", required=True, type=click.Path(path_type=Path), help="What streaming heard.")
@click.option("--prerecorded", required=True, type=click.Path(path_type=Path), help="What pre-recorded heard.")
@click.option("--normalizer", "name", default="basic", show_default=True, help="none, basic or whisper-english.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the interval's resampling.")
@click.option(
    "--resamples", type=click.IntRange(1), default=1000, show_default=True, help="Draws that the interval rests on."
)
@click.option(
    "--utterances-file",
    type=click.Path(path_type=Path),
    help="Write each utterance's counts and differences here, a JSON object a line.",
)
@json_option
def command(
    references: Path,
    streaming: Path,
    prerecorded: Path,
    name: str,
    seed: int,
    resamples: int,
    utterances_file: Path | None,
    as_json: bool,
) -> int:
    """Score two sets of transcripts. Each file is TSV (id, text) or a JSON map from id to text; gzip is taken too.

    Ids that are present on all sides are scored, the rest are counted. Whether the difference of the two is real is
    told by a 95 % interval (paired bootstrap), a significance test and a verdict, which takes 30 utterances or more.
    """
    check_writable((utterances_file,), None)
    normalise = normalizer(name)
    said, streamed, posted = (_texts(path) for path in (references, streaming, prerecorded))
    paired = score_pairs(said, streamed, posted, normalise)
    if not paired.rows:
        raise BadInput(f"{references}: none of its ids is in both {streaming} and {prerecorded}")
    comparison, of_characters = (
        Comparison.of(
            compare(
                [getattr(row.streaming, tokens) for row in paired.rows],
                [getattr(row.prerecorded, tokens) for row in paired.rows],
                seed=seed,
                resamples=resamples,
            )
        )
        for tokens in ("words", "characters")
    )
    found = [
        attribute(said[row.id], Hearing(streamed[row.id]), Hearing(posted[row.id]), normalise, None)
        for row in paired.rows
    ]
    causes = Causes.of(found)
    if utterances_file is not None:
        rows = (_utterance(row, causes_of) for row, causes_of in zip(paired.rows, found, strict=True))
        write_text(utterances_file, "".join(f"{json.dumps(row)}\n" for row in rows))
    if as_json:
        say(json.dumps(_as_json(paired, normalise.label, comparison, of_characters, causes), indent=2))
    else:
        sides = Score.of(paired.streaming), Score.of(paired.prerecorded)
        text = render_score_text(
            *sides,
            comparison=comparison,
            causes=causes,
            scored=len(paired.rows),
            unscored=unscored_ids(paired),
            **style_for(sys.stdout),
        )
        say(text)
    return 0


def _texts(path: Path) -> dict[str, str]:
    try:
        return parse_texts(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _as_json(
    paired: PairedScore, label: str, words: Comparison, characters: Comparison, causes: Causes
) -> dict[str, Any]:
    return {
        "normalizer": label,
        "scored": len(paired.rows),
        "unscored": unscored_ids(paired),
        "streaming": _side(paired.streaming),
        "prerecorded": _side(paired.prerecorded),
        "comparison": to_builtins(words),
        "comparison_characters": to_builtins(characters),
        "causes": {"extra": causes.extra, "fewer": causes.fewer, "counts": causes.counts},
    }


def _utterance(row: PairedRow, found: Attributed) -> dict[str, Any]:
    """One utterance; differences are streaming less pre-recorded."""
    streamed, posted = row.streaming, row.prerecorded
    return {
        "id": row.id,
        "normalizer": streamed.normalizer,
        "streaming": {**_counts(streamed.words), "wer": streamed.wer, "cer": streamed.cer},
        "prerecorded": {**_counts(posted.words), "wer": posted.wer, "cer": posted.cer},
        "difference": {
            "errors": streamed.words.errors - posted.words.errors,
            "substitutions": streamed.words.substitutions - posted.words.substitutions,
            "deletions": streamed.words.deletions - posted.words.deletions,
            "insertions": streamed.words.insertions - posted.words.insertions,
            "wer": None if streamed.wer is None or posted.wer is None else streamed.wer - posted.wer,
            "cer": None if streamed.cer is None or posted.cer is None else streamed.cer - posted.cer,
        },
        "causes": [to_builtins(error) for error in Causes.of([found]).errors],
    }


def _side(side: CorpusScore) -> dict[str, Any]:
    return {**_counts(side.words), "wer": side.wer, "mer": side.mer, "wil": side.wil, "cer": side.cer}


def _counts(words: ErrorRate) -> dict[str, int]:
    return {
        "hits": words.hits,
        "substitutions": words.substitutions,
        "deletions": words.deletions,
        "insertions": words.insertions,
        "reference_words": words.reference_length,
    }

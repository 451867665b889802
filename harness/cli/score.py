"""`dgharness score`: streamed and pre-recorded transcripts against references."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from harness.cli.options import json_option
from harness.cli.output import TOOL, lines_file, say, style_for
from harness.cli.progress import working
from harness.cli.report_files import ReportFiles, report_options
from harness.cli.score_json import document_of, line_of
from harness.cli.score_notes import notes_of
from harness.errors import BadInput
from harness.paired_texts import PairedTexts, Texts
from harness.results import ScoreDocument, ScoreLine, TranscriptScores, to_builtins
from harness.scoring.entities import read_entities
from harness.scoring.normalize import normalizer
from harness.scoring.significance import MINIMUM_RESAMPLES
from harness.scoring.texts import parse_texts
from reports.formats import PAIRS_FORMATS
from reports.pairs_summary import summarise_scores
from reports.render_pairs_text import render_pairs_text
from reports.scores import unscored_ids


@click.command("score")
@click.option(
    "--references",
    "references",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="What was said. Given twice, both references count: the band between them is told.",
)
@click.option("--streaming", required=True, type=click.Path(path_type=Path), help="What streaming heard.")
@click.option("--prerecorded", required=True, type=click.Path(path_type=Path), help="What pre-recorded heard.")
@click.option(
    "--normalizer",
    "names",
    multiple=True,
    default=("basic",),
    show_default="basic",
    help="none, basic or whisper-english. Given several times, utterances whose verdict they change are listed.",
)
@click.option(
    "--missing-as-empty", is_flag=True, help="An id that one side lacks is scored as an empty text: failures stay in n."
)
@click.option("--alternates", is_flag=True, help="References may have alternatives: {colour / color}; @ is nothing.")
@click.option("--sclite", is_flag=True, help="Tell the errors' kinds as NIST sclite splits them, beside jiwer's.")
@click.option("--entities", type=click.Path(path_type=Path), help="Count these phrases apart; one a line.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the interval's resampling.")
@click.option(
    "--resamples",
    type=click.IntRange(MINIMUM_RESAMPLES),
    default=1000,
    show_default=True,
    help="Draws that the interval rests on.",
)
@click.option(
    "--utterances-file",
    type=click.Path(path_type=Path),
    help="Write each utterance's counts and differences here, a JSON object a line.",
)
@report_options("html", "markdown")
@json_option
def command(
    references: tuple[Path, ...],
    streaming: Path,
    prerecorded: Path,
    names: tuple[str, ...],
    missing_as_empty: bool,
    alternates: bool,
    sclite: bool,
    entities: Path | None,
    seed: int,
    resamples: int,
    utterances_file: Path | None,
    html_file: Path | None,
    markdown_file: Path | None,
    as_json: bool,
) -> int:
    """Score two sets of transcripts. Each file is TSV (id, text) or a JSON map from id to text; gzip is taken too.

    Ids that are present on all sides are scored, the rest are counted. Whether the difference of the two is real is
    told by a 95 % interval (paired bootstrap), a significance test and a verdict, which takes 30 utterances or more.
    """
    reports = ReportFiles(html=html_file, markdown=markdown_file)
    inputs = (*references, streaming, prerecorded, *([entities] if entities else []))
    reports.check(inputs=inputs, others=(utterances_file,))
    if len(references) > 2:
        raise BadInput(f"--references is given {len(references)} times; wanted one, or two for the band between them")
    job = PairedTexts(_texts(streaming), _texts(prerecorded), seed, resamples, alternates=alternates)
    said = [_texts(path) for path in references]
    if missing_as_empty:
        job = job.with_empty_texts(said[0])
    if not job.ids_in(said[0]):
        raise BadInput(f"{references[0]}: none of its ids is in both {streaming} and {prerecorded}")
    phrases = _phrases(entities)
    with lines_file(utterances_file) as put, working("scoring"):
        found = job.find(
            said,
            [normalizer(name) for name in names],
            sclite=sclite,
            phrases=phrases,
            passing=lambda utterance: put(lambda: _as_text(line_of(utterance))),
        )
    told = summarise_scores(
        TranscriptScores(
            tool=TOOL,
            files=dict(_files(references, streaming, prerecorded)),
            totals=tuple(one.total for one in found.totals),
            unscored=unscored_ids(found.left_out),
            causes=found.causes,
            notes=tuple(notes_of(found)),
        )
    )
    pairs = cache(found.gathered.result)  # only if a report is wanted, and once for all of them
    reports.write(lambda kind: PAIRS_FORMATS[kind](told, pairs()))
    say(_as_text(document_of(found), indent=2) if as_json else render_pairs_text(told, **style_for(sys.stdout)))
    return 0


def _as_text(told: ScoreDocument | ScoreLine, indent: int | None = None) -> str:
    return json.dumps(to_builtins(told), indent=indent)


def _files(references: tuple[Path, ...], streaming: Path, prerecorded: Path) -> Iterator[tuple[str, str]]:
    yield "references", " and ".join(map(str, references))
    yield "streaming", str(streaming)
    yield "pre-recorded", str(prerecorded)


def _texts(path: Path) -> Texts:
    try:
        return parse_texts(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _phrases(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        return read_entities(path.read_text(encoding="utf-8-sig"), str(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text") from None

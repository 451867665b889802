"""`dgharness score`: streamed and pre-recorded transcripts against references."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from harness.cli.options import json_option
from harness.cli.output import TOOL, check_writable, say, style_for, write_text
from harness.cli.report_files import ReportFiles, report_options
from harness.cli.score_json import (
    causes_as_json,
    entities_as_json,
    flips_as_json,
    pair_as_json,
    split_as_json,
    utterance_as_json,
)
from harness.errors import BadInput
from harness.paired_texts import SIDES, PairedTexts, Texts, reference_band
from harness.results import Causes, TranscriptScores
from harness.scoring.entities import EntityCount, count_entities, read_entities
from harness.scoring.error_rate import ErrorRate
from harness.scoring.flips import Flip, flips
from harness.scoring.normalize import normalizer
from harness.scoring.texts import parse_texts
from reports.figures import count, one_line, percent
from reports.formats import PAIRS_FORMATS
from reports.pairs_summary import summarise_scores
from reports.render_pairs_text import render_pairs_text
from reports.scores import unscored_ids

_SHOWN: Final = 5


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
    "--resamples", type=click.IntRange(1), default=1000, show_default=True, help="Draws that the interval rests on."
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
    check_writable((utterances_file,), None)
    reports.check()
    if len(references) > 2:
        raise BadInput(f"--references is given {len(references)} times; wanted one, or two for the band between them")
    job = PairedTexts(_texts(streaming), _texts(prerecorded), seed, resamples, alternates=alternates)
    said = [_texts(path) for path in references]
    if missing_as_empty:
        job = job.with_empty_texts(said[0])
    phrases = _phrases(entities)
    scored = [job.score(said[0], normalizer(name)) for name in dict.fromkeys(names)]
    main = scored[0]
    if not main.paired.rows:
        raise BadInput(f"{references[0]}: none of its ids is in both {streaming} and {prerecorded}")
    band = reference_band(job, main.normalizer, *said) if len(said) > 1 else None
    # Causes are found in the texts as written, which alternatives are not.
    found = [] if alternates else list(job.causes(said[0], main))
    found_flips = flips({one.normalizer.label: one.paired for one in scored}) if len(scored) > 1 else ()
    counted: dict[str, tuple[EntityCount, ...]] = {
        side: count_entities(phrases, main.alignments(side), main.normalizer) for side in SIDES if phrases
    }
    splits: dict[str, ErrorRate] = {side: main.sclite(side) for side in SIDES if sclite}
    document: dict[str, Any] = {
        "normalizer": main.normalizer.label,
        "scored": len(main.paired.rows),
        "unscored": unscored_ids(main.paired),
        **pair_as_json(main.paired, main.words, main.characters),
    }
    if found:
        document["causes"] = causes_as_json(Causes.of(found))
    if len(scored) > 1:
        document["by_normalizer"] = {
            one.normalizer.label: pair_as_json(one.paired, one.words, one.characters) for one in scored
        }
        document["flips"] = flips_as_json(found_flips)
    if splits:
        document["sclite"] = {side: split_as_json(words) for side, words in splits.items()}
    if counted:
        document["entities"] = entities_as_json(counted)
    notes = [*_flips_told(found_flips, len(scored)), *_splits_told(splits), *_entities_told(counted)]
    if band is not None:
        document["reference_band"] = band
        notes.append(_band_told(band))
    if utterances_file is not None:
        rows = (
            utterance_as_json(row, found[number] if found else None, said[0][row.id], job.heard(row.id))
            for number, row in enumerate(main.paired.rows)
        )
        write_text(utterances_file, "".join(f"{json.dumps(row)}\n" for row in rows))
    told = summarise_scores(
        TranscriptScores(
            tool=TOOL,
            files=dict(_files(references, streaming, prerecorded)),
            totals=tuple(one.total for one in scored),
            unscored=unscored_ids(main.paired),
            causes=Causes.of(found) if found else None,
            notes=tuple(notes),
        )
    )
    reports.write(lambda kind: PAIRS_FORMATS[kind](told, main.pairs(found, found_flips)))
    say(json.dumps(document, indent=2) if as_json else render_pairs_text(told, **style_for(sys.stdout)))
    return 0


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


def _band_told(band: Mapping[str, Any]) -> str:
    spans = (
        f"{name} {percent(band[side]['lowest'])} to {percent(band[side]['highest'])}"
        for side, name in zip(SIDES, ("streaming", "pre-recorded"), strict=True)
        if band[side]["lowest"] is not None
    )
    between = "" if band["references_wer"] is None else f"; the references differ by {percent(band['references_wer'])}"
    return f"WER between the two references, over {count(band['scored'], 'id')}: {', '.join(spans)}{between}"


def _flips_told(found: tuple[Flip, ...], normalizers: int) -> Iterator[str]:
    if normalizers > 1:
        yield f"{count(len(found), 'utterance')} whose verdict depends on the normaliser"
    for flip in found[:_SHOWN]:
        yield f"{one_line(flip.id)}: {flip.sentence}"
    if len(found) > _SHOWN:
        yield f"and {len(found) - _SHOWN} more; --json has them all"


def _splits_told(splits: Mapping[str, ErrorRate]) -> Iterator[str]:
    for side, words in splits.items():
        kinds = f"{words.substitutions} substitutions, {words.deletions} deletions, {words.insertions} insertions"
        yield f"as sclite splits them, {side}: {kinds}"


def _entities_told(counted: Mapping[str, tuple[EntityCount, ...]]) -> Iterator[str]:
    for side, counts in counted.items():
        occurrences, missed = sum(one.occurrences for one in counts), sum(one.missed for one in counts)
        false = sum(one.false_alarms for one in counts)
        worst = sorted((one for one in counts if one.missed), key=lambda one: -one.missed)[:_SHOWN]
        names = "".join(f"; «{one_line(one.phrase)}» {one.missed} of {one.occurrences}" for one in worst)
        yield f"entities, {side}: {missed} of {occurrences} missed, {false} false alarms{names}"

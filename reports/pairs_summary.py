"""Utterances that were heard twice, as rows and figures, formatted once for text, Markdown and HTML.

`summarise_corpus` is of the files of `dgharness corpus`, `summarise_scores` of the transcripts of `dgharness score`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from harness.results import Comparison, CorpusRun, CorpusTotal, DelaySpread, TranscriptScores
from reports.causes import CauseTable, cause_table, counted_cause_table
from reports.delays import DelayRow, DelayTable
from reports.figures import count, duration, one_line, shorten
from reports.scores import (
    NORMALIZER_ROW,
    ScoreTable,
    Side,
    comparison_line,
    counted_score_title,
    score_table,
    unscored_line,
)
from reports.summary import Fact

_SETTING_CHARACTERS: Final = 300
_VERDICTS: Final = {
    "better": "streaming is better than pre-recorded",
    "worse": "streaming is worse than pre-recorded",
    "not distinguishable": "streaming and pre-recorded are not distinguishable",
}


class TotalTable(NamedTuple):
    """The scores of all utterances under one normaliser, and what may be said of streaming against pre-recorded."""

    normalizer: str
    scores: ScoreTable
    comparison: str


@dataclass(frozen=True, slots=True)
class PairsSummary:
    """Any number of utterances, ready to be laid out.

    Attributes:
        title: what this is of.
        last_line: how it came out.
        style: of the last line: `pass`, `fail`, `partial`, or nothing where nobody passes or fails.
        facts: when, by whom and under what settings.
        totals: under each normaliser.
        causes: of the errors that streaming has and pre-recorded has not; None when there are none.
        delays: how late words came; None when that was not measured.
        notes: what else there is to say.
    """

    title: str
    last_line: str
    style: str
    facts: tuple[Fact, ...]
    totals: tuple[TotalTable, ...]
    causes: CauseTable | None
    delays: DelayTable | None
    notes: tuple[str, ...]


def summarise_corpus(run: CorpusRun) -> PairsSummary:
    """Format what a corpus came to."""
    last_line, style = _last_line(run)
    answered = max(run.finished - run.failed, run.synthetic + run.origin_unknown)
    title = counted_score_title(answered, synthetic=run.synthetic, unknown=run.origin_unknown)
    notes = [f"{count(run.failed, 'file')} that failed counted as empty transcripts"] if run.failed else []
    return PairsSummary(
        title=f"{one_line(run.tool)}, run {one_line(run.run_id)}",
        last_line=last_line,
        style=style,
        facts=tuple(_corpus_facts(run)),
        totals=tuple(_total(total, title, notes) for total in run.totals),
        causes=counted_cause_table(run.causes),
        delays=_delays(run.delays),
        notes=(),
    )


def summarise_scores(scores: TranscriptScores) -> PairsSummary:
    """Format what transcripts scored."""
    utterances = scores.totals[0].utterances
    left_out = unscored_line(scores.unscored)
    notes = [f"{count(utterances, 'id')} scored", *([left_out] if left_out else [])]
    return PairsSummary(
        title=one_line(scores.tool),
        last_line=_told(scores.totals[0].comparison),
        style="",
        facts=tuple(Fact(name, one_line(path)) for name, path in scores.files.items()),
        totals=tuple(_total(total, "Errors against the reference", notes) for total in scores.totals),
        causes=cause_table(scores.causes),
        delays=None,
        notes=tuple(map(one_line, scores.notes)),
    )


def _total(total: CorpusTotal, title: str, notes: list[str]) -> TotalTable:
    table = score_table(title, Side(total.streaming), Side(total.prerecorded), notes)
    rows = tuple(row for row in table.rows if row.measure != NORMALIZER_ROW)  # the heading says it
    return TotalTable(one_line(total.normalizer), replace(table, rows=rows), comparison_line(total.comparison))


def _told(comparison: Comparison) -> str:
    verdict = _VERDICTS.get(comparison.verdict, f"{one_line(comparison.verdict)} to tell streaming from pre-recorded")
    return f"{verdict}: {count(comparison.utterances, 'utterance')}"


def _corpus_facts(run: CorpusRun) -> Iterator[Fact]:
    yield Fact("created", one_line(run.created))
    yield Fact("answered by", one_line(str(run.settings.get("answers"))))
    yield from _settings(run.settings)
    yield Fact("files", f"{run.finished} of {run.files}, {run.audio_s:.1f} s of audio")
    yield Fact("failed", str(run.failed))
    yield Fact("without a reference", str(run.unscored))


def _settings(settings: Mapping[str, Any]) -> Iterator[Fact]:
    """The rest of what decides the transcripts, as far as people ask for it."""
    stream = settings.get("stream")
    yield Fact("options", shorten(_query(settings.get("options")), _SETTING_CHARACTERS))
    yield Fact("speed", one_line(str(stream.get("speed") if isinstance(stream, Mapping) else stream)))
    yield Fact("seed", one_line(str(settings.get("seed"))))


def _query(options: Any) -> str:
    """Names and values of a query string, as far as they are that: the file may be from elsewhere."""
    if not isinstance(options, list | tuple):
        return str(options)
    return " ".join("=".join(map(str, one)) if isinstance(one, list | tuple) else str(one) for one in options)


def _delays(delays: Mapping[str, DelaySpread]) -> DelayTable | None:
    if not delays:
        return None
    rows = tuple(DelayRow(delay_label(name), str(one.count), *_seconds(one)) for name, one in delays.items())
    return DelayTable("How late words come: each file's median, over the files", rows, (), (), ())


def _seconds(spread: DelaySpread) -> tuple[str, str, str, str, str]:
    figures = spread.mean_s, spread.p50_s, spread.p95_s, spread.p99_s, spread.max_s
    mean, p50, p95, p99, most = map(duration, figures)
    return mean, p50, p95, p99, most


def delay_label(name: str) -> str:
    """What readers call a delay of a row, by its field: `word_shown_p50_wall_s` is «word shown»."""
    return one_line(name.removesuffix("_p50_wall_s").replace("_", " "))


def _last_line(run: CorpusRun) -> tuple[str, str]:
    if run.partial:
        return f"PARTIAL: {run.finished} of {count(run.files, 'file')} done; --resume goes on", "partial"
    if run.failed or run.faulty:
        wrong = f"{run.failed} could not be carried through, {run.faulty} had something wrong in the session"
        return f"FAIL: of {count(run.files, 'file')} {wrong}", "fail"
    return f"PASS: {count(run.files, 'file')}", "pass"

"""What a corpus came to, as text for a terminal."""

from __future__ import annotations

from itertools import chain, repeat

from harness.results import CorpusRun, CorpusTotal
from harness.scoring.causes import Cause
from reports.figures import count, one_line
from reports.render_text import put_scores
from reports.scores import Side, comparison_line, score_table, score_title
from reports.text_page import DEFAULT_WIDTH, TextPage


def render_corpus_text(run: CorpusRun, *, width: int = DEFAULT_WIDTH, color: bool = False) -> str:
    """How many files were done, what both sides scored under each normaliser, and a last line on how it came out.

    Args:
        run: what to render.
        width: of the terminal, in cells.
        color: whether to put ANSI colour codes in.
    """
    page = TextPage(width, color)
    page.line(f"{one_line(run.tool)}, run {one_line(run.run_id)}", "bold")
    page.grid(
        [
            [("answered by", ""), (one_line(str(run.settings.get("answers"))), "")],
            [("files", ""), (f"{run.finished} of {run.files}, {run.audio_s:.1f} s of audio", "")],
            [("failed", ""), (str(run.failed), "red" if run.failed else "")],
            [("without a reference", ""), (str(run.unscored), "")],
        ],
        indent=2,
    )
    for total in run.totals:
        page.line()
        page.line(f"under {one_line(total.normalizer)}", "bold")
        put_scores(page, score_table(_title(run), *_sides(total), [*_notes(run), comparison_line(total.comparison)]))
    _put_causes(page, run)
    _put_delays(page, run)
    page.line()
    page.line(*_last_line(run))
    return page.text()


def _put_causes(page: TextPage, run: CorpusRun) -> None:
    found = [(cause, run.causes[cause]) for cause in Cause if run.causes.get(cause)]
    if not found:
        return
    page.line()
    errors = sum(number for _, number in found)
    page.line(f"why streaming has {count(errors, 'error')} that pre-recorded has not", "bold")
    page.grid([[(str(number), ""), (cause.value, "")] for cause, number in found], indent=2)


def _put_delays(page: TextPage, run: CorpusRun) -> None:
    if not run.delays:
        return
    page.line()
    page.line("how late words come: each file's median, in seconds, over the files", "bold")
    header = [("", ""), *((name, "bold") for name in ("p50", "p95", "p99", "most", "files"))]
    rows = [
        [
            (name.removesuffix("_p50_wall_s").replace("_", " "), ""),
            *((f"{seconds:.3f}", "") for seconds in (spread.p50_s, spread.p95_s, spread.p99_s, spread.max_s)),
            (str(spread.count), ""),
        ]
        for name, spread in run.delays.items()
    ]
    page.grid([header, *rows], indent=2)


def _title(run: CorpusRun) -> str:
    known = run.finished - run.failed - run.synthetic - run.origin_unknown
    return score_title(
        chain(repeat(True, run.synthetic), repeat(None, run.origin_unknown), repeat(False, max(0, known)))
    )


def _sides(total: CorpusTotal) -> tuple[Side, Side]:
    return Side(total.streaming, ""), Side(total.prerecorded, "")


def _notes(run: CorpusRun) -> list[str]:
    return [f"{count(run.failed, 'file')} that failed counted as empty transcripts"] if run.failed else []


def _last_line(run: CorpusRun) -> tuple[str, str]:
    if run.partial:
        return f"PARTIAL: {run.finished} of {count(run.files, 'file')} done; --resume goes on", "yellow"
    if run.failed or run.faulty:
        wrong = f"{run.failed} could not be carried through, {run.faulty} had something wrong in the session"
        return f"FAIL: of {count(run.files, 'file')} {wrong}", "red"
    return f"PASS: {count(run.files, 'file')}", "green"

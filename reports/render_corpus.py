"""What a corpus came to, as text for a terminal."""

from __future__ import annotations

from itertools import chain, repeat

from harness.results import CorpusRun, CorpusTotal
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
    page.line()
    page.line(*_last_line(run))
    return page.text()


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

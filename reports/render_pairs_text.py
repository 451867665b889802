"""Utterances that were heard twice, as text for a terminal: what all of them came to, never the utterances."""

from __future__ import annotations

from reports.pairs_summary import PairsSummary
from reports.render_text import STYLE, put_causes, put_delays, put_facts, put_scores
from reports.text_page import DEFAULT_WIDTH, TextPage


def render_pairs_text(summary: PairsSummary, *, width: int = DEFAULT_WIDTH, color: bool = False) -> str:
    """What both sides scored under each normaliser, why, how late, and a last line on how it came out.

    Args:
        summary: what to render.
        width: of the terminal, in cells.
        color: whether to put ANSI colour codes in.
    """
    page = TextPage(width, color)
    page.line(summary.title, "bold")
    put_facts(page, summary.facts)
    for total in summary.totals:
        page.line()
        page.line(f"under {total.normalizer}", "bold")
        put_scores(page, total.scores)
        page.line(total.comparison, "bold", indent=4)
    if summary.causes is not None or summary.delays is not None:
        page.line()
    put_causes(page, summary.causes)
    put_delays(page, summary.delays)
    if summary.notes:
        page.line()
    for note in summary.notes:
        page.line(note, indent=2)
    page.line()
    page.line(summary.last_line, STYLE.get(summary.style, "bold"))
    return page.text()

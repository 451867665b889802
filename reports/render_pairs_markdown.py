"""Utterances that were heard twice, as Markdown for a pull request or a job summary: totals, and the few worst."""

from __future__ import annotations

from typing import Final

from harness.results import Pairs
from reports.pairs_summary import PairsSummary
from reports.pairs_table import columns, rows
from reports.render_markdown import blocks_of_causes, blocks_of_delays, blocks_of_scores, escape, listed, table

_WORST: Final = 20
"""A step's summary may be 1 MiB long, and nobody reads more there."""


def render_pairs_markdown(summary: PairsSummary, pairs: Pairs) -> str:
    """The totals, and a table of the worst utterances."""
    blocks = [
        f"## {escape(summary.title)}: {escape(summary.last_line)}",
        listed(summary.facts),
    ]
    for total in summary.totals:
        comparison = f"**{escape(total.comparison)}**"
        blocks += [f"### Under {escape(total.normalizer)}", comparison, *blocks_of_scores(total.scores)]
    blocks += [*blocks_of_causes(summary.causes), *blocks_of_delays(summary.delays)]
    blocks += ["\n".join(f"- {escape(note)}" for note in summary.notes), *_worst(pairs)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _worst(pairs: Pairs) -> list[str]:
    worst = rows(pairs)[:_WORST]
    cells = [[row.name, *(cell.text for cell in row.cells)] for row in worst]
    return [f"### The {len(worst)} worst of {pairs.utterances}", table(columns(pairs), cells)] if worst else []

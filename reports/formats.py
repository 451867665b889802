"""The tables of formats. A new one is a module with one function from results to text, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from harness.results import Pairs, RunResult
from reports.pairs_summary import PairsSummary
from reports.render_html import render_run_html
from reports.render_json import render_run_json
from reports.render_junit import render_run_junit
from reports.render_markdown import render_run_markdown
from reports.render_pairs_html import render_pairs_html
from reports.render_pairs_junit import render_pairs_junit
from reports.render_pairs_markdown import render_pairs_markdown
from reports.render_text import render_run_text

Renderer: TypeAlias = Callable[[RunResult], str]

PairsRenderer: TypeAlias = Callable[[PairsSummary, Pairs], str]

FORMATS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {
        "text": render_run_text,
        "markdown": render_run_markdown,
        "json": render_run_json,
        "html": render_run_html,
        "junit": render_run_junit,
    }
)
"""Of a run."""

PAIRS_FORMATS: Final[Mapping[str, PairsRenderer]] = MappingProxyType(
    {
        "markdown": render_pairs_markdown,
        "html": render_pairs_html,
        "junit": render_pairs_junit,
    }
)
"""Of utterances that were heard twice: those of a corpus, or of two sets of transcripts."""

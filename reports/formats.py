"""The table of formats. A new one is a module with one function from a run to text, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from harness.results import RunResult
from reports.render_html import render_run_html
from reports.render_json import render_run_json
from reports.render_junit import render_run_junit
from reports.render_markdown import render_run_markdown
from reports.render_text import render_run_text

Renderer: TypeAlias = Callable[[RunResult], str]

FORMATS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {
        "text": render_run_text,
        "markdown": render_run_markdown,
        "json": render_run_json,
        "html": render_run_html,
        "junit": render_run_junit,
    }
)

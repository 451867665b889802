"""A run as JSON; docs/reference/results.md documents the layout."""

from __future__ import annotations

from harness.results import RunResult, to_json


def render_run_json(run: RunResult) -> str:
    """The run's JSON with a line end."""
    return to_json(run) + "\n"

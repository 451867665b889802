from __future__ import annotations

from harness.results import RunResult, from_json
from reports.render_json import render_run_json


def test_json_is_read_back_as_the_same_run(run: RunResult) -> None:
    text = render_run_json(run)
    assert text.endswith("}\n")
    assert from_json(text.encode()) == run

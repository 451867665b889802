from __future__ import annotations

import subprocess
import sys

from harness.results import RunResult
from reports.formats import FORMATS


def test_each_format_renders_a_run(run: RunResult) -> None:
    starts = {name: render(run).splitlines()[0] for name, render in FORMATS.items()}
    assert starts == {
        "text": "dgharness 0.1.0",
        "markdown": "## dgharness 0.1.0: FAIL: 1 of 2 cases",
        "json": "{",
        "html": "<!doctype html>",
        "junit": "<?xml version='1.0' encoding='utf-8'?>",
    }


def test_the_table_loads_neither_rich_nor_anything_that_runs() -> None:
    code = (
        "import sys, reports.formats;"
        "heavy = {'rich', 'jiwer', 'numpy', 'asyncio', 'socket', 'websockets', 'httpx', 'av', 'jinja2', 'matplotlib'};"
        "print(*heavy & set(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []

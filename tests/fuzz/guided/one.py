"""Fuzzes one target: `python -m tests.fuzz.guided.one NAME [libFuzzer's options] CORPUS`."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Any

atheris: Any = import_module("atheris")  # has no types, and is no part of what the tests need

if __name__ == "__main__":
    logging.disable()
    with atheris.instrument_imports(include=["harness", "mock_server"]):
        from tests.fuzz.guided.targets import TARGETS
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], TARGETS[name].test)
    atheris.Fuzz()

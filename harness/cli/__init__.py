"""The command `dgharness`. Each command is a file of its own, loaded when it is called."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 passed, 1 a verdict or threshold failed, 2 bad input."""
    from harness.cli.app import run  # here, so that importing the package costs nothing

    run(arguments)

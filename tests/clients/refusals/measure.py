"""Measure how refusals arrive and write that down: `python -m tests.clients.refusals.measure`, half a minute."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.clients.installed import CLIENTS, Client, install_all
from tests.clients.refusals.measurement import Arrival, observe
from tests.clients.refusals.table import render, replaced

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "reference" / "clients.md"

Results = dict[str, dict[str, dict[int, Arrival]]]


def measure(clients: Iterable[Client]) -> Results:
    """Client -> mode -> status -> how the refusal arrived; side by side, because most of it is waiting."""
    chosen = list(clients)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(chosen) or 1) as pool:
        found = pool.map(lambda client: observe(client, Path(folder)), chosen)
        return {f"`{client.package}` {client.version}": one for client, one in zip(chosen, found, strict=True)}


def main() -> None:
    """Measure all clients and write the section of the page."""
    missing = install_all()
    if missing:
        sys.exit("; ".join(missing.values()))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(replaced(page, render(measure(CLIENTS))), encoding="utf-8")


if __name__ == "__main__":
    main()

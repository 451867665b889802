"""Measure the fault table and write it: `python -m tests.clients.faults.measure [--runs N]`, from the root."""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from tests.clients.faults.measurement import CLIP_AUDIO_S, LIMIT_S, MEASURED, Loss, loss, observe, write_clip
from tests.clients.faults.situations import SITUATIONS, UNDISTURBED, Situation
from tests.clients.faults.table import render
from tests.clients.installed import CLIENTS, Client, install_all

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "reference" / "client-faults.md"
AT_ONCE: Final = 7
"""Runs side by side: most of a run is waiting."""

RUNS: Final = 3
"""Of each row, so that the page shows what differs from run to run."""

Rows = list[tuple[Situation, list[Loss]]]


def measure(client: Client, audio: Path, runs: int) -> tuple[str, Rows]:
    """The client's transcript without a fault, and so many runs of every situation."""
    undisturbed = observe(client, UNDISTURBED, audio)[0].transcript
    situations = (*SITUATIONS, UNDISTURBED)  # the longest ones come first, so that the others are done meanwhile
    asked = [situation for situation in situations for _ in range(runs)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        losses = list(pool.map(partial(one, client, audio, undisturbed), asked))
    rows: Rows = [
        (situation, losses[first : first + runs])
        for situation, first in zip(situations, range(0, len(losses), runs), strict=True)
    ]
    return undisturbed, [rows[-1], *rows[:-1]]


def one(client: Client, audio: Path, undisturbed: str, situation: Situation) -> Loss:
    """One run."""
    found = loss(*observe(client, situation, audio), undisturbed)
    print(f"{client.name}: {situation.fault}: {found}", file=sys.stderr)
    return found


def main() -> None:
    """Measure both clients and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients.faults.measure", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each row (default: %(default)s)")
    runs = parser.parse_args().runs
    if runs < 1:
        parser.error(f"--runs is {runs}; wanted a whole number from 1")
    chosen = tuple(client for client in CLIENTS if client.name in MEASURED)
    missing = install_all(chosen)
    if missing:
        sys.exit("; ".join(missing.values()))
    with tempfile.TemporaryDirectory() as folder:
        audio = write_clip(Path(folder))
        results = {client.name: measure(client, audio, runs) for client in chosen}
    rows = {name: found for name, (_, found) in results.items()}
    words = len(next(iter(results.values()))[0].split())
    page = render(rows, runs=runs, words=words, clip_audio_s=CLIP_AUDIO_S, limit_s=LIMIT_S)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

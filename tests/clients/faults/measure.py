"""Measure the fault table and write it: `python -m tests.clients.faults.measure`, from the project's folder."""

from __future__ import annotations

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


def measure(client: Client, audio: Path) -> tuple[str, list[tuple[Situation, Loss]]]:
    """The client's transcript without a fault, and its row for every situation."""
    done, server = observe(client, UNDISTURBED, audio)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        losses = pool.map(partial(one, client, audio, done.transcript), SITUATIONS)
        return done.transcript, [
            (UNDISTURBED, loss(done, server, done.transcript)),
            *zip(SITUATIONS, losses, strict=True),
        ]


def one(client: Client, audio: Path, undisturbed: str, situation: Situation) -> Loss:
    """One row."""
    found = loss(*observe(client, situation, audio), undisturbed)
    print(f"{client.name}: {situation.fault}: {found}", file=sys.stderr)
    return found


def main() -> None:
    """Measure both clients and write the page."""
    chosen = tuple(client for client in CLIENTS if client.name in MEASURED)
    missing = install_all(chosen)
    if missing:
        sys.exit("; ".join(missing.values()))
    with tempfile.TemporaryDirectory() as folder:
        audio = write_clip(Path(folder))
        results = {client.name: measure(client, audio) for client in chosen}
    rows = {name: found for name, (_, found) in results.items()}
    words = len(next(iter(results.values()))[0].split())
    PAGE.write_text(render(rows, words=words, clip_audio_s=CLIP_AUDIO_S, limit_s=LIMIT_S), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Coverage-guided fuzzing of every target: `make fuzz-coverage`, or `python -m tests.fuzz.guided.run [NAME ...]`.

Each target runs in a process of its own, so often as `targets` says, times DGHARNESS_FUZZ_FACTOR. What breaks one is
kept in `.fuzz/NAME/`; `python -m tests.fuzz.guided.one NAME FILE` runs it again.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.fuzz.guided.targets import TARGETS, Target

FOUND: Final = Path(".fuzz")
SLOW_S: Final = 20
"""Seconds after which one input counts as a hang."""

EDGES: Final = re.compile(r"cov: (\d+) ft: (\d+)")
EXECUTED: Final = re.compile(r"stat::number_of_executed_units:\s+(\d+)|Done (\d+) runs")


def fuzz(name: str, target: Target, factor: float) -> bool:
    """Run one target and print its line; whether nothing was found."""
    found = FOUND / name
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dgharness-corpus-") as folder:
        for number, seed in enumerate(target.seeds()):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        words = Path(folder).with_suffix(".dict")
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words or ("a",) if word), encoding="ascii")
        options = [
            *(f"-runs={round(target.runs * factor)}", f"-max_len={target.longest}", f"-timeout={SLOW_S}", "-seed=1"),
            *(f"-artifact_prefix={found}/", f"-dict={words}", "-print_final_stats=1", "-rss_limit_mb=2048"),
        ]
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.guided.one", name, *options, folder],
            capture_output=True,
            text=True,
            errors="replace",
        )
        words.unlink()
    said = done.stderr + done.stdout
    edges = EDGES.findall(said)
    executed = EXECUTED.search(said)
    runs = next(filter(None, executed.groups()), "?") if executed else "?"
    covered = edges[-1][0] if edges else "?"
    verdict = "ok" if done.returncode == 0 else "FOUND SOMETHING"
    print(f"{name:16} {runs:>8} runs {covered:>6} edges  {verdict}", flush=True)
    if done.returncode:
        print(said[-6_000:])
        print(f"the input is in {found}/")
    return done.returncode == 0


def _escaped(word: str) -> str:
    """As libFuzzer's dictionaries have it."""
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def main(names: list[str]) -> int:
    """Fuzz these targets, or all; the exit code."""
    factor = float(os.environ.get("DGHARNESS_FUZZ_FACTOR", "1"))
    sound = [fuzz(name, TARGETS[name], factor) for name in names or TARGETS]  # all, even after a finding
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

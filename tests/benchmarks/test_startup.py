"""How long a user waits for `dgharness --help`, and a test run for the plugin, beside an interpreter that does nothing.

Each is started by turns with the others, so that whatever else the machine does falls on all alike; the best of each is
compared, which is the time that the program itself needs.
"""

from __future__ import annotations

import subprocess
import sys
import time

ROUNDS = 15
HELP_AT_MOST_S = 0.3

PROGRAMS = {
    "python -c pass": "pass",
    "dgharness --help": "import sys; sys.argv[1:] = ['--help']; from harness.cli import main; main()",
    "import harness.pytest_plugin": "import harness.pytest_plugin",
    "import pytest": "import pytest",
}


def wall_s(program: str) -> float:
    began_s = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began_s


def test_help_is_there_at_once() -> None:
    timings: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, program in PROGRAMS.items():
            timings[name].append(wall_s(program))
    best = {name: min(of_one) for name, of_one in timings.items()}
    nothing_s = best["python -c pass"]
    print()
    for name, best_s in best.items():
        print(f"{name:30} {best_s * 1000:6.0f} ms, {best_s / nothing_s:4.1f} times an empty interpreter")
    assert best["dgharness --help"] < HELP_AT_MOST_S
    # pytest is loaded when the plugin is: what the plugin itself adds is the difference.
    added_s = best["import harness.pytest_plugin"] - best["import pytest"]
    print(f"{'the plugin adds to pytest':30} {added_s * 1000:6.0f} ms")

"""What importing a room brings along, measured in a fresh interpreter: promises about I/O hold at run time too.

`.importlinter` reads the source of this project; this sees what the libraries drag in. Measured: numpy and PyAV import
`threading`; `importlib.metadata`, which gives the mock its version, imports `socket` by way of `email`. None of the
pure rooms brings an event loop, TLS, a WebSocket or HTTP library, or the test runner.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NEVER = frozenset({"asyncio", "concurrent.futures", "h11", "httpx", "multiprocessing", "pytest", "ssl", "websockets"})
NO_SOCKET = NEVER | {"select", "selectors", "socket", "subprocess"}
LIGHT = NO_SOCKET | {"av", "jiwer", "numpy", "rich", "soxr", "threading"}

ROOMS = {
    "harness.errors": LIGHT,
    "harness.loopback": LIGHT,
    "harness.protocol": LIGHT,
    "harness.recording": LIGHT,
    "harness.transcript": LIGHT,
    "harness.ledger": LIGHT,
    "harness.streamer": LIGHT,
    "harness.scoring": LIGHT,
    "harness.conformance": LIGHT,
    "harness.results": LIGHT,
    "harness.cases": LIGHT,
    "harness.pairs": LIGHT,
    "harness.paired_texts": LIGHT,
    "reports": LIGHT,
    "harness.audio": NO_SOCKET,
    "mock_server.script": NEVER,
    "mock_server.replay": NEVER,
    "mock_server.synthesis": NEVER,
    "mock_server.faults": NEVER,
    "mock_server.journal": NEVER,
    "mock_server.listen_connection": NEVER,
    "mock_server.flux_connection": NEVER,
    "mock_server.line": NEVER,
}


def modules_of(room: str) -> list[str]:
    """Every module of a room, as import names, the room itself first."""
    folder = ROOT.joinpath(*room.split("."))
    inside = sorted(path for path in folder.rglob("*.py") if path.name != "__init__.py")
    return [room, *(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in inside)]


def brought_by(modules: list[str]) -> set[str]:
    """The modules that a fresh interpreter has loaded after importing `modules`, less those it starts with."""
    program = (
        "import sys\n"
        "at_start = set(sys.modules)\n"
        f"for name in {modules!r}:\n"
        "    __import__(name)\n"
        "print('\\n'.join(set(sys.modules) - at_start))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("room", ROOMS)
def test_a_pure_room_brings_nothing_that_does_input_or_output(room: str) -> None:
    modules = modules_of(room)
    brought = brought_by(modules)
    assert brought & ROOMS[room] == set()
    assert set(modules) <= brought, "what was to be imported was imported"


def test_importing_one_room_does_not_load_its_neighbours() -> None:
    brought = {name for name in brought_by(modules_of("harness.protocol")) if name.startswith(("harness.", "mock_"))}
    assert {".".join(name.split(".")[:2]) for name in brought} == {
        "harness.audio",
        "harness.errors",
        "harness.protocol",
    }


def test_the_measurement_sees_what_is_loaded() -> None:
    assert {"asyncio", "ssl", "json"} <= brought_by(["asyncio", "ssl", "json"])


@pytest.mark.parametrize("package", ["harness", "mock_server", "reports"])
def test_a_root_package_loads_nothing_of_its_own(package: str) -> None:
    assert {name for name in brought_by([package]) if name.startswith(package)} == {package}


def test_every_module_can_be_imported_first() -> None:
    """No cycle that happens to work because another module was loaded before."""
    for room in ("harness.recording", "harness.protocol"):
        for module in modules_of(room):
            assert module in brought_by([module])

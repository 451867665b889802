"""Dask's programs, started as processes of their own: a scheduler and its workers, as on other machines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
_READY: Final = re.compile(r"(?:Scheduler at|Registered to):\s*((?:tcp|tls)://\S+)")


@dataclass(frozen=True)
class Dask:
    """A scheduler and workers, at home in another folder than the tests.

    Attributes:
        folder: that.
        tls: options of both programs, with which they speak TLS.
    """

    folder: Path
    tls: tuple[object, ...] = ()
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, program: str, *arguments: object) -> str:
        """Start one of Dask's programs; the address that it names once it is ready."""
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", f"distributed.cli.{program}", *map(str, (*arguments, *self.tls))]
        process = subprocess.Popen(
            [*command, "--no-dashboard"],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": path},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            ready = _READY.search(line)
            if ready is not None:
                return ready[1]
        raise AssertionError(f"{program} never got ready")

    def scheduler(self) -> str:
        return self.start("dask_scheduler", "--host", "127.0.0.1", "--port", 0)

    def worker(self, scheduler: str, threads: int = 2) -> None:
        self.start("dask_worker", scheduler, "--host", "127.0.0.1", "--nthreads", threads, "--no-nanny")

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


@contextmanager
def dask(folder: Path, tls: tuple[object, ...] = ()) -> Iterator[Dask]:
    started = Dask(folder, tls)
    try:
        yield started
    finally:
        started.stop()

"""The cores of the processor that this process may use, and what falls to each of several processes."""

from __future__ import annotations

import os


def cores() -> int:
    """Cores that this process may run on; one that was bound to some, as with `taskset`, has no more than those."""
    if hasattr(os, "sched_getaffinity"):  # elsewhere than on Linux nobody is bound
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share(processes: int) -> int:
    """Cores for each of so many processes; one at least."""
    return max(1, cores() // processes)

"""Which faults a connection meets: every client has runs of its own, and a run has one plan over all its connections.

A client that was cut off and comes back goes on in its run, one connection later; one that ended in good order begins
a new run, and so does one that connects while its earlier connection is still at work: that is another client with
the same key and the same query. Posted files have runs of their own, whose one connection is the file's: what is posted
beside a stream changes nothing of what the stream meets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from mock_server.faults.base import Fault
from mock_server.faults.chain import FaultChain, FaultPlan
from mock_server.faults.steps import Asked
from mock_server.faults.when import Firing
from mock_server.legs import REMEMBERED_WALL_S, SILENT_WALL_S

REMEMBERED_RUNS: Final = 1000


class Run:
    """One client's connections, from its first attempt until one ends in good order.

    Attributes:
        admitted: how many of its attempts were let in.
        heard_s: when something last came from the client; monotonic seconds.
        at_work: how many of its connections are open.
        over: whether one ended in good order.
    """

    def __init__(self, client: str, plan: FaultPlan, now_s: float) -> None:
        self.client, self.plan = client, plan
        self.admitted = 0
        self.heard_s = now_s
        self.at_work = 0
        self.over = False

    def begin(self) -> None:
        """An attempt was let in."""
        self.admitted += 1
        self.at_work += 1

    def end(self, *, in_order: bool) -> None:
        """One of its connections is gone."""
        self.at_work -= 1
        self.over = self.over or in_order

    def takes(self, client: str, now_s: float) -> bool:
        """Whether a new attempt of this client belongs to it."""
        if self.client != client or self.over:
            return False
        silent_s = now_s - self.heard_s
        return silent_s >= SILENT_WALL_S if self.at_work else silent_s < REMEMBERED_WALL_S


class FaultRuns:
    """The runs of all clients of a server.

    Args:
        faults: what goes wrong in each run.
        seed: of the first run of streams, and of the first of files; every later one has the next number.
    """

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self.faults, self.seed = tuple(faults), seed
        self._runs: list[Run] = []
        self._begun: Counter[Asked] = Counter()

    def use(self, faults: Sequence[Fault], seed: int) -> None:
        """Let these faults happen from the next attempt on, and begin all runs anew."""
        self.faults, self.seed = tuple(faults), seed
        self._runs.clear()
        self._begun.clear()

    def attempt(self, client: str, now_s: float, asked: Asked = Asked.STREAM) -> tuple[Run, FaultChain]:
        """A client asks for the upgrade, or posts a file: its run, and what this connection meets."""
        who = f"{asked} {client}"
        run = next((run for run in self._runs if run.takes(who, now_s)), None) or self._new_run(who, now_s, asked)
        run.heard_s = now_s
        return run, run.plan.open(run.admitted)

    @property
    def fired(self) -> list[Firing]:
        """Every firing so far, run by run."""
        return [firing for run in self._runs for firing in run.plan.fired]

    def _new_run(self, client: str, now_s: float, asked: Asked) -> Run:
        run = Run(client, FaultPlan(self.faults, self.seed + self._begun[asked]), now_s)
        self._begun[asked] += 1
        self._runs.append(run)
        del self._runs[:-REMEMBERED_RUNS]
        return run

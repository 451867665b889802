"""The faults of one connection, composed, and of one run, whose connections share a seed.

What passes goes through the faults in their listed order, in either direction.

Whoever drives a connection asks the chain about everything that passes, and carries out the steps it gets back in their
order: an `Upstream` step is handed to the server, any other is done to the socket. What the server answers to a step
goes through `downstream`, and its steps come after those under way. What is not due yet waits in here.

    handshake   when the client asks for the upgrade
    wake        once when the upgrade is done, then at `next_wakeup_s`, and whenever the server has taken in audio
    upstream    for every frame of the client's
    downstream  for everything the server says, pongs included

A chain without faults gives back what it is given. When a chain is woken late, what was due in between is worked off
in the order and as of the times at which it was due, so that a slow timer changes no outcome.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import count
from random import Random
from typing import NamedTuple

from mock_server.faults.base import Fault, FaultState
from mock_server.faults.steps import (
    Asked,
    Downstream,
    Due,
    Fin,
    Handshake,
    Moment,
    Passing,
    PauseReading,
    Reset,
    SendClose,
    Step,
    Upstream,
)
from mock_server.faults.when import Firing, Tally, Watch


class _Stage:
    """One fault in the chain.

    Attributes:
        state: the fault on this connection.
        free_s: when the last that it let pass arrives, downstream and upstream (indices False and True).
    """

    __slots__ = ("free_s", "state")

    def __init__(self, state: FaultState) -> None:
        self.state = state
        self.free_s = [-math.inf, -math.inf]


class _UnderWay(NamedTuple):
    """Something that has passed the stages before `stage` and arrives there at `at_s`; `number` breaks ties."""

    at_s: float
    number: int
    stage: int
    passing: Passing


class FaultChain:
    """The faults of one connection.

    Args:
        faults: in the order in which everything passes them; those of other legs are left out.
        rng: all chance comes from it. Each fault draws from its own generator, seeded from this one.
        leg: which connection of the run this is, from 0.
        tallies: how often each fault has fired in the run so far; a chain of its own run when None.

    Attributes:
        leg: which connection of the run this is.
        fired: every firing so far, in order.
    """

    def __init__(
        self, faults: Sequence[Fault], rng: Random, leg: int = 0, *, tallies: Sequence[Tally] | None = None
    ) -> None:
        self.leg = leg
        self.fired: list[Firing] = []
        self._stages: list[_Stage] = []
        self._under_way: list[_UnderWay] = []
        self._numbers = count()
        self._out: list[Step] = []
        self._last: Moment | None = None
        self._said_close = False
        self._ended = False
        for index, (fault, tally) in enumerate(zip(faults, tallies or [Tally() for _ in faults], strict=True)):
            own_rng = Random(rng.getrandbits(64))  # drawn for every fault, so that `leg` of one changes no other
            if fault.leg in (None, leg):
                watch = Watch(fault, own_rng, tally, partial(self._note, fault.kind, index))
                self._stages.append(_Stage(fault.open(own_rng, watch)))

    @property
    def empty(self) -> bool:
        """Whether it is the identity, so that it need not be asked."""
        return not self._stages

    @property
    def ended(self) -> bool:
        """Whether a reset or the end of TCP came out; nothing at all comes out after it."""
        return self._ended

    def handshake(self, moment: Moment, asked: Asked = Asked.STREAM) -> Handshake:
        """The client asks for the upgrade, or posts a file: a wait, and perhaps a refusal."""
        so_far = Handshake(asked)
        for stage in self._stages:
            so_far = stage.state.handshake(so_far, moment)
        return so_far

    def upstream(self, passing: Upstream, moment: Moment) -> list[Step]:
        """Something comes from the client: the steps to carry out now."""
        return self._pass(passing, moment) if self._stages else [passing]

    def downstream(self, passing: Downstream, moment: Moment) -> list[Step]:
        """The server says something: the steps to carry out now."""
        return self._pass(passing, moment) if self._stages else [passing]

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest, on the monotonic clock; None when only traffic changes anything."""
        if self._ended:
            return None
        earliest_s = self._under_way[0].at_s if self._under_way else None
        for stage in self._stages:
            wakeup_s = stage.state.next_wakeup_s
            if wakeup_s is not None and (earliest_s is None or wakeup_s < earliest_s):
                earliest_s = wakeup_s
        return earliest_s

    def wake(self, moment: Moment) -> list[Step]:
        """Time or audio has come: the steps to carry out now."""
        if self._stages:
            self._catch_up(moment)
        return self._taken()

    # --- from stage to stage ----------------------------------------------------------------------------------------

    def _pass(self, passing: Passing, moment: Moment) -> list[Step]:
        self._catch_up(moment)
        self._place(0, self._stages[0].state.passes(passing, moment))
        self._arrivals(moment)
        return self._taken()

    def _catch_up(self, moment: Moment) -> None:
        """Work off what was due before this, each as of its own time and the audio of then, and then what is due."""
        while (due_s := self.next_wakeup_s) is not None and due_s < moment.now_s:
            last = self._last
            self._work_off(moment.at(due_s) if last is None else last.at(max(due_s, last.now_s)))
        self._work_off(moment)
        self._last = moment

    def _work_off(self, moment: Moment) -> None:
        # What a stage held back until now goes on before what reaches the stage now.
        for index, stage in enumerate(self._stages):
            self._place(index, stage.state.wake(moment))
        self._arrivals(moment)

    def _arrivals(self, moment: Moment) -> None:
        """Let arrive, at a stage or after the last one, what is due."""
        while self._under_way and self._under_way[0].at_s <= moment.now_s:
            _, _, index, passing = heapq.heappop(self._under_way)
            if index < len(self._stages):
                self._place(index, self._stages[index].state.passes(passing, moment))
            else:
                self._come_out(passing)

    def _place(self, index: int, dues: Iterable[Due]) -> None:
        """Send on what a stage lets pass; nothing arrives before what the stage let pass earlier in its direction."""
        for due in dues:
            if isinstance(due.step, PauseReading):
                self._come_out(due.step)
                continue
            free_s = self._stages[index].free_s
            upstream = isinstance(due.step, Upstream)
            free_s[upstream] = max(free_s[upstream], due.at_s)
            under_way = _UnderWay(free_s[upstream], next(self._numbers), index + 1, due.step)
            heapq.heappush(self._under_way, under_way)

    def _come_out(self, step: Step) -> None:
        if self._ended or (self._said_close and isinstance(step, Downstream) and not isinstance(step, Reset | Fin)):
            return
        self._out.append(step)
        self._said_close = self._said_close or isinstance(step, SendClose)
        self._ended = isinstance(step, Reset | Fin)

    def _taken(self) -> list[Step]:
        steps, self._out = self._out, []
        return steps

    def _note(self, kind: str, index: int, moment: Moment, what: str) -> None:
        self.fired.append(Firing(kind, index, self.leg, moment.wall_s, moment.audio_s, what))


class FaultPlan:
    """What goes wrong in a run. Make one for each client, so that one client's connections do not use up `times` of
    another's.

    The chance of a chain comes from the seed, its leg and how often that leg was attempted, and from nothing else: what
    other connections do changes none of its draws. Only `times`, which counts over the run, joins connections.

    Args:
        faults: in the order in which everything passes them.
        seed: of the run; reports print it.
    """

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self.faults = tuple(faults)
        self.seed = seed
        self._tallies = [Tally() for _ in self.faults]
        self._attempts: Counter[int] = Counter()
        self._logs: list[list[Firing]] = []

    def open(self, leg: int) -> FaultChain:
        """The chain of a new connection, made when it asks for the upgrade.

        Args:
            leg: how many connections of this run have been admitted before, so that a refused attempt and the one
                after it have the same.
        """
        rng = Random(f"{self.seed}/{leg}/{self._attempts[leg]}")
        self._attempts[leg] += 1
        chain = FaultChain(self.faults, rng, leg, tallies=self._tallies)
        self._logs.append(chain.fired)
        return chain

    @property
    def fired(self) -> list[Firing]:
        """Every firing of the run so far, connection by connection."""
        return [firing for log in self._logs for firing in log]

"""Sessions in which the client keeps a wrong pace."""

from __future__ import annotations

from typing import Any

from tests.unit.conformance.breaking.table import Breaks, Make

breaks = Breaks()


@breaks("C-DRIFT")
def _sleeping_sender(talk: Make) -> Any:
    return talk().opened().audio(4, speed=0.95).finish().judged()


@breaks("C-BURST")
def _stall_caught_up(talk: Make) -> Any:
    session = talk().opened().audio(2).wait(0.9)
    return session.audio(0.9, speed=1e6).audio(2).finish().judged()


@breaks("C-GAP")
def _silent_pause(talk: Make) -> Any:
    return talk().opened().audio(1).wait(4).audio(1).finish().judged()


@breaks("C-JITTER")
def _jumping_sender(talk: Make) -> Any:
    session = talk().opened()
    for _ in range(10):
        session.audio(0.4).wait(0.2).audio(0.2, speed=1e6)
    return session.finish().judged()


@breaks("C-LATE")
def _late_for_itself(talk: Make) -> Any:
    session = talk().opened()
    for place in range(150):
        session.frame(due_s=place * 0.02 - 0.15).wait(0.02)
    return session.finish().judged()


@breaks("C-RATE")
def _twice_the_rate(talk: Make) -> Any:
    return talk().opened().audio(6, speed=2).finish().judged()


@breaks("C-FASTER")
def _somewhat_fast(talk: Make) -> Any:
    return talk().opened().audio(4, speed=1.25).finish().judged()


@breaks("C-BACKLOG")
def _flushed_backlog(talk: Make) -> Any:
    session = talk().opened().audio(1).close(code=1011).wait(2).reconnect().opened()
    return session.audio(2, speed=1e6).audio(1).finish().judged()

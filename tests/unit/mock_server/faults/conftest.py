"""A fault on a connection that exists only as numbers, and things to say on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import pytest

from mock_server.faults.chain import FaultChain
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.steps import Downstream, Moment, SendText, Step, Upstream

OPENED_S = 100.0
"""When the connection was opened, on the monotonic clock; tests speak of seconds since then."""


class Driven:
    """A chain of faults on an open connection."""

    def __init__(self, *lines: str, seed: int = 1, leg: int = 0) -> None:
        self.chain = FaultChain([parse_fault_text(line) for line in lines], Random(seed), leg)
        self.at_opening = self.wake(0.0)

    def up(self, passing: Upstream, wall_s: float = 0.0, audio_s: float = 0.0) -> list[Step]:
        return self.chain.upstream(passing, Moment(OPENED_S + wall_s, wall_s, audio_s))

    def down(self, passing: Downstream, wall_s: float = 0.0, audio_s: float = 0.0) -> list[Step]:
        return self.chain.downstream(passing, Moment(OPENED_S + wall_s, wall_s, audio_s))

    def wake(self, wall_s: float, audio_s: float = 0.0) -> list[Step]:
        return self.chain.wake(Moment(OPENED_S + wall_s, wall_s, audio_s))

    @property
    def next_wakeup_wall_s(self) -> float | None:
        wakeup_s = self.chain.next_wakeup_s
        return None if wakeup_s is None else wakeup_s - OPENED_S

    @property
    def fired(self) -> list[tuple[str, float, float, str]]:
        return [(firing.kind, firing.wall_s, firing.audio_s, firing.what) for firing in self.chain.fired]


def results_text(words: str, *, is_final: bool, channel: int = 0, from_finalize: bool = False) -> str:
    return json.dumps(
        {
            "type": "Results",
            "channel_index": [channel, 2],
            "duration": 1.0,
            "start": 0.0,
            "is_final": is_final,
            "channel": {"alternatives": [{"transcript": words, "confidence": 0.5, "words": []}]},
            "metadata": {"request_id": "r"},
            "from_finalize": from_finalize,
        },
        separators=(",", ":"),
    )


@pytest.fixture
def drive() -> Callable[..., Driven]:
    """Faults, one line each, on a connection: `up`, `down` and `wake` at so many seconds of wall and audio."""
    return Driven


@pytest.fixture
def interim() -> Callable[..., SendText]:
    return lambda words="a", channel=0: SendText(results_text(words, is_final=False, channel=channel))


@pytest.fixture
def final() -> Callable[..., SendText]:
    return lambda words="a", channel=0: SendText(results_text(words, is_final=True, channel=channel))


@pytest.fixture
def flagged() -> SendText:
    """The answer to a Finalize."""
    return SendText(results_text("a", is_final=True, from_finalize=True))

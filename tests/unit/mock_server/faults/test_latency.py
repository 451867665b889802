from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.latency import Latency
from mock_server.faults.steps import ClientAudio, SendPong, SendText

AUDIO = ClientAudio(b"ab")


def test_both_ways_take_their_time(drive: Callable[..., Any]) -> None:
    driven = drive("latency by_s=0.5")
    assert driven.up(AUDIO) == []
    assert driven.down(SendText("a"), 0.25) == []
    assert driven.next_wakeup_wall_s == 0.5
    assert driven.wake(0.5) == [AUDIO]
    assert driven.wake(0.75) == [SendText("a")]


def test_one_way_leaves_the_other_alone(drive: Callable[..., Any]) -> None:
    driven = drive("latency by_s=0.5 direction=downstream")
    assert driven.up(AUDIO) == [AUDIO]
    assert driven.down(SendPong(b"")) == []


def test_jitter_is_drawn_from_the_seed_and_keeps_the_order(drive: Callable[..., Any]) -> None:
    def arrivals(seed: int) -> list[tuple[float, str]]:
        driven = drive("latency by_s=0.1 jitter_s=0.1 direction=downstream", seed=seed)
        for number in range(20):
            driven.down(SendText(str(number)))
        seen = []
        while (wall_s := driven.next_wakeup_wall_s) is not None:
            seen += [(wall_s, step.text) for step in driven.wake(wall_s)]
        return seen

    assert arrivals(1) == arrivals(1)
    assert arrivals(1) != arrivals(2)
    times = [wall_s for wall_s, _ in arrivals(1)]
    assert [text for _, text in arrivals(1)] == [str(number) for number in range(20)]
    assert len(set(times)) > 1
    assert all(0.0 <= wall_s <= 0.2 for wall_s in times)


def test_jitter_larger_than_the_latency_never_delivers_before_sending(drive: Callable[..., Any]) -> None:
    early = Random(0)
    for seed in (early.randrange(1000) for _ in range(20)):
        driven = drive("latency jitter_s=1", seed=seed)
        out = driven.down(SendText("a"), 5.0)
        assert out == [SendText("a")] or driven.next_wakeup_wall_s > 5.0


def test_it_ends_after_its_time_but_nothing_overtakes(drive: Callable[..., Any]) -> None:
    driven = drive("latency by_s=2 duration_s=1")
    assert driven.down(SendText("a"), 0.5) == []
    assert driven.down(SendText("b"), 1.0) == []
    assert driven.wake(2.5) == [SendText("a"), SendText("b")]
    assert driven.down(SendText("c"), 2.5) == [SendText("c")]


def test_a_latency_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match=r"by_s is 0\.0; wanted more than 0, or a jitter_s beside it"):
        Latency()
    with pytest.raises(BadInput, match="jitter_s is -1; wanted seconds, 0 or more"):
        Latency(by_s=1, jitter_s=-1)

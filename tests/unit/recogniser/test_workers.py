"""The threads: order, whose work is whose, and what becomes of failures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from threading import Event

import pytest

from mock_server.recogniser.workers import Desk, Workers


class TickingClock:
    """A second passes each time that somebody looks."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def now_s(self) -> float:
        self._now_s += 1.0
        return self._now_s

    def unix_ms(self) -> int:
        return 0


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers(2, TickingClock())
    yield workers
    workers.close()


class Waiting:
    """Waits for a desk to have done everything."""

    def __init__(self) -> None:
        self._news = Event()
        self.results: list[int] = []

    def news(self) -> None:
        self._news.set()

    def until_done(self, desk: Desk[int]) -> list[int]:
        while desk.busy:
            assert self._news.wait(10)
            self._news.clear()
            self.results += desk.collect()
        return self.results


def test_one_connections_jobs_are_done_in_order(workers: Workers) -> None:
    waiting = Waiting()
    desk = Desk[int](workers, waiting.news)
    for number in range(200):
        desk.ask(lambda number=number: [number])  # type: ignore[misc]
    assert waiting.until_done(desk) == list(range(200))


def test_work_that_takes_for_ever_holds_up_nobody_else(workers: Workers) -> None:
    never, free, waiting = Event(), Waiting(), Waiting()
    slow, quick = Desk[int](workers, waiting.news), Desk[int](workers, free.news)

    def blocked() -> list[int]:
        assert never.wait(10)
        return [1]

    slow.ask(blocked)
    for number in range(50):
        quick.ask(lambda number=number: [number])  # type: ignore[misc]

    assert free.until_done(quick) == list(range(50))
    assert slow.busy
    assert slow.collect() == []
    never.set()
    assert waiting.until_done(slow) == [1]


def test_a_failure_comes_out_once_where_results_would_and_ends_the_rest(workers: Workers) -> None:
    go, waiting = Event(), Waiting()
    desk = Desk[int](workers, waiting.news)

    def fails() -> list[int]:
        assert go.wait(10)
        raise ValueError("no weights")

    desk.ask(fails)
    desk.ask(lambda: [2])
    go.set()
    with pytest.raises(ValueError, match="no weights"):
        waiting.until_done(desk)
    assert waiting.until_done(desk) == []


def test_work_that_was_abandoned_is_not_begun(workers: Workers) -> None:
    go, waiting = Event(), Waiting()
    desk = Desk[int](workers, waiting.news)

    def first() -> list[int]:
        assert go.wait(10)
        return [1]

    desk.ask(first)
    desk.ask(lambda: [2])
    desk.abandon()
    go.set()
    assert waiting.until_done(desk) == [1]


def test_an_engine_slower_than_real_time_is_told_once_with_its_factor(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = Waiting()
    desk = Desk[int](workers, waiting.news)
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            desk.ask(lambda: [0], audio_s=0.5)  # each takes a second of this clock
        waiting.until_done(desk)
    (record,) = [record for record in caplog.records if "slower than real time" in record.message]
    assert vars(record)["real_time_factor"] == 2.0


def test_an_engine_that_keeps_up_is_not_spoken_of(workers: Workers, caplog: pytest.LogCaptureFixture) -> None:
    waiting = Waiting()
    desk = Desk[int](workers, waiting.news)
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            desk.ask(lambda: [0], audio_s=1.5)
        waiting.until_done(desk)
    assert caplog.records == []

"""How long it waits, and when it stops."""

from __future__ import annotations

from random import Random

from harness.streamer.backoff import NEVER, Backoff, ReconnectPolicy


def waits(policy: ReconnectPolicy, seed: int, count: int) -> list[float | None]:
    backoff = Backoff(policy, Random(seed))
    return [backoff.next_wait_s() for _ in range(count)]


def test_full_jitter_fills_the_whole_range_under_a_doubling_bound() -> None:
    policy = ReconnectPolicy(first_s=1.0, cap_s=4.0, attempts=5, budget_s=None)
    runs = [waits(policy, seed, 5) for seed in range(300)]
    for tries, bound_s in enumerate([1.0, 2.0, 4.0, 4.0, 4.0]):
        drawn = [run[tries] or 0.0 for run in runs]
        assert min(drawn) < 0.05 * bound_s
        assert 0.95 * bound_s < max(drawn) <= bound_s


def test_the_same_seed_draws_the_same() -> None:
    assert waits(ReconnectPolicy(), 5, 5) == waits(ReconnectPolicy(), 5, 5)
    assert waits(ReconnectPolicy(), 5, 5) != waits(ReconnectPolicy(), 6, 5)


def test_attempts_run_out_and_are_given_back_by_progress() -> None:
    backoff = Backoff(ReconnectPolicy(first_s=0.0, attempts=2), Random(0))
    assert [backoff.next_wait_s() for _ in range(3)] == [0.0, 0.0, None]
    backoff.worked()
    assert [backoff.next_wait_s() for _ in range(3)] == [0.0, 0.0, None]


def test_progress_begins_the_doubling_afresh() -> None:
    backoff = Backoff(ReconnectPolicy(first_s=1.0, cap_s=1000.0, attempts=50, budget_s=None), Random(1))
    for _ in range(9):
        backoff.next_wait_s()
    backoff.worked()
    wait_s = backoff.next_wait_s()
    assert wait_s is not None
    assert wait_s <= 1.0


def test_the_budget_counts_what_the_server_asked_for() -> None:
    backoff = Backoff(ReconnectPolicy(first_s=0.0, attempts=9, budget_s=10.0), Random(0))
    assert [backoff.next_wait_s(4.0) for _ in range(3)] == [4.0, 4.0, None]
    assert backoff.next_wait_s() == 0.0


def test_the_server_may_ask_for_more_than_the_cap() -> None:
    assert Backoff(ReconnectPolicy(cap_s=2.0, budget_s=None), Random(0)).next_wait_s(90.0) == 90.0


def test_thousands_of_attempts_do_not_overflow() -> None:
    assert waits(ReconnectPolicy(first_s=0.0, attempts=2000, budget_s=None), 0, 2001) == [0.0] * 2000 + [None]


def test_never_is_no_attempt() -> None:
    assert Backoff(NEVER, Random(0)).next_wait_s() is None

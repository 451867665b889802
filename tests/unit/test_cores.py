"""The cores of this process, and shares of them."""

from __future__ import annotations

import os

import pytest

from harness.cores import cores, share


def test_a_process_that_is_bound_has_those_cores_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5, 7})
    assert cores() == 3


def test_where_nobody_is_bound_all_cores_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


@pytest.mark.parametrize(("processes", "each"), [(1, 7), (2, 3), (7, 1), (8, 1)])
def test_shares(monkeypatch: pytest.MonkeyPatch, processes: int, each: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(7)))
    assert share(processes) == each

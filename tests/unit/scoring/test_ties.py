from __future__ import annotations

import pytest

from harness.scoring.ties import shift_of_missing
from harness.scoring.word_times import Interval


def shift(said: str, missing: range, heard_starts: list[float]) -> int:
    """Words are spoken at 0, 1, 2, ... s; those that are not missing were heard, in order, at these times."""
    words = said.split()
    times: list[Interval | None] = [(float(at), at + 0.5) for at in range(len(words))]
    heard_at = {at: number for number, at in enumerate(place for place in range(len(words)) if place not in missing)}
    heard: list[Interval | None] = [(start, start + 0.5) for start in heard_starts]
    return shift_of_missing(missing.start, missing.stop, words, heard_at, times, heard)


@pytest.mark.parametrize(
    ("missing", "heard_starts", "wanted"),
    [
        (range(2, 4), [0, 1, 4], 0),  # the second «b» is missing
        (range(2, 4), [0, 3, 4], -1),  # the first
        (range(1, 3), [0, 3, 4], 0),
        (range(1, 3), [0, 1, 4], 1),
        (range(1, 3), [0, 1.9, 4], 1),  # nearer to the first than to the second
    ],
)
def test_the_missing_run_lies_where_the_times_fit(missing: range, heard_starts: list[float], wanted: int) -> None:
    assert shift("a b c b d", missing, heard_starts) == wanted


def test_a_run_moves_as_far_as_its_words_are_equal() -> None:
    assert shift("a b b b b", range(4, 5), [0, 2, 3, 4]) == -3
    assert shift("a b b b b", range(4, 5), [0, 1, 2, 4]) == -1
    assert shift("a b b b b", range(1, 2), [0, 1, 2, 3]) == 3


def test_other_words_do_not_move() -> None:
    assert shift("a b c d", range(2, 3), [0, 9, 9]) == 0


def test_without_times_it_stays_where_the_aligner_put_it() -> None:
    assert shift_of_missing(1, 2, ["a", "a"], {0: 0}, [None, None], [None]) == 0

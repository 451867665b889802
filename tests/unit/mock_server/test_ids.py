"""Request ids are version 7 UUIDs of the date and the seed."""

from random import Random
from uuid import RFC_4122, UUID

import pytest

from mock_server.ids import uuid7


@pytest.mark.parametrize("unix_ms", [0, 1, 1_767_225_600_123, (1 << 48) - 1])
def test_it_is_a_version_7_uuid_that_begins_with_the_date(unix_ms: int) -> None:
    for seed in range(50):
        made = UUID(uuid7(unix_ms, Random(seed)))
        assert (made.version, made.variant) == (7, RFC_4122)
        assert made.int >> 80 == unix_ms


def test_the_same_seed_gives_the_same_id_and_another_seed_another() -> None:
    assert uuid7(5, Random(1)) == uuid7(5, Random(1))
    assert uuid7(5, Random(1)) != uuid7(5, Random(2))


def test_later_ids_sort_later() -> None:
    made = [uuid7(unix_ms, Random(unix_ms)) for unix_ms in (1, 255, 256, 1_767_225_600_000)]
    assert made == sorted(made)

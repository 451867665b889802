from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.slow_reader import SlowReader
from mock_server.faults.steps import ClientAudio, PauseReading, SendText

OPENED_S = 100.0


def test_each_frame_keeps_the_reader_busy_for_its_bytes(drive: Callable[..., Any]) -> None:
    driven = drive("slow-reader bytes_per_s=1000")
    audio = ClientAudio(bytes(500))
    assert driven.up(audio) == [PauseReading(OPENED_S + 0.5), audio]
    assert driven.up(audio, 0.25) == [PauseReading(OPENED_S + 1.0), audio]
    assert driven.up(audio, 4.0) == [PauseReading(OPENED_S + 4.5), audio]


def test_what_the_server_says_is_not_slowed(drive: Callable[..., Any]) -> None:
    assert drive("slow-reader bytes_per_s=1").down(SendText("abc")) == [SendText("abc")]


def test_it_reads_on_when_its_time_is_over(drive: Callable[..., Any]) -> None:
    driven = drive("slow-reader bytes_per_s=1 duration_s=2")
    audio = ClientAudio(bytes(500))
    assert driven.up(audio) == [PauseReading(OPENED_S + 2.0), audio]
    assert driven.up(audio, 2.0) == [audio]


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_is_a_positive_number(rate: float) -> None:
    with pytest.raises(BadInput, match="wanted bytes per second, more than 0"):
        SlowReader(bytes_per_s=rate)

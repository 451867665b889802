from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.close_frame import CloseFrame
from mock_server.faults.steps import ClientAudio, Fin, SendClose, SendPong, SendText


def test_the_close_has_its_code_and_reason(drive: Callable[..., Any]) -> None:
    driven = drive("close code=1001 reason='going away' at_audio_s=1")
    assert driven.wake(1.0, audio_s=1.0) == [SendClose(1001, "going away")]
    assert driven.fired == [("close", 1.0, 1.0, "connection")]


def test_after_a_close_the_server_says_nothing_but_still_hears(drive: Callable[..., Any]) -> None:
    driven = drive("close")
    assert driven.at_opening == [SendClose(1011, "")]
    for said in (SendText("late"), SendPong(b""), SendClose(1000, "")):
        assert driven.down(said, 1.0) == []
    assert driven.up(ClientAudio(b"ab"), 1.0) == [ClientAudio(b"ab")]
    assert driven.down(Fin(), 1.0) == [Fin()]


def test_a_close_between_an_interim_and_its_final_keeps_the_final_back(
    drive: Callable[..., Any], interim: Callable[..., SendText], final: Callable[..., SendText]
) -> None:
    driven = drive("close code=1011 between_interim_and_final=1")
    assert driven.down(interim()) == [interim()]
    assert driven.down(final()) == [SendClose(1011, "")]


@pytest.mark.parametrize("code", [0, 999, 1004, 1006, 1015, 1016, 2999, 5000])
def test_a_code_that_no_frame_may_hold_is_refused(code: int) -> None:
    with pytest.raises(BadInput, match=f"^fault close: code is {code}; wanted 1000 to 1003"):
        CloseFrame(code=code)


@pytest.mark.parametrize("code", [1000, 1003, 1005, 1007, 1014, 3000, 4999])
def test_a_code_that_a_frame_may_hold_is_taken(code: int) -> None:
    assert CloseFrame(code=code).code == code


def test_a_reason_is_measured_in_bytes() -> None:
    assert CloseFrame(reason="x" * 123).reason
    with pytest.raises(BadInput, match="at most 123 bytes of UTF-8, not 124"):
        CloseFrame(reason="é" * 62)
    with pytest.raises(BadInput, match="a close frame without a code has no reason"):
        CloseFrame(code=1005, reason="x")
    with pytest.raises(BadInput, match="wanted text without surrogates"):
        CloseFrame(reason="\ud800")

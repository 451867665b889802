from __future__ import annotations

from collections.abc import Callable

import pytest

from mock_server.faults.steps import (
    ClientAudio,
    ClientClose,
    ClientPing,
    ClientText,
    Fin,
    Moment,
    Passing,
    Reset,
    SendClose,
    SendPong,
    SendText,
    payload_bytes,
)


def test_a_text_is_known_by_its_type_and_results_by_whether_they_are_final(
    interim: Callable[..., SendText], final: Callable[..., SendText]
) -> None:
    assert interim().kinds == ("Results", "interim")
    assert final().kinds == ("Results", "final")
    assert ClientText('{"type":"KeepAlive"}').kinds == ("KeepAlive",)
    assert SendText('{"type":"KeepAlive"}').kinds == ("KeepAlive",)


@pytest.mark.parametrize(
    ("event", "kind"),
    [("Update", "interim"), ("EagerEndOfTurn", "interim"), ("Newer", "interim"), ("EndOfTurn", "final")],
)
def test_the_end_of_a_turn_is_a_final_and_what_is_said_of_it_before_an_interim(event: str, kind: str) -> None:
    assert SendText(f'{{"type":"TurnInfo","event":"{event}"}}').kinds == ("TurnInfo", kind)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ('{"type":"Warning","code":"X"}', ("Warning",)),
        ('{"type":"Results","is_final":true,"start":"x"}', ("Results",)),
        ('{"type":1}', ()),
        ("[]", ()),
        ("{", ()),
        ("", ()),
    ],
)
def test_what_is_not_understood_keeps_its_type_if_it_has_one(text: str, kinds: tuple[str, ...]) -> None:
    assert SendText(text).kinds == kinds


def test_the_same_instant_elsewhere_in_time_moves_both_wall_clocks() -> None:
    assert Moment(10.0, 2.0, 1.0).at(12.5) == Moment(12.5, 4.5, 1.0)


@pytest.mark.parametrize(
    ("passing", "size"),
    [
        (ClientText("é"), 2),
        (SendText("\ud800a"), 4),
        (ClientAudio(b"abc"), 3),
        (ClientPing(b"abcd"), 4),
        (SendPong(b""), 0),
        (ClientClose(1000, ""), 2),
        (SendClose(1011, "abc"), 5),
        (Reset(), 0),
        (Fin(), 0),
    ],
)
def test_payload_is_counted_in_bytes(passing: Passing, size: int) -> None:
    assert payload_bytes(passing) == size

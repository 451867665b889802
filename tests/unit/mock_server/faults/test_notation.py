from __future__ import annotations

import json
from typing import Any

import pytest

from harness.errors import BadInput
from mock_server.faults.close_frame import CloseFrame
from mock_server.faults.inject import Inject
from mock_server.faults.notation import fault_table, fault_text, parse_fault, parse_fault_text
from mock_server.faults.refuse import Refuse
from mock_server.faults.stall import Held, Stall
from mock_server.faults.tcp_reset import TcpReset

# --- text -------------------------------------------------------------------------------------------------------------


def test_a_line_is_a_kind_and_assignments() -> None:
    assert parse_fault_text("reset") == TcpReset()
    assert parse_fault_text("  reset  at_audio_s=3.2 leg=0 ") == TcpReset(at_audio_s=3.2, leg=0)
    assert parse_fault_text("stall held=lost duration_s=2") == Stall(held=Held.LOST, duration_s=2.0)


def test_quotes_are_those_of_a_shell() -> None:
    for line in ("close reason='going away'", 'close reason="going away"', "close 'reason=going away'"):
        assert parse_fault_text(line) == CloseFrame(reason="going away")
    assert parse_fault_text("""inject text='{"type":"x"}'""") == Inject(text='{"type":"x"}')


def test_only_the_first_equals_sign_and_the_first_dot_divide() -> None:
    assert parse_fault_text("inject text=a=b") == Inject(text="a=b")
    assert parse_fault_text("refuse headers.x.y=a.b=c") == Refuse(headers={"x.y": "a.b=c"})


def test_a_text_value_stays_text_whatever_it_looks_like() -> None:
    for value in ("1", "null", "true", "1e3"):
        assert parse_fault_text(f"close reason={value}") == CloseFrame(reason=value)


def test_the_line_of_a_fault_leaves_out_defaults_and_puts_conditions_last() -> None:
    assert fault_text(TcpReset()) == "reset"
    fault = CloseFrame(at_audio_s=3.2, code=1001, reason="going away", leg=0)
    assert fault_text(fault) == "close code=1001 reason='going away' at_audio_s=3.2 leg=0"
    assert fault_text(Refuse(status=429, headers={"x-why": "a b"}, times=2)) == (
        "refuse status=429 headers.x-why='a b' times=2"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "fault '' cannot be read (it is empty); wanted a kind, then field=value ..."),
        ("close reason='x", 'fault "close reason=\'x" cannot be read (no closing quotation); wanted a kind'),
        ("rest", "fault 'rest' is not known; did you mean 'reset'? known: bandwidth, "),
        ("xyzzy", "fault 'xyzzy' is not known; known: bandwidth, "),
        ("close code", "fault close: 'code' is no assignment; wanted field=value"),
        ("close =3", "fault close: '=3' is no assignment; wanted field=value"),
        ("close code=1000 code=1001", "fault close: code is given twice; wanted once"),
        ("close kind=fin", "fault close: kind is given twice; wanted once"),
        ("refuse headers.a=1 headers=b", "fault refuse: headers is given twice; wanted once"),
        ("refuse headers=b headers.a=1", "fault refuse: headers.a is given twice; wanted once"),
        (
            "reset at_audio=3",
            "fault reset: field 'at_audio' is not known; did you mean 'at_audio_s'? known: at_audio_s",
        ),
        ("reset leg=1.5", "fault reset: leg is '1.5'; expected `int | null`, got `str`"),
        ("reset leg.x=1", "fault reset: leg is {'x': '1'}; expected `int | null`, got `object`"),
        ("stall held=kept", "fault stall: held is 'kept'; wanted one of: released, lost"),
        ("bandwidth", "fault bandwidth: bytes_per_s is missing; it has no default"),
        ("close code=1006", "fault close: code is 1006; wanted 1000 to 1003"),
    ],
)
def test_a_bad_line_is_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_fault_text(line)
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_table_is_read_and_written() -> None:
    table = {"kind": "refuse", "status": 429, "headers": {"x-why": "busy"}, "times": 2}
    fault = parse_fault(table)
    assert fault == Refuse(status=429, headers={"x-why": "busy"}, times=2)
    assert fault_table(fault) == table
    assert list(fault_table(fault)) == ["kind", "status", "headers", "times"]
    assert json.loads(json.dumps(fault_table(fault))) == table


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (None, "a fault is None; wanted a table with a `kind` and its fields"),
        (["reset"], "a fault is ['reset']; wanted a table"),
        ("x" * 200, "a fault is 'xxx"),
        ({}, "a fault has no kind; wanted one of: reset, fin, close, "),
        ({"kind": 1}, "a fault has the kind 1; wanted one of: reset, "),
        ({"kind": ["reset"]}, "a fault has the kind ['reset']; wanted one of: reset, "),
        ({"kind": "reset", 1: 2}, "fault reset: field '1' is not known; known: "),
        ({"kind": "reset", "leg": "1"}, "fault reset: leg is '1'; expected `int | null`, got `str`"),
        ({"kind": "reset", "leg": True}, "fault reset: leg is True; expected `int | null`, got `bool`"),
        ({"kind": "refuse", "headers": {"a": 1}}, "fault refuse: headers is {'a': 1}; expected `str`, got `int`"),
        ({"kind": "refuse", "headers": {1: "a"}}, "fault refuse: Expected `str`, got `int` - at `key` in `$.headers`"),
        ({"kind": "refuse", "headers": []}, "fault refuse: headers is []; expected `object`, got `array`"),
        (
            {"kind": "stall", "direction": "up"},
            "fault stall: direction is 'up'; wanted one of: upstream, downstream, both",
        ),
    ],
)
def test_a_bad_table_is_one_sentence(table: Any, sentence: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_fault(table)
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)

"""Every fault there is, held together with its kind, its reference page, and the harm it must do."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from mock_server.faults import base
from mock_server.faults.base import Fault
from mock_server.faults.chain import FaultChain
from mock_server.faults.notation import parse_fault, parse_fault_text
from mock_server.faults.steps import (
    ClientAudio,
    ClientPing,
    ClientText,
    Handshake,
    Moment,
    SendClose,
    SendPong,
    SendText,
    Step,
    Upstream,
)
from mock_server.faults.table import FAULTS
from mock_server.faults.when import MESSAGE_NAMES, When

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "faults.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `([a-z-]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
HARMFUL = {
    "slow-reader": "slow-reader bytes_per_s=1",
    "latency": "latency by_s=1",
    "bandwidth": "bandwidth bytes_per_s=1",
    "handshake-delay": "handshake-delay by_s=1",
    "delay": "delay by_s=1",
    "inject": "inject what=malformed",
}
"""The kinds that need a field; every other does its harm without one."""


def _examples(section: str) -> dict[str, Fault]:
    block = dict(re.findall(r"^```(\w+)\n(.*?)^```", section, re.MULTILINE | re.DOTALL))
    [table] = tomllib.loads(block["toml"])["faults"]
    return {
        "toml": parse_fault(table),
        "text": parse_fault_text(block["text"].strip()),
        "json": parse_fault(json.loads(block["json"])),
    }


def _rows(text: str) -> dict[str, str]:
    """Field -> default, of the table of fields in a section."""
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \| [^|]+ \|$", text, re.MULTILINE))


def _fields(fault: type[msgspec.Struct], without: tuple[str, ...] = ()) -> dict[str, str]:
    return {
        field.encode_name: _default(field)
        for field in msgspec.structs.fields(fault)
        if field.encode_name not in without
    }


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "needed"
    default = field.default
    if default is None or default is msgspec.NODEFAULT:
        return "none"
    return "empty" if default == "" else f"`{default}`"


# --- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "fault"), FAULTS.items())
def test_a_fault_stands_under_its_own_kind_and_says_what_it_does(kind: str, fault: type[Fault]) -> None:
    assert fault.__struct_config__.tag == kind
    assert re.fullmatch(r"[a-z].{9,}[^.]", fault.summary)
    assert inspect.getmodule(fault) is not base


def test_no_fault_is_left_out_of_the_table() -> None:
    folder = Path(base.__file__).parent
    tags = {tag for path in folder.glob("*.py") for tag in re.findall(r'tag="([a-z-]+)"', path.read_text("utf-8"))}
    assert tags == set(FAULTS)


# --- the harm, without which its handling could be removed unnoticed --------------------------------------------------


def _conversation(faults: list[Fault], flagged: SendText) -> tuple[list[Handshake], list[Step]]:
    """What becomes of a short session that touches every fault."""
    chain = FaultChain(faults, Random(1))
    steps = chain.wake(Moment(0.0))
    for passing in (
        ClientText('{"type":"KeepAlive"}'),
        ClientAudio(b"ab"),
        ClientPing(b"p"),
        SendPong(b"p"),
        flagged,
        SendText('{"type":"Metadata"}'),
        SendClose(1000, ""),
    ):
        passes = chain.upstream if isinstance(passing, Upstream) else chain.downstream
        steps += passes(passing, Moment(0.5, 0.5, 0.5))  # type: ignore[arg-type]
    return [chain.handshake(Moment(0.0))], steps


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_changes_a_session(kind: str, flagged: SendText) -> None:
    fault = parse_fault_text(HARMFUL.get(kind, kind))
    assert _conversation([fault], flagged) != _conversation([], flagged)
    never = parse_fault_text(f"{HARMFUL.get(kind, kind)} probability=0")
    assert _conversation([never], flagged) == _conversation([], flagged)


# --- the reference page -----------------------------------------------------------------------------------------------


def test_every_fault_has_its_section_on_the_page() -> None:
    assert set(SECTIONS) == set(FAULTS)


@pytest.mark.parametrize("kind", FAULTS)
def test_the_three_examples_of_a_section_are_the_same_fault(kind: str) -> None:
    examples = _examples(SECTIONS[kind])
    assert examples["toml"] == examples["text"] == examples["json"]
    assert examples["text"].kind == kind


@pytest.mark.parametrize("kind", FAULTS)
def test_a_section_lists_every_field_of_its_fault_with_its_default(kind: str) -> None:
    assert _rows(SECTIONS[kind]) == _fields(FAULTS[kind], without=When.__struct_fields__)


def test_the_page_lists_every_condition_and_every_name_of_a_message() -> None:
    conditions = PAGE.split("## When it fires")[1].split("\n## ")[0]
    assert _rows(conditions) == _fields(When)
    listed = conditions.split("Names of messages")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == MESSAGE_NAMES


def test_every_address_in_words_is_a_fault(drive: Callable[..., Any]) -> None:
    lines = re.findall(r"^\| [^|`]+ \| `([a-z-]+ [^`|]+)` \|$", PAGE, re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        assert parse_fault_text(line).kind == line.split()[0]

"""Faults from TOML, JSON and the command line, and back.

One notation is a table, as TOML and JSON have it, the other one line of text:

    kind = "close"                              close code=1011 reason='going down' at_audio_s=3.2 leg=0
    code = 1011
    reason = "going down"
    at_audio_s = 3.2
    leg = 0

Both are read strictly: what is not known is an error, so that a typing mistake never becomes a default.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, get_type_hints

import msgspec

from harness.errors import BadInput
from mock_server.faults.base import Fault
from mock_server.faults.table import FAULTS
from mock_server.faults.when import When, unknown

_PATH: Final = re.compile(r"(.*) - at `\$\.(\w+)(.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")


def parse_fault(given: object) -> Fault:
    """A fault from its table, as TOML or JSON has it.

    Raises:
        BadInput: it is no table, its `kind` or a field of it is not known, or a value is not what the field wants.
    """
    if not isinstance(given, Mapping):
        raise BadInput(f"a fault is {_shown(given)}; wanted a table with a `kind` and its fields")
    return _converted(given, strict=True)


def parse_fault_text(text: str) -> Fault:
    """A fault from one line: its kind, then `field=value` with quotes as in a shell; `headers.NAME=value` for a header.

    Raises:
        BadInput: the line cannot be read, or as `parse_fault`.
    """
    try:
        kind, *assignments = shlex.split(text)
    except ValueError as error:
        why = "it is empty" if not text.strip() else str(error).lower()
        raise BadInput(f"fault {_shown(text)} cannot be read ({why}); wanted a kind, then field=value ...") from None
    fields: dict[str, Any] = {}
    for assignment in assignments:
        _assign(fields, assignment, kind)
    return _converted({**fields, "kind": kind}, strict=False)


def fault_text(fault: Fault) -> str:
    """The fault as one line, which `parse_fault_text` reads; fields that have their default are left out."""
    return " ".join([fault.kind, *(f"{shlex.quote(name)}={shlex.quote(value)}" for name, value in _texts(fault))])


def fault_table(fault: Fault) -> dict[str, Any]:
    """The fault as a table, which `parse_fault` reads; fields that have their default are left out."""
    table: dict[str, Any] = msgspec.to_builtins(fault)
    # What it is comes before when it fires, although the fields of the base stand first.
    return dict(sorted(table.items(), key=lambda item: item[0] in When.__struct_fields__))


def _converted(given: Mapping[Any, Any], *, strict: bool) -> Fault:
    kind = given.get("kind")
    if not isinstance(kind, str):
        found = "no kind" if kind is None else f"the kind {_shown(kind)}"
        raise BadInput(f"a fault has {found}; wanted one of: {', '.join(FAULTS)}")
    if kind not in FAULTS:
        raise BadInput(f"fault {unknown(kind, FAULTS)}")
    known = {field.encode_name for field in msgspec.structs.fields(FAULTS[kind])}
    for name in given:
        if name not in known and name != "kind":
            raise BadInput(f"fault {kind}: field {unknown(str(name), known)}")
    try:
        return msgspec.convert(given, FAULTS[kind], strict=strict)
    except msgspec.ValidationError as error:
        raise BadInput(f"fault {kind}: {_sentence(str(error), FAULTS[kind], given)}") from None


def _sentence(problem: str, fault: type[Fault], given: Mapping[Any, Any]) -> str:
    if missing := _MISSING.fullmatch(problem):
        return f"{missing[1]} is missing; it has no default"
    if found := _PATH.fullmatch(problem):
        name, field_type = found[2], get_type_hints(fault)[found[2]]
        wanted = f"{found[1][0].lower()}{found[1][1:]}"
        if isinstance(field_type, type) and issubclass(field_type, StrEnum):
            wanted = f"wanted one of: {', '.join(field_type)}"
        return f"{name} is {_shown(given[name])}; {wanted}"
    return problem


def _assign(fields: dict[str, Any], assignment: str, kind: str) -> None:
    path, equals, value = assignment.partition("=")
    if not equals or not path:
        raise BadInput(f"fault {kind}: {_shown(assignment)} is no assignment; wanted field=value")
    name, dot, inner = path.partition(".")
    target = fields.setdefault(name, {}) if dot else fields
    key = inner if dot else name
    if not isinstance(target, dict) or key in target or name == "kind":
        raise BadInput(f"fault {kind}: {path} is given twice; wanted once")
    target[key] = value


def _texts(fault: Fault) -> Iterator[tuple[str, str]]:
    for name, value in fault_table(fault).items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", str(inner)) for key, inner in value.items())
        elif name != "kind":
            yield name, str(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "..."

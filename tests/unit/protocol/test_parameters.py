"""The table against two strangers: Deepgram's published descriptions and the signatures of its Python SDK."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from harness.protocol.parameters import BY_NAME, ENCODINGS, FLAG, PARAMETERS, Endpoint, Kind, Parameter, wire_text

# Arguments of the SDK's methods that are no part of the query string.
_NOT_QUERY = {"self", "authorization", "request", "request_options", "url", "kwargs"}


def _path_section(text: str, path: str) -> str:
    section = re.search(rf"^  {path}:\n(.*?)(?=^  \S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section
    return section[1]


def test_the_streaming_rows_are_those_of_the_published_description_with_its_defaults(shared: Path) -> None:
    section = _path_section((shared / "spec" / "asyncapi.yml").read_text(encoding="utf-8"), "/v1/listen")
    query = section.split("        headers:")[0]
    rows = re.findall(r"^            (\w+):\n +\$ref: .*\n(?: +default: '?(\w+)'?\n)?", query, re.MULTILINE)
    assert len(rows) == 29
    for name, default in rows:
        assert Endpoint.STREAMING in BY_NAME[name].endpoints
        if name != "model":  # the documentation has the default that the description lacks
            assert (BY_NAME[name].default or "") == default, name


def test_the_pre_recorded_rows_are_those_of_the_published_description(shared: Path) -> None:
    section = _path_section((shared / "spec" / "openapi.yml").read_text(encoding="utf-8"), "/v1/listen")
    names = re.findall(r"^        - name: (\w+)\n          in: query", section, re.MULTILINE)
    assert len(names) == 37
    assert all(Endpoint.PRERECORDED in BY_NAME[name].endpoints for name in names)


def test_the_encodings_are_those_of_the_published_description(shared: Path) -> None:
    text = (shared / "spec" / "asyncapi.yml").read_text(encoding="utf-8")
    enumeration = re.search(
        r"^    ListenV1Encoding:\n      type: string\n      enum:\n((?:        - .*\n)+)", text, re.M
    )
    assert enumeration
    assert set(re.findall(r"- (\S+)", enumeration[1])) == set(ENCODINGS)


def test_the_python_sdk_sends_nothing_the_table_does_not_have() -> None:
    live = pytest.importorskip("deepgram.listen.v1.client").V1Client.connect
    media = pytest.importorskip("deepgram.listen.v1.media.client").MediaClient.transcribe_url
    for method, endpoint in ((live, Endpoint.STREAMING), (media, Endpoint.PRERECORDED)):
        names = set(inspect.signature(method).parameters) - _NOT_QUERY
        assert len(names) > 25
        assert {name for name in names if endpoint not in BY_NAME[name].endpoints} == set()


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(PARAMETERS)


@pytest.mark.parametrize("parameter", [row for row in PARAMETERS if row.default is not None], ids=lambda row: row.name)
def test_a_default_can_be_read(parameter: Parameter) -> None:
    value = parameter.kind.read(parameter.default or "")
    assert value is not None
    assert wire_text(value) == parameter.default


def test_a_kind_holds_what_it_reads_and_nothing_that_merely_equals_it() -> None:
    whole: Kind = BY_NAME["channels"].kind
    assert whole.holds(1)
    assert not whole.holds(True)
    assert not whole.holds(1.0)
    assert FLAG.holds(False)
    assert not FLAG.holds(0)

"""docs/reference/*.schema.json: current, schemas, and true of results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from jsonschema import Draft202012Validator, ValidationError

from harness.cli.report import LAYOUTS
from harness.results import CaseResult, RunResult, Timeline, TimelineEvent, schema, to_json

FOLDER: Final = Path(__file__).resolve().parents[3] / "docs" / "reference"


def published(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))


VALIDATOR: Final = Draft202012Validator(published("results"))


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_published_schema_is_that_of_the_structs(name: str) -> None:
    told = json.loads(json.dumps(schema(LAYOUTS[name])))
    assert told == published(name), f"run: dgharness report --schema {name} > docs/reference/{name}.schema.json"
    Draft202012Validator.check_schema(told)


def test_every_layout_has_its_file_and_every_file_its_layout() -> None:
    assert {path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json")} == set(LAYOUTS)


def test_a_run_with_everything_in_it_is_valid(run: RunResult) -> None:
    line = Timeline(
        audio_s=1.0, peaks=(0, 100), spans=(), events=(TimelineEvent(kind="opened", audio_s=0.0, text="opened"),)
    )
    cases = (msgspec.structs.replace(run.cases[0], timeline=line), *run.cases[1:])
    VALIDATOR.validate(json.loads(to_json(msgspec.structs.replace(run, cases=cases))))


def test_what_is_no_result_is_refused(run: RunResult) -> None:
    told = json.loads(to_json(run))
    told["cases"][0]["outcome"] = "perhaps"
    with pytest.raises(ValidationError):
        VALIDATOR.validate(told)


def test_a_field_of_a_later_version_may_be_there(run: RunResult) -> None:
    """Within a layout fields may be added: the schema must not refuse them."""
    told = json.loads(to_json(run))
    told["cases"][0]["new"] = 1
    VALIDATOR.validate(told)


def test_the_defaults_of_a_case_may_be_left_out() -> None:
    case = {"name": "a", "outcome": "pass", "audio": "a.wav", "replies": "r"}
    assert msgspec.convert(case, CaseResult).timeline is None
    whole = {"tool": "t", "created": "c", "server": "s", "seed": None, "partial": False, "cases": [case]}
    VALIDATOR.validate({**whole, "streaming": None, "prerecorded": None})

"""Every message the mock can say, held against Deepgram's own descriptions: what differs must stand in the table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from deepgram.listen.v1 import types as live_types
from deepgram.types.listen_v1response import ListenV1Response
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pydantic import BaseModel
from pydantic import ValidationError as ModelError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from harness.protocol import refusal as refusals
from harness.protocol.refusal import BodyShape, Refusal

Differences = Callable[[str], dict[str, str]]

REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
REFUSALS = [value for value in vars(refusals).values() if isinstance(value, Refusal)]
KINDS = {
    "Results",
    "SpeechStarted",
    "UtteranceEnd",
    "Metadata",
    "Error",
    "ConfigureSuccess",
    "ConfigureFailure",
    "Sync",
}
"""Every `type` of the protocol reference, 3: the mock must have said each of them."""


def test_every_kind_of_message_was_said(streamed: list[dict[str, Any]], prerecorded: list[dict[str, Any]]) -> None:
    assert {message["type"] for message in streamed} == KINDS
    assert {variant for message in streamed if (variant := message.get("variant"))} == {"SchemaError", "Closing"}
    results = [message for message in streamed if message["type"] == "Results"]
    assert {(r["is_final"], r["speech_final"], r["from_finalize"]) for r in results} >= {
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, False, True),
    }
    assert any(message["type"] == "UtteranceEnd" and message["last_word_end"] == -1 for message in streamed)
    assert any(message["type"] == "Metadata" and message["channels"] == 0 for message in streamed)
    assert len(prerecorded) > 100


def test_streamed_messages_are_those_of_the_asyncapi(
    spec: dict[str, Any], streamed: list[dict[str, Any]], differences: Differences
) -> None:
    check = Schema(spec["AsyncAPI"])
    found = {
        difference
        for message in streamed
        for difference in check.differences(f"ListenV1_ListenV1{message['type']}", message, message["type"])
    }
    assert found == set(differences("AsyncAPI"))


def test_answers_are_those_of_the_openapi(
    spec: dict[str, Any], prerecorded: list[dict[str, Any]], differences: Differences
) -> None:
    check = Schema(spec["OpenAPI"])
    found = {
        difference
        for response in prerecorded
        for difference in check.differences("ListenV1Response", response, "response")
    }
    assert found == set(differences("OpenAPI"))


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal.status}-{refusal.code()}")
def test_the_body_of_a_refusal_is_one_of_the_openapis_three(spec: dict[str, Any], refusal: Refusal) -> None:
    check = Schema(spec["OpenAPI"])
    answer = refusal.response(REQUEST_ID)
    body = answer.body.decode()
    value = body if refusal.shape is BodyShape.TEXT else json.loads(body)
    name = {
        BodyShape.TEXT: "ErrorResponseTextError",
        BodyShape.LEGACY: "ErrorResponseLegacyError",
        BodyShape.CATEGORY: "ErrorResponseModernError",
    }[refusal.shape]
    assert set(check.differences(name, value, "body")) == set()
    assert dict(answer.headers)["dg-request-id"] == REQUEST_ID


def test_streamed_messages_are_those_of_the_sdk(streamed: list[dict[str, Any]], differences: Differences) -> None:
    found = set[str]()
    for message in streamed:
        model = getattr(live_types, f"ListenV1{message['type']}", None)
        found |= {f"{message['type']}: no model"} if model is None else set(_against(model, message, message["type"]))
    assert found == set(differences("deepgram-sdk"))


def test_answers_are_those_of_the_sdk(prerecorded: list[dict[str, Any]], differences: Differences) -> None:
    found = {difference for response in prerecorded for difference in _against(ListenV1Response, response, "response")}
    assert found == set(differences("deepgram-sdk, pre-recorded"))


@pytest.mark.parametrize(
    ("spoil", "difference"),
    [
        (lambda message: message.update(novel=1), "SpeechStarted.novel: undeclared"),
        (lambda message: message.pop("timestamp"), "SpeechStarted.timestamp: required"),
        (lambda message: message.update(timestamp="soon"), "SpeechStarted.timestamp: type"),
    ],
)
def test_a_message_that_is_not_as_described_is_found(
    spoil: Callable[[dict[str, Any]], Any], difference: str, spec: dict[str, Any], streamed: list[dict[str, Any]]
) -> None:
    message = dict(next(message for message in streamed if message["type"] == "SpeechStarted"))
    spoil(message)
    check = Schema(spec["AsyncAPI"])
    assert set(check.differences("ListenV1_ListenV1SpeechStarted", message, "SpeechStarted")) == {difference}


class Schema:
    """One description; objects may have declared fields only, or nothing that is left undeclared would be seen."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = _closed(document)
        resource = DRAFT202012.create_resource(self._document)
        self._registry: Registry[Any] = Registry().with_resource("urn:description", resource)

    def differences(self, name: str, value: Any, label: str) -> Iterator[str]:
        """What the schema objects to in a value, as `Path.field: why`."""
        if name not in self._document["components"]["schemas"]:
            yield f"{label}: no schema"
            return
        schema = {"$ref": f"urn:description#/components/schemas/{name}"}
        validator = Draft202012Validator(schema, registry=self._registry)
        for error in validator.iter_errors(value):
            yield from _named(error, label)


def _named(error: ValidationError, label: str) -> Iterator[str]:
    path = _dotted(label, error.absolute_path)
    schema: Any = error.schema
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            yield from (f"{path}.{name}: undeclared" for name in instance if name not in schema["properties"])
        case "required":
            yield from (f"{path}.{name}: required" for name in schema["required"] if name not in instance)
        case "oneOf" | "anyOf" | "allOf" if error.context:
            yield f"{path}: {error.validator}"
        case validator:
            yield f"{path}: {validator}"


def _closed(node: Any) -> Any:
    if isinstance(node, dict):
        closed = {key: _closed(inner) for key, inner in node.items()}
        if node.get("type") == "object" and node.get("properties") and "additionalProperties" not in node:
            closed["additionalProperties"] = False
        return closed
    return [_closed(inner) for inner in node] if isinstance(node, list) else node


def _against(model: type[BaseModel], value: dict[str, Any], label: str) -> Iterator[str]:
    """What a typed model objects to, and what it does not know."""
    try:
        typed = model.model_validate(value)
    except ModelError as error:
        for problem in error.errors():
            yield f"{_dotted(label, problem['loc'])}: {problem['type']}"
        return
    yield from _unknown(typed, label)


def _unknown(typed: Any, path: str) -> Iterator[str]:
    if isinstance(typed, list):
        for item in typed:
            yield from _unknown(item, path)
    elif isinstance(typed, BaseModel):
        yield from (f"{path}.{name}: undeclared" for name in typed.model_extra or ())
        for name in type(typed).model_fields:
            yield from _unknown(getattr(typed, name), f"{path}.{name}")


def _dotted(label: str, parts: Iterable[Any]) -> str:
    return ".".join([label, *(str(part) for part in parts if not isinstance(part, int))])

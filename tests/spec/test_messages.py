"""Every message the mock can say, held against Deepgram's own descriptions: what differs must stand in the table."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from deepgram.listen.v1 import types as live_types
from deepgram.types.listen_v1response import ListenV1Response

from harness.protocol import refusal as refusals
from harness.protocol.refusal import BodyShape, Refusal
from tests.spec.describing import Schema, against

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
        found |= {f"{message['type']}: no model"} if model is None else set(against(model, message, message["type"]))
    assert found == set(differences("deepgram-sdk"))


def test_answers_are_those_of_the_sdk(prerecorded: list[dict[str, Any]], differences: Differences) -> None:
    found = {difference for response in prerecorded for difference in against(ListenV1Response, response, "response")}
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

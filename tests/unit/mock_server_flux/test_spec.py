"""Every kind of Flux message that the mock says, against the published description of `/v2/listen`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from harness.protocol.flux_messages import Connected, FluxConfigure, FluxError, FluxThresholds
from harness.protocol.flux_options import FluxOptions
from mock_server.flux.configuring import Configuration
from mock_server.flux.replay import FluxReplay
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import Saying
from mock_server.flux.wording import Worded, worded
from mock_server.loading import say

REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
SCHEMAS = {
    "Connected": "ListenV2_ListenV2Connected",
    "TurnInfo": "ListenV2_ListenV2TurnInfo",
    "ConfigureSuccess": "ListenV2_ListenV2ConfigureSuccess",
    "ConfigureFailure": "ListenV2_ListenV2ConfigureFailure",
    "Error": "ListenV2_ListenV2FatalError",
}
BEYOND = {
    "TurnInfo": {"trigger"},
    "ConfigureSuccess": {"profanity_filter"},
    "ConfigureFailure": {"code", "description"},
}
"""Fields that the wire or the Python SDK 7.17 has and the description of July 2026 has not."""


@pytest.fixture(scope="module")
def spec(shared: Path) -> dict[str, Any]:
    described: dict[str, Any] = yaml.safe_load((shared / "spec" / "asyncapi.yml").read_text())
    return described


def everything_said() -> list[Worded]:
    replay = FluxReplay(say("Hello there, how are you? I am fine.").turns(), Thresholds(0.9, 0.3), lag_scale=0.0)
    turns = [one for one in replay.receive_audio(8.0, 0.0) if isinstance(one, Saying)]
    configuration = Configuration(FluxOptions(model="flux-general-multi"))
    good = FluxConfigure(thresholds=FluxThresholds(eager_eot_threshold=0.5), keyterms=("x",), language_hints=("de",))
    bad = FluxConfigure(thresholds=FluxThresholds(eot_threshold=0.1))
    return [
        Connected(request_id="", sequence_id=0),
        *turns,
        configuration.apply(good),
        configuration.apply(bad),
        FluxError(sequence_id=0, code="UNPARSABLE_CLIENT_MESSAGE", description="x"),
    ]


def test_every_message_is_as_published(spec: dict[str, Any]) -> None:
    kinds = set()
    for saying in everything_said():
        message = json.loads(worded(saying, REQUEST_ID, 3, details_of_2026=True))
        schema = {**spec, "$ref": f"#/components/schemas/{SCHEMAS[message['type']]}"}
        properties = spec["components"]["schemas"][SCHEMAS[message["type"]]]["properties"]
        kinds.add(message.get("event", message["type"]))
        assert set(message) - set(properties) <= BEYOND.get(message["type"], set())
        problems = [error.message for error in Draft202012Validator(schema).iter_errors(message)]
        assert problems == [], message

    assert {"Update", "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"} <= kinds
    assert set(SCHEMAS) - {"TurnInfo"} <= kinds

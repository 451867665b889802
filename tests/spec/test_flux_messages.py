"""Every message the mock can say on `/v2/listen`, held against Deepgram's own descriptions as those of v1 are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from deepgram.listen.v2 import types as flux_types

from harness.protocol.flux_options import FluxOptions, parse_flux_query
from mock_server.faults.steps import SendText
from mock_server.flux.settings import FluxSettings
from mock_server.flux_connection import FluxConnection
from mock_server.journal import Journal
from mock_server.library import Replies
from mock_server.loading import say
from tests.spec.describing import Schema, against

Differences = Callable[[str], dict[str, str]]

REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
CREATED = "2026-11-20T09:14:33.207Z"
QUERY = "model=flux-general-multi&encoding=linear16&sample_rate=16000&eager_eot_threshold=0.3&eot_threshold=0.9"
KINDS = {"Connected", "TurnInfo", "ConfigureSuccess", "ConfigureFailure", "Error"}
EVENTS = {"Update", "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"}


def session(settings: FluxSettings) -> Iterator[dict[str, Any]]:
    """One whole session, with Configures that are taken and one that is not, a forced end, and nonsense at its end."""
    options = parse_flux_query(QUERY)
    assert isinstance(options, FluxOptions), options
    journal = Journal("/v2/listen", QUERY, CREATED, "dgharness test", 0.0)
    replies = Replies(always=say("Hello there, how are you? I am fine. And you, what"))
    connection = FluxConnection(options, replies, REQUEST_ID, journal, settings, 0.0)
    actions = connection.wake(0.0)
    for step in range(100):
        actions += connection.receive_binary(bytes(2560), step * 0.08)
        if step in (30, 31, 60):
            thresholds = {"eager_eot_threshold": 0.5 if step != 31 else 0.1}
            wanted = {"type": "Configure", "thresholds": thresholds, "keyterms": ["x"], "language_hints": ["de"]}
            actions += connection.receive_text(json.dumps(wanted), step * 0.08)
        if step == 45:
            actions += connection.receive_text('{"type":"ForceEndTurn"}', step * 0.08)
    actions += connection.wake(20.0) + connection.receive_text('{"type":"KeepAlive"}', 21.0)
    return (json.loads(action.text) for action in actions if isinstance(action, SendText))


@pytest.fixture(scope="module")
def turned() -> list[dict[str, Any]]:
    return [*session(FluxSettings()), *session(FluxSettings(details_of_2026=False))]


def test_every_kind_of_message_was_said(turned: list[dict[str, Any]]) -> None:
    assert {message["type"] for message in turned} == KINDS
    assert {message["event"] for message in turned if message["type"] == "TurnInfo"} == EVENTS
    assert {message.get("trigger") for message in turned} >= {None, "model", "manual"}


def test_messages_are_those_of_the_asyncapi(
    spec: dict[str, Any], turned: list[dict[str, Any]], differences: Differences
) -> None:
    check = Schema(spec["AsyncAPI"])
    found = set[str]()
    for message in turned:
        name = "FatalError" if message["type"] == "Error" else message["type"]
        found |= set(check.differences(f"ListenV2_ListenV2{name}", message, f"/v2 {message['type']}"))
    assert found == set(differences("AsyncAPI, Flux"))


def test_messages_are_those_of_the_sdk(turned: list[dict[str, Any]], differences: Differences) -> None:
    found = set[str]()
    for message in turned:
        name = "FatalError" if message["type"] == "Error" else message["type"]
        found |= set(against(getattr(flux_types, f"ListenV2{name}"), message, f"/v2 {message['type']}"))
    assert found == set(differences("deepgram-sdk, Flux"))

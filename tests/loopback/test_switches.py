"""Points on which sources disagree, as the server's settings switch them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat
from harness.protocol.refusal import ErrorNames
from mock_server import loading
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import CallbackSettings, ServerSettings

SMG: dict[str, Any] = {"error_names": ErrorNames.SMG, "request_id_version": 4}


@pytest.fixture
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server with these settings that hears «hello» in anything."""
    settings = ServerSettings(api_keys=frozenset({"right"}), **request.param)
    with BackgroundServer(MockServer(Replies(always=loading.say("hello")), settings)) as running:
        yield f"http://127.0.0.1:{running.port}/v1/listen"
    assert running.errors == []


def post(url: str, key: str, **query: str) -> httpx.Response:
    audio = wav_bytes(bytes(16_000), AudioFormat())
    headers = {"Authorization": f"Token {key}", "Content-Type": "audio/wav"}
    return httpx.post(url, params={"model": "nova-3", **query}, headers=headers, content=audio)


@pytest.mark.parametrize(
    ("url", "code", "version"), [({}, "INVALID_AUTH", 7), (SMG, "UNAUTHORIZED", 4)], indirect=["url"]
)
def test_error_names_and_the_version_of_request_ids(url: str, code: str, version: int) -> None:
    refused = post(url, "wrong")
    assert refused.status_code == 401
    assert refused.json()["err_code"] == code
    assert UUID(refused.headers["dg-request-id"]).version == version
    assert UUID(post(url, "right").headers["dg-request-id"]).version == version


@pytest.mark.parametrize(
    ("url", "status"), [({}, 200), ({"callbacks": CallbackSettings(attempts=1, status=202)}, 202)], indirect=["url"]
)
def test_the_status_of_an_answer_that_goes_to_a_callback(url: str, status: int) -> None:
    answered = post(url, "right", callback="http://127.0.0.1:9/")
    assert answered.status_code == status
    assert list(json.loads(answered.content)) == ["request_id"]

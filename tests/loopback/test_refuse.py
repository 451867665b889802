"""Every refusal that a scenario may choose, on real sockets: the upgrades of both versions, and a posted file.

The clients are not ours: `websockets` and `httpx`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from harness.pytest_support import DeepgramServer

pytestmark = pytest.mark.deepgram(say="one two three", verdict="off")

KEY = {"Authorization": "Token any"}
STREAMS = {
    "v1": "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000",
    "v2": "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000",
}
FILE = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000"
CONTROL = "/_dgharness/faults"
AUDIO = bytes(32_000)

CREDITS = "Project does not have enough credits for an ASR request and does not have an overage agreement."
LEGACY = [
    (400, "Bad Request", "Invalid query string."),
    (401, "INVALID_AUTH", "Invalid credentials."),
    (402, "ASR_PAYMENT_REQUIRED", CREDITS),
    (403, "INSUFFICIENT_PERMISSIONS", "Project does not have access to the requested model."),
    (404, "PROJECT_NOT_FOUND", "Project not found."),
    (408, "SLOW_UPLOAD", "The request body arrived too slowly."),
    (429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later"),
    (500, "INTERNAL_SERVER_ERROR", "Internal server error."),
    (503, "Service Unavailable", "Service Unavailable"),
    (504, "Gateway Timeout", "The request was not processed in time."),
]
TEXT = [(405, "Method Not Allowed"), (502, "Bad Gateway")]


@dataclass(frozen=True)
class Refused:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def asked(server: DeepgramServer, how: str) -> Refused | None:
    """Ask for a stream of that version, or post a file; None when that went well."""
    if how == "file":
        with httpx.Client(trust_env=False) as client:
            answer = client.post(server.http_url + FILE, content=AUDIO, headers=KEY)
        return None if answer.is_success else Refused(answer.status_code, dict(answer.headers), answer.content)
    try:
        with connect(server.ws_url + STREAMS[how], additional_headers=KEY, proxy=None):
            return None
    except InvalidStatus as error:
        response = error.response
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        return Refused(response.status_code, headers, bytes(response.body or b""))


def status(server: DeepgramServer, how: str) -> int | None:
    """The status of the refusal, if it is one."""
    refused = asked(server, how)
    return None if refused is None else refused.status


def use(server: DeepgramServer, **fault: Any) -> None:
    """Have this refusal happen from now on, as a test in any language asks for it."""
    faults = {"faults": [{"kind": "refuse", **fault}]}
    httpx.post(server.http_url + CONTROL, json=faults, trust_env=False).raise_for_status()


every_request = pytest.mark.parametrize("how", [*STREAMS, "file"])


@every_request
@pytest.mark.parametrize(("number", "err_code", "sentence"), LEGACY)
def test_status_headers_and_body_are_the_documented_ones(
    deepgram_server: DeepgramServer, how: str, number: int, err_code: str, sentence: str
) -> None:
    use(deepgram_server, status=number, retry_after_s=7)
    refused = asked(deepgram_server, how)

    assert refused is not None
    assert refused.status == number
    request_id = refused.headers["dg-request-id"]
    assert UUID(request_id).version == 7
    assert json.loads(refused.body) == {"err_code": err_code, "err_msg": sentence, "request_id": request_id}
    assert refused.headers["dg-error"] == sentence
    assert refused.headers["content-type"] == "application/json"
    assert refused.headers["content-length"] == str(len(refused.body))
    assert refused.headers["retry-after"] == "7"


@every_request
@pytest.mark.parametrize(("number", "sentence"), TEXT)
def test_some_say_a_bare_sentence(deepgram_server: DeepgramServer, how: str, number: int, sentence: str) -> None:
    use(deepgram_server, status=number)
    refused = asked(deepgram_server, how)

    assert refused is not None
    assert (refused.status, refused.body) == (number, sentence.encode())
    assert refused.headers["content-type"] == "text/plain"
    assert refused.headers["dg-error"] == sentence
    assert refused.headers.get("allow") == ("GET, POST" if number == 405 else None)
    assert "retry-after" not in refused.headers


@every_request
def test_another_body_of_the_status_is_chosen_by_its_code(deepgram_server: DeepgramServer, how: str) -> None:
    use(deepgram_server, status=401, err_code="INSUFFICIENT_PERMISSIONS")
    refused = asked(deepgram_server, how)

    assert refused is not None
    assert json.loads(refused.body)["err_msg"] == "User does not have sufficient permissions."


@every_request
@pytest.mark.deepgram(faults=["refuse status=429 retry_after_s=1 times=2"])
def test_a_client_that_comes_back_gets_in(deepgram_server: DeepgramServer, how: str) -> None:
    statuses = [status(deepgram_server, how) for _ in range(3)]

    assert statuses == [429, 429, None]
    assert [firing.kind for firing in deepgram_server.fired] == ["refuse", "refuse"]


@pytest.mark.deepgram(faults=["refuse status=402 request=file"])
def test_files_alone_may_be_refused(deepgram_server: DeepgramServer) -> None:
    found = {how: status(deepgram_server, how) for how in (*STREAMS, "file")}

    assert found == {"v1": None, "v2": None, "file": 402}


@pytest.mark.deepgram(faults=["refuse status=402 request=stream"])
def test_streams_alone_may_be_refused(deepgram_server: DeepgramServer) -> None:
    found = {how: status(deepgram_server, how) for how in (*STREAMS, "file")}

    assert found == {"v1": 402, "v2": 402, "file": None}


@pytest.mark.deepgram(faults=["refuse status=503 times=1"])
def test_after_a_file_was_answered_the_next_one_is_a_run_of_its_own(deepgram_server: DeepgramServer) -> None:
    statuses = [status(deepgram_server, "file") for _ in range(4)]

    assert statuses == [503, None, 503, None]


@pytest.mark.deepgram(faults=["refuse status=503"])
def test_a_large_file_gets_its_refusal_all_the_same(deepgram_server: DeepgramServer) -> None:
    """It is refused before the body is there, and a reset would take the answer from the client."""
    with httpx.Client(trust_env=False) as client:
        answer = client.post(deepgram_server.http_url + FILE, content=bytes(20_000_000), headers=KEY)

    assert (answer.status_code, answer.headers["connection"]) == (503, "close")


@pytest.mark.deepgram(faults=["refuse status=402"], api_key="secret")
def test_a_scenario_goes_before_the_key(deepgram_server: DeepgramServer) -> None:
    assert [status(deepgram_server, how) for how in (*STREAMS, "file")] == [402, 402, 402]

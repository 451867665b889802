"""Who is not let in, and how that is said: status, body, `dg-request-id` and `dg-error`, for HTTP and for upgrades."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from harness.recording.entries import Refused
from mock_server.settings import ServerSettings

if TYPE_CHECKING:
    from tests.loopback.conftest import Answer, Wire

GOOD = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000"


def legacy_error(answer: Answer) -> tuple[int, str, str] | Answer:
    """Status, code and message of an error in the legacy shape, as most on listen have it; any other answer itself."""
    said = answer.json() if answer.headers.get("content-type") == "application/json" else {}
    message, request_id = answer.headers.get("dg-error", ""), answer.headers.get("dg-request-id", "")
    code = str(said.get("err_code"))
    whole = said == {"err_code": code, "err_msg": message, "request_id": request_id} and UUID(request_id).version == 7
    return (answer.status, code, message) if whole else answer


def text_error(answer: Answer) -> tuple[int, str] | Answer:
    """Status and message of an error in plain text; any other answer as it is."""
    message, request_id = answer.headers.get("dg-error", ""), answer.headers["dg-request-id"]
    plain = answer.headers.get("content-type") == "text/plain" and answer.body == message.encode()
    return (answer.status, message) if plain and UUID(request_id).version == 7 else answer


INVALID_AUTH = (401, "INVALID_AUTH", "Invalid credentials.")
WRONG_KEYS = [None, "Token wrong", "Token ", "Basic c2VjcmV0", "secret", "Bearer wrong"]


@pytest.mark.deepgram(api_key="secret")
@pytest.mark.parametrize("authorization", WRONG_KEYS)
def test_an_upgrade_without_the_right_key_is_refused(wire: Wire, authorization: str | None) -> None:
    assert legacy_error(wire.upgrade(GOOD, authorization=authorization)) == INVALID_AUTH


@pytest.mark.deepgram(api_key="secret")
@pytest.mark.parametrize("authorization", WRONG_KEYS)
def test_a_post_without_the_right_key_is_refused(wire: Wire, authorization: str | None) -> None:
    lines = ["POST /v1/listen HTTP/1.1", "Host: x", "Content-Length: 4"]
    lines += [] if authorization is None else [f"Authorization: {authorization}"]
    answer = wire.request("\r\n".join([*lines, "", "abcd"]).encode())

    assert legacy_error(answer) == INVALID_AUTH


@pytest.mark.deepgram(api_key="secret")
@pytest.mark.parametrize("first_line", ["GET /v1/listen HTTP/1.1", "POST /v1/listen HTTP/1.1"])
def test_two_keys_are_none(wire: Wire, first_line: str) -> None:
    head = wire.upgrade_head().replace(b"\r\n", b"\r\nAuthorization: Token secret\r\n", 1)
    head = head.replace(head.partition(b"\r\n")[0], first_line.encode())

    assert legacy_error(wire.request(head)) == INVALID_AUTH


@pytest.mark.deepgram(api_key="secret")
@pytest.mark.parametrize("offered", ["token, wrong", "token", "bearer,", "graphql-ws, secret"])
def test_a_subprotocol_without_the_right_key_is_refused(wire: Wire, offered: str) -> None:
    answer = wire.upgrade(GOOD, authorization=None, sec_websocket_protocol=offered)

    assert legacy_error(answer) == INVALID_AUTH


@pytest.mark.deepgram(settings=ServerSettings(require_key=False))
def test_without_a_key_when_none_is_required(wire: Wire) -> None:
    assert wire.upgrade(GOOD, authorization=None).status == 101


def test_an_unknown_path_is_404_for_upgrades_and_http(wire: Wire) -> None:
    assert text_error(wire.upgrade("/v1/speak")) == (404, "Not Found")
    assert text_error(wire.upgrade("/")) == (404, "Not Found")
    assert text_error(wire.http("POST", "/v1/speak", body=b"x")) == (404, "Not Found")
    assert text_error(wire.http("GET", "/")) == (404, "Not Found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_405_and_the_right_ones_are_named(wire: Wire, method: str) -> None:
    answer = wire.http(method, "/v1/listen")

    assert text_error(answer) == (405, "Method Not Allowed")
    assert answer.headers["allow"] == "GET, POST"


def test_a_head_request_is_405_without_a_body(wire: Wire) -> None:
    answer = wire.http("HEAD", "/v1/listen")

    assert (answer.status, answer.body) == (405, b"")


@pytest.mark.parametrize(
    ("query", "err_code", "message"),
    [
        ("model=nova-9", "Bad Request", "Bad Request: No such model/version combination found."),
        (
            "model=nova-3&interim_results=true&utterance_end_ms=999",
            "INVALID_QUERY_PARAMETER",
            "Invalid 'utterance_end_ms' value of '999'.",
        ),
    ],
)
def test_a_bad_query_is_400_with_the_reason_in_the_header(wire: Wire, query: str, err_code: str, message: str) -> None:
    assert legacy_error(wire.upgrade(f"/v1/listen?{query}")) == (400, err_code, message)


def test_a_bad_query_of_a_post_is_refused_alike(wire: Wire) -> None:
    message = "Bad Request: No such model/version combination found."
    assert legacy_error(wire.http("POST", "/v1/listen?model=nova-9", body=b"x")) == (400, "Bad Request", message)


def test_a_capitalised_boolean_is_named(wire: Wire) -> None:
    answer = wire.upgrade("/v1/listen?model=nova-3&punctuate=True")

    assert answer.status == 400
    assert answer.headers["dg-error"].startswith("Failed to deserialize query parameters: ")
    assert "punctuate" in answer.headers["dg-error"]


def test_a_refused_upgrade_is_among_the_sessions(wire: Wire) -> None:
    wire.upgrade("/v1/listen?model=nova-9")
    (session,) = wire.server.wait_for_sessions()

    (entry,) = session.of(Refused)
    assert entry.status == 400
    assert "No such model/version combination found." in entry.body
    assert session.partial


@pytest.mark.parametrize("origin", ["https://example.com", "http://127.0.0.1.example.com", "null", "http://[bad"])
def test_a_page_of_another_site_is_refused(wire: Wire, origin: str) -> None:
    answer = wire.upgrade(GOOD, origin=origin)

    assert answer.status == 403
    assert origin in answer.headers["dg-error"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443"])
def test_a_page_on_this_machine_is_let_in_with_cors_headers(wire: Wire, origin: str) -> None:
    answer = wire.upgrade(GOOD, origin=origin)

    assert answer.status == 101
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "dg-request-id" in answer.headers["access-control-expose-headers"]
    assert answer.headers["vary"] == "origin"


@pytest.mark.deepgram(settings=ServerSettings(allowed_origins=frozenset({"https://example.com"})))
def test_a_site_that_was_allowed_is_let_in(wire: Wire) -> None:
    assert wire.upgrade(GOOD, origin="https://example.com").status == 101


@pytest.mark.parametrize(
    "wrong",
    [
        {"sec_websocket_key": None},
        {"sec_websocket_key": "short"},
        {"sec_websocket_version": "12"},
        {"connection": "keep-alive"},
    ],
)
def test_a_malformed_handshake_is_400(wire: Wire, wrong: dict[str, str | None]) -> None:
    answer = wire.upgrade(GOOD, **wrong)

    assert legacy_error(answer) == (400, "Bad Request", "Bad Request: the WebSocket handshake is malformed.")


def test_an_upgrade_over_http_1_0_is_refused(wire: Wire) -> None:
    data = (
        f"GET {GOOD} HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nAuthorization: Token x\r\n"
        "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert wire.request(data.encode()).status == 400


def test_a_query_too_long_for_a_request_line_is_414(wire: Wire) -> None:
    answer = wire.upgrade(f"{GOOD}&keyterm={'a' * 9000}")

    assert answer.status == 414
    assert answer.headers["dg-error"] == answer.json()["err_msg"] == "The query string is too long."
    (session,) = wire.server.wait_for_sessions()
    assert session.header.query.endswith("aaaa")


@pytest.mark.parametrize("headers", [{f"x-{number}": "1" for number in range(200)}, {"x-long": "a" * 9000}])
def test_too_many_or_too_long_headers_of_an_upgrade_are_431(wire: Wire, headers: dict[str, str]) -> None:
    answer = wire.upgrade(GOOD, **headers)

    assert answer.status == 431
    assert "dg-request-id" in answer.headers


def test_health_tells_of_sessions_and_connections(wire: Wire) -> None:
    wire.upgrade("/v1/nothing")
    wire.server.wait_for_sessions()
    answer = wire.http("GET", "/health")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    health = answer.json()
    assert (health["status"], health["sessions"]) == ("ok", 1)
    assert health["open_connections"] >= 1


def test_health_answers_head_and_needs_no_key(wire: Wire) -> None:
    answer = wire.request(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.errors import BadInput
from harness.protocol import refusal
from harness.protocol.refusal import BodyShape, ErrorNames, Refusal, for_status, header_text, invalid_value

ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"


def body(made: Refusal, names: ErrorNames = ErrorNames.DOCS) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(made.response(ID, names).body)
    return fields


def test_the_captured_400_is_reproduced_to_its_length() -> None:
    """deepgram-python-sdk issue 279 shows `content-length: 145` for this sentence."""
    answer = invalid_value("utterance_end_ms", 999).response(ID)
    assert answer.status == 400
    assert answer.reason_phrase == "Bad Request"
    assert answer.headers == [
        ("content-type", "application/json"),
        ("content-length", "145"),
        ("dg-request-id", ID),
        ("dg-error", "Invalid 'utterance_end_ms' value of '999'."),
    ]
    assert answer.body == (
        b'{"err_code":"INVALID_QUERY_PARAMETER","err_msg":"Invalid \'utterance_end_ms\' value of \'999\'.",'
        b'"request_id":"0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"}'
    )


def test_the_newer_body_has_a_category() -> None:
    assert body(refusal.INVALID_JSON) == {
        "category": "INVALID_JSON",
        "message": "Invalid JSON submitted.",
        "details": "",
        "request_id": ID,
    }


def test_a_bare_sentence_is_plain_text_and_still_echoed() -> None:
    answer = refusal.PATH_NOT_FOUND.response(ID)
    assert answer.body == b"Not Found"
    assert ("content-type", "text/plain") in answer.headers
    assert ("dg-error", "Not Found") in answer.headers
    assert ("dg-request-id", ID) in answer.headers


@pytest.mark.parametrize(
    ("made", "status", "docs", "smg"),
    [
        (refusal.NO_SUCH_MODEL, 400, "Bad Request", "INVALID_QUERY_PARAMETER"),
        (refusal.KEYTERM_LIMIT, 400, "Bad Request", "KEYWORD_LIMIT_EXCEEDED"),
        (refusal.FLUX_ON_V1, 400, "V2_MODEL_ON_V1_LISTEN_ENDPOINT", "V2_MODEL_ON_V1_LISTEN_ENDPOINT"),
        (refusal.CORRUPT_AUDIO, 400, "Bad Request", "Bad Request"),
        (refusal.invalid_query("x"), 400, "INVALID_QUERY_PARAMETER", "INVALID_QUERY_PARAMETER"),
        (refusal.INVALID_CREDENTIALS, 401, "INVALID_AUTH", "UNAUTHORIZED"),
        (refusal.INSUFFICIENT_PERMISSIONS, 401, "INSUFFICIENT_PERMISSIONS", "FORBIDDEN"),
        (refusal.PAYMENT_REQUIRED, 402, "ASR_PAYMENT_REQUIRED", "PAYMENT_REQUIRED"),
        (refusal.MODEL_ACCESS_DENIED, 403, "INSUFFICIENT_PERMISSIONS", "FORBIDDEN"),
        (refusal.PROJECT_NOT_FOUND, 404, "PROJECT_NOT_FOUND", "NOT_FOUND"),
        (refusal.WHISPER_IS_NOT_LIVE, 405, "Method Not Allowed", "Method Not Allowed"),
        (refusal.SLOW_UPLOAD, 408, "SLOW_UPLOAD", "SLOW_UPLOAD"),
        (refusal.LENGTH_REQUIRED, 411, "Length Required", "Length Required"),
        (refusal.PAYLOAD_TOO_LARGE, 413, "PAYLOAD_TOO_LARGE", "PAYLOAD_TOO_LARGE"),
        (refusal.UNSUPPORTED_MEDIA_TYPE, 415, "UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_MEDIA_TYPE"),
        (refusal.too_many_requests(), 429, "TOO_MANY_REQUESTS", "RATE_LIMITED"),
        (refusal.INTERNAL_SERVER_ERROR, 500, "INTERNAL_SERVER_ERROR", "INTERNAL_SERVER_ERROR"),
        (refusal.service_unavailable(), 503, "Service Unavailable", "Service Unavailable"),
        (refusal.GATEWAY_TIMEOUT, 504, "Gateway Timeout", "Gateway Timeout"),
    ],
)
def test_codes_are_named_in_either_style(made: Refusal, status: int, docs: str, smg: str) -> None:
    assert made.status == status
    assert body(made)["err_code"] == docs
    assert body(made, ErrorNames.SMG)["err_code"] == smg
    assert body(made)["err_msg"] == dict(made.response(ID).headers)["dg-error"]


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (refusal.INVALID_CREDENTIALS, "Invalid credentials."),
        (refusal.INSUFFICIENT_PERMISSIONS, "User does not have sufficient permissions."),
        (
            refusal.PAYMENT_REQUIRED,
            "Project does not have enough credits for an ASR request and does not have an overage agreement.",
        ),
        (refusal.MODEL_ACCESS_DENIED, "Project does not have access to the requested model."),
        (refusal.PROJECT_NOT_FOUND, "Project not found."),
        (refusal.too_many_requests(), "Too many requests. Please try again later"),
        (refusal.CORRUPT_AUDIO, "Bad Request: failed to process audio: corrupt or unsupported data"),
    ],
)
def test_documented_sentences_are_exact(made: Refusal, sentence: str) -> None:
    assert made.message == sentence


def test_a_method_is_refused_with_the_ones_that_work() -> None:
    answer = refusal.method_not_allowed(("GET", "POST")).response(ID)
    assert (answer.status, answer.reason_phrase) == (405, "Method Not Allowed")
    assert ("allow", "GET, POST") in answer.headers


@pytest.mark.parametrize("make", [refusal.too_many_requests, refusal.service_unavailable])
def test_retry_after_is_sent_when_asked_for(make: Any) -> None:
    assert ("retry-after", "30") in make(30).response(ID).headers
    assert "retry-after" not in dict(make().response(ID).headers)


@pytest.mark.parametrize(
    ("status", "phrase", "code"),
    [
        (400, "Bad Request", "Bad Request"),
        (401, "Unauthorized", "INVALID_AUTH"),
        (403, "Forbidden", "INSUFFICIENT_PERMISSIONS"),
        (418, "I'm a Teapot", "I'm a Teapot"),
        (429, "Too Many Requests", "TOO_MANY_REQUESTS"),
        (499, "Client Closed Request", "Client Closed Request"),
        (503, "Service Unavailable", "Service Unavailable"),
        (599, "Error", "Error"),
    ],
)
def test_a_bare_status_finds_its_refusal(status: int, phrase: str, code: str) -> None:
    made = for_status(status, retry_after_s=7)
    answer = made.response(ID)
    assert (answer.status, answer.reason_phrase, made.code()) == (status, phrase, code)
    assert answer.headers.count(("retry-after", "7")) == 1
    assert "retry-after" not in dict(for_status(status).response(ID).headers)


def test_every_405_says_what_is_allowed() -> None:
    for made in (for_status(405), refusal.WHISPER_IS_NOT_LIVE):
        assert "allow" in dict(made.response(ID).headers)


@pytest.mark.parametrize("status", [200, 101, 399, 600, True, "400"])
def test_a_status_that_is_no_error_is_refused(status: Any) -> None:
    with pytest.raises(BadInput, match="wanted a whole number from 400 to 599"):
        Refusal(status, "no")


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("plain text", "plain text"),
        ("a\r\nset-cookie: b", "a??set-cookie: b"),
        ("  caf\xe9 \u2713\x7f ", "caf? ??"),
        ("x" * 2000, "x" * 1000),
        ("", ""),
    ],
)
def test_header_text_is_printable_ascii(text: str, header: str) -> None:
    assert header_text(text) == header


def test_the_body_keeps_what_the_header_cannot_carry() -> None:
    made = invalid_value("tag", "caf\xe9\r\n")
    assert body(made)["err_msg"] == "Invalid 'tag' value of 'caf\xe9\r\n'."
    assert "caf\xe9".encode() in made.response(ID).body
    assert dict(made.response(ID).headers)["dg-error"] == "Invalid 'tag' value of 'caf???'."


def test_a_long_value_is_quoted_in_part() -> None:
    assert invalid_value("tag", "t" * 500).message == f"Invalid 'tag' value of '{'t' * 80}...'."


def test_the_category_shape_carries_details_and_either_code() -> None:
    made = Refusal(400, "No.", "A", "B", shape=BodyShape.CATEGORY, details="why")
    assert body(made, ErrorNames.SMG) == {"category": "B", "message": "No.", "details": "why", "request_id": ID}

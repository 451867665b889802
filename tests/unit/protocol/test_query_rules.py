"""What Deepgram refuses of a query string, attested or inferred, on either endpoint."""

from __future__ import annotations

import pytest

from harness.protocol.options import ListenOptions, problems
from tests.unit.protocol.queries import KEYTERM_SENTENCE, REST, accepted, refused

NO_MODEL = "Bad Request: No such model/version combination found."
NO_LANGUAGE = "Bad Request: No such model/language/tier combination found."


@pytest.mark.parametrize(
    ("query", "status", "err_code", "message"),
    [
        ("model=nova-9", 400, "Bad Request", NO_MODEL),
        ("model=Nova-3", 400, "Bad Request", NO_MODEL),
        ("model=", 400, "Bad Request", NO_MODEL),
        ("model=nova-3&language=english", 400, "Bad Request", NO_LANGUAGE),
        ("model=base&language=multi", 400, "Bad Request", NO_LANGUAGE),
        ("language=multi", 400, "Bad Request", NO_LANGUAGE),
        (
            "model=flux-general-en",
            400,
            "V2_MODEL_ON_V1_LISTEN_ENDPOINT",
            "Flux models are not supported on the `/v1/listen` endpoint. Please use `/v2/listen`.",
        ),
        ("model=whisper-large&utterance_end_ms=500", 405, "Method Not Allowed", "Whisper models"),
        (
            "model=nova-3&keywords=ward:2",
            400,
            "INVALID_QUERY_PARAMETER",
            "Keywords are not supported for Nova-3. Please use `keyterm` instead.",
        ),
        (
            "model=nova-2&keyterm=ward",
            400,
            "INVALID_QUERY_PARAMETER",
            "`keyterm` is only supported for Nova-3 and Flux. Please use `keywords` instead.",
        ),
        ("model=nova-3&" + "keyterm=a+b&" * 251, 400, "Bad Request", KEYTERM_SENTENCE),
        (
            "utterance_end_ms=999&interim_results=true",
            400,
            "INVALID_QUERY_PARAMETER",
            "Invalid 'utterance_end_ms' value of '999'.",
        ),
        (
            "utterance_end_ms=5001&interim_results=true",
            400,
            "INVALID_QUERY_PARAMETER",
            "Invalid 'utterance_end_ms' value of '5001'.",
        ),
        (
            "utterance_end_ms=1000",
            400,
            "INVALID_QUERY_PARAMETER",
            "'utterance_end_ms' requires 'interim_results=true'.",
        ),
        ("vad_turnoff=500&endpointing=10", 400, "INVALID_QUERY_PARAMETER", "'vad_turnoff' cannot be combined"),
        (
            "diarize_model=v2",
            400,
            "INVALID_QUERY_PARAMETER",
            "Failed to deserialize query parameters: diarize_model: unknown variant `v2`, expected `latest` or `v1`",
        ),
        (
            "encoding=amr-nb&sample_rate=16000",
            400,
            "INVALID_QUERY_PARAMETER",
            "Invalid 'sample_rate' value of '16000'.",
        ),
        ("encoding=amr-wb&sample_rate=8000", 400, "INVALID_QUERY_PARAMETER", "Invalid 'sample_rate' value of '8000'."),
        ("encoding=linear16&sample_rate=0", 400, "INVALID_QUERY_PARAMETER", "Invalid 'sample_rate' value of '0'."),
        ("channels=0", 400, "INVALID_QUERY_PARAMETER", "Invalid 'channels' value of '0'."),
        (
            "encoding=mulaw&sample_rate=8000&channels=21&multichannel=true",
            400,
            "INVALID_QUERY_PARAMETER",
            "Invalid 'channels' value of '21'.",
        ),
        (
            "encoding=mulaw&sample_rate=8000&channels=65",
            400,
            "INVALID_QUERY_PARAMETER",
            "Invalid 'channels' value of '65'.",
        ),
        ("search=a&" * 51, 400, "INVALID_QUERY_PARAMETER", "Too many 'search' values: 51, the limit is 50."),
        ("keywords=a&" * 101, 400, "INVALID_QUERY_PARAMETER", "Too many 'keywords' values: 101, the limit is 100."),
        ("tag=" + "t" * 129, 400, "INVALID_QUERY_PARAMETER", "Invalid 'tag' value of 'ttt"),
        ("extra=k:" + "v" * 2047, 400, "INVALID_QUERY_PARAMETER", "Invalid 'extra' value of 'k:vvv"),
        ("callback=ftp://example.com/x", 400, "INVALID_QUERY_PARAMETER", "Invalid 'callback' value."),
        ("callback=http://", 400, "INVALID_QUERY_PARAMETER", "Invalid 'callback' value."),
        ("callback=http://[", 400, "INVALID_QUERY_PARAMETER", "Invalid 'callback' value."),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_an_attested_rule_is_kept_in_both_modes(
    query: str, status: int, err_code: str, message: str, strict: bool
) -> None:
    refusal = refused(query, strict=strict)
    assert (refusal.status, refusal.err_code) == (status, err_code)
    assert refusal.message.startswith(message)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("version=newest", NO_MODEL),
        ("detect_language=true", "'detect_language' is not supported for streaming."),
        ("encoding=linear16", "'encoding=linear16' requires 'sample_rate'."),
        ("encoding=alaw&channels=2", "'encoding=alaw' requires 'sample_rate'."),
        ("encoding=opus&sample_rate=44100", "Invalid 'sample_rate' value of '44100'."),
        ("encoding=g729&sample_rate=16000", "Invalid 'sample_rate' value of '16000'."),
        ("extra=keyless", "Invalid 'extra' value of 'keyless'."),
        ("extra=:value", "Invalid 'extra' value of ':value'."),
    ],
)
def test_an_inferred_rule_is_kept_in_strict_mode_only(query: str, message: str) -> None:
    assert refused(query).message == message
    assert accepted(query, strict=False).to_query()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "model=nova-3&language=multi&keyterm=" + "word+" * 499 + "word",
        "model=nova-2-phonecall&keywords=ward:2",
        "tier=nova&model=2-general&language=multi",
        "tier=enhanced&model=meeting",
        "model=meeting",
        "model=custom&keyterm=ward&language=multi&version=mine",
        "model=2d7c1e0a-3c1f-4c2e-9f37-5a0b8f1d6c11",
        "version=2024-01-09.29",
        "language=pt-BR",
        "language=zh-Hant-TW",
        "endpointing=false&vad_turnoff=500",
        "endpointing=true&vad_turnoff=500",
        "utterance_end_ms=1000&interim_results=true",
        "utterance_end_ms=5000&interim_results=true",
        "encoding=amr-nb&sample_rate=8000",
        "encoding=amr-wb",
        "encoding=ogg-opus",
        "sample_rate=0",
        "encoding=linear16&sample_rate=48000&channels=20&multichannel=true",
        "encoding=linear16&sample_rate=48000&channels=64",
        "diarize_model=v1",
        "tag=" + "t" * 128,
        "extra=k:" + "v" * 2046,
        "search=a&" * 50,
        "keywords=a&" * 100,
        "callback=wss://example.com:9000/results",
        "callback=https://user:pw@example.com/x&callback_method=DELETE",
        # the default query of LiveKit's plugin
        "model=nova-3&punctuate=true&smart_format=false&no_delay=true&interim_results=true&encoding=linear16"
        "&vad_events=true&sample_rate=16000&channels=1&endpointing=25&filler_words=true&profanity_filter=false"
        "&numerals=false&mip_opt_out=false&language=en-US",
    ],
)
def test_what_deepgram_takes_is_taken_by_the_strict_server(query: str) -> None:
    assert accepted(query).unknown == ()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("callback_method=GET", "unknown variant `GET`, expected `POST` or `PUT`"),
        ("callback=wss://example.com", "Invalid 'callback' value."),
        ("encoding=linear32&sample_rate=8000", "Invalid 'encoding' value of 'linear32'."),
        ("model=flux-general-multi", "Flux models are not supported"),
    ],
)
def test_the_pre_recorded_endpoint_has_rules_of_its_own(query: str, message: str) -> None:
    assert message in refused(query, endpoint=REST).message


@pytest.mark.parametrize(
    "query",
    [
        "model=whisper-large",
        "model=whisper-large-v9",
        "detect_language=en&detect_language=es",
        "diarize_model=v2",
        "encoding=linear16",
        "utterance_end_ms=999",
        "callback_method=PUT",
    ],
)
def test_what_only_streaming_refuses_is_taken_with_a_file(query: str) -> None:
    assert accepted(query, endpoint=REST).to_query() == query


def test_any_model_is_taken_when_the_server_has_its_own() -> None:
    options = accepted("model=ward-rounds-7&keyterm=ward&language=multi&version=mine", any_model=True)
    assert options.model == "ward-rounds-7"
    assert refused("model=flux-general-en", any_model=True).err_code == "V2_MODEL_ON_V1_LISTEN_ENDPOINT"


def test_all_problems_are_listed_and_the_first_is_the_answer() -> None:
    options = ListenOptions(model="nova-3", keywords=("a",), utterance_end_ms=999, channels=0)
    found = problems(options)
    assert [refusal.message for refusal in found] == [
        "Keywords are not supported for Nova-3. Please use `keyterm` instead.",
        "Invalid 'utterance_end_ms' value of '999'.",
        "'utterance_end_ms' requires 'interim_results=true'.",
        "Invalid 'channels' value of '0'.",
    ]
    assert refused(options.to_query()) == found[0]
    assert problems(ListenOptions(model="nova-3")) == ()


def test_a_callback_with_a_password_is_not_quoted() -> None:
    assert "hunter2" not in refused("callback=ftp://me:hunter2@example.com").message

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput
from harness.protocol.options import Advice, Endpoint, ListenOptions, advice, keyterm_tokens, parse_query, problems
from harness.protocol.parameters import ENCODINGS, MAX_WHOLE, PARAMETERS
from harness.protocol.refusal import Refusal

LIVE, REST = Endpoint.STREAMING, Endpoint.PRERECORDED


def accepted(query: str, **how: Any) -> ListenOptions:
    options = parse_query(query, **how)
    assert isinstance(options, ListenOptions), options
    return options


def refused(query: str, **how: Any) -> Refusal:
    refusal = parse_query(query, **how)
    assert isinstance(refusal, Refusal), refusal
    return refusal


# --- the value --------------------------------------------------------------------------------------------------------


def test_the_fields_are_the_rows_of_the_table_in_its_order() -> None:
    fields = [field.name for field in dataclasses.fields(ListenOptions)]
    assert fields == [*(parameter.name for parameter in PARAMETERS), "unknown"]


def test_what_was_not_sent_is_none_and_differs_from_a_default_that_was() -> None:
    assert accepted("") == ListenOptions()
    assert accepted("").punctuate is None
    assert accepted("punctuate=false").punctuate is False
    assert accepted("punctuate=false") != ListenOptions()


def test_sending_every_default_changes_no_effective_value() -> None:
    query = "&".join(f"{row.name}={row.default}" for row in PARAMETERS if row.default and LIVE in row.endpoints)
    sent, silent = accepted(query), ListenOptions()
    for name in ("model", "language", "channels"):
        assert getattr(sent, f"effective_{name}") == getattr(silent, f"effective_{name}")
    for name in ("endpointing_ms", "wants_interims", "punctuates", "diarizes", "raw_format"):
        assert getattr(sent, name) == getattr(silent, name)


def test_a_query_becomes_typed_fields() -> None:
    options = accepted(
        "model=nova-3&encoding=linear16&sample_rate=16000&channels=2&multichannel=true&interim_results=true"
        "&endpointing=300&utterance_end_ms=1000&keyterm=side%20dish&keyterm=a+la+carte"
    )
    assert options == ListenOptions(
        model="nova-3",
        encoding="linear16",
        sample_rate=16_000,
        channels=2,
        multichannel=True,
        interim_results=True,
        endpointing=300,
        utterance_end_ms=1000,
        keyterm=("side dish", "a la carte"),
    )
    assert options.raw_format == AudioFormat(Encoding.LINEAR16, 16_000, 2)
    assert options.wants_interims


def test_the_query_is_written_in_table_order_with_percent_encoding() -> None:
    options = ListenOptions(
        keyterm=("side dish", "R&B"), interim_results=False, model="nova-3", unknown=(("x", "1"), ("x", ""))
    )
    assert options.to_query() == ("model=nova-3&interim_results=false&keyterm=side%20dish&keyterm=R%26B&x=1&x=")


def test_a_leading_question_mark_is_tolerated() -> None:
    assert accepted("?model=nova-3") == ListenOptions(model="nova-3")


def test_unknown_parameters_are_kept_in_order_and_written_again() -> None:
    options = accepted("keyterms=a&model=nova-3&zzz=1&keyterms=b&=c")
    assert options.unknown == (("keyterms", "a"), ("zzz", "1"), ("keyterms", "b"), ("", "c"))
    assert options.to_query() == "model=nova-3&keyterms=a&zzz=1&keyterms=b&=c"


def test_lists_and_enum_members_are_taken_as_people_write_them() -> None:
    options = ListenOptions(keyterm=["a"], search=[], encoding=Encoding.MULAW, utt_split=1)  # type: ignore[arg-type]
    assert options == ListenOptions(keyterm=("a",), encoding="mulaw", utt_split=1.0)
    assert type(options.encoding) is str
    assert options.search is None
    assert options.to_query() == "encoding=mulaw&utt_split=1.0&keyterm=a"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"punctuate": "true"}, "punctuate is 'true'; wanted `true` or `false`, in lower case"),
        ({"channels": True}, f"channels is True; wanted a whole number from 0 to {MAX_WHOLE}"),
        ({"channels": b"2"}, f"channels is b'2'; wanted a whole number from 0 to {MAX_WHOLE}"),
        ({"channels": -1}, f"channels is -1; wanted a whole number from 0 to {MAX_WHOLE}"),
        ({"channels": MAX_WHOLE + 1}, "wanted a whole number"),
        ({"utt_split": float("nan")}, "utt_split is nan; wanted a number, zero or more"),
        ({"keyterm": "ward"}, "keyterm is 'ward'; wanted a list of text of valid Unicode"),
        ({"keyterm": ("ward", 1)}, "wanted a list of text"),
        ({"encoding": "mp3"}, "encoding is 'mp3'; wanted one of `linear16`"),
        ({"model": 3}, "model is 3; wanted text of valid Unicode"),
        ({"model": "\ud800"}, "wanted text of valid Unicode"),
        ({"unknown": (("a", "\udfff"),)}, "wanted pairs of text of valid Unicode"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        ListenOptions(**fields)
    assert sentence in str(raised.value)


def test_wishes_are_cut_to_what_an_endpoint_reads() -> None:
    both = ListenOptions(model="nova-3", interim_results=True, utterances=True, unknown=(("a", "b"),))
    assert both.for_endpoint(REST) == ListenOptions(model="nova-3", utterances=True, unknown=(("a", "b"),))
    assert both.for_endpoint(LIVE) == ListenOptions(model="nova-3", interim_results=True, unknown=(("a", "b"),))


# --- effective values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpointing", "milliseconds"), [(None, 10), (True, 10), (False, None), (0, 0), (1, 1), (300, 300)]
)
def test_endpointing_in_milliseconds(endpointing: int | bool | None, milliseconds: int | None) -> None:
    assert ListenOptions(endpointing=endpointing).endpointing_ms == milliseconds


def test_channels_count_only_for_a_declared_encoding() -> None:
    assert ListenOptions(channels=2).effective_channels == 1
    assert ListenOptions(channels=2, encoding="mulaw").effective_channels == 2
    assert ListenOptions(encoding="mulaw").effective_channels == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_only_pcm_has_a_raw_format(encoding: str) -> None:
    raw = {"linear16", "linear32", "mulaw", "alaw"}
    options = ListenOptions(encoding=encoding, sample_rate=8000)
    assert (options.raw_format is not None) == (encoding in raw)
    assert ListenOptions(encoding=encoding).raw_format is None


def test_a_raw_format_that_cannot_be_is_our_callers_mistake() -> None:
    with pytest.raises(BadInput, match="sample_rate is 1"):
        _ = ListenOptions(encoding="linear16", sample_rate=1).raw_format


@pytest.mark.parametrize("name", ["punctuate", "smart_format", "dictation", "paragraphs", "detect_entities"])
def test_punctuation_is_implied(name: str) -> None:
    fields: dict[str, Any] = {name: True}
    assert ListenOptions(**fields).punctuates
    assert not ListenOptions(numerals=True).punctuates


def test_speakers_come_with_either_spelling() -> None:
    assert ListenOptions(diarize=True).diarizes
    assert ListenOptions(diarize_model="latest").diarizes
    assert not ListenOptions(diarize=False).diarizes


def test_of_two_extras_with_one_key_the_last_wins() -> None:
    options = accepted("extra=run:1&extra=place:here:now&extra=run:2")
    assert options.extra_fields == {"run": "2", "place": "here:now"}
    assert ListenOptions(extra=("keyless", "a:b")).extra_fields == {"a": "b"}


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("punctuate=True", "punctuate: provided string was not `true` or `false`"),
        ("punctuate=", "punctuate: provided string was not `true` or `false`"),
        ("punctuate", "punctuate: provided string was not `true` or `false`"),
        ("sample_rate=16k", "sample_rate: invalid digit found in string"),
        ("channels=-1", "channels: invalid digit found in string"),
        ("channels=%EF%BC%92", "channels: invalid digit found in string"),
        ("channels=1_0", "channels: invalid digit found in string"),
        ("utterance_end_ms=" + "9" * 5000, "utterance_end_ms: invalid digit found in string"),
        (f"channels={MAX_WHOLE + 1}", "channels: invalid digit found in string"),
        ("diarize_model=v3", "diarize_model: unknown variant `v3`, expected one of `latest`, `v1`, `v2`"),
        ("callback_method={text}", "callback_method: unknown variant `{text}`, expected one of `POST`"),
        ("encoding=mp3", "encoding: unknown variant `mp3`, expected one of `linear16`, `linear32`"),
        ("model=nova-3&model=nova-2", "duplicate field `model`"),
    ],
)
def test_an_unreadable_value_is_refused_by_name(query: str, problem: str) -> None:
    refusal = refused(query)
    assert (refusal.status, refusal.err_code) == (400, "INVALID_QUERY_PARAMETER")
    assert refusal.message.startswith(f"Failed to deserialize query parameters: {problem}")
    assert len(refusal.message) < 300


@pytest.mark.parametrize("value", ["banana", "-1", "False", "1.5", ""])
def test_endpointing_that_is_neither_number_nor_flag_gets_the_captured_sentence(value: str) -> None:
    refusal = refused(f"endpointing={value}")
    assert (refusal.status, refusal.err_code, refusal.message) == (400, "Bad Request", "Invalid query string.")


@pytest.mark.parametrize(("text", "value"), [("0.8", 0.8), ("1", 1.0), ("1e-3", 0.001), ("1E2", 100.0)])
def test_decimals_are_read(text: str, value: float) -> None:
    assert accepted(f"utt_split={text}", endpoint=REST).utt_split == value


@pytest.mark.parametrize("text", ["inf", "nan", "1e999", "-1", ".5", ""])
def test_decimals_that_are_no_number_are_refused(text: str) -> None:
    assert "utt_split: invalid float literal" in refused(f"utt_split={text}", endpoint=REST).message


def test_a_flag_or_a_word_is_read() -> None:
    assert accepted("summarize=v2", endpoint=REST).summarize == "v2"
    assert accepted("summarize=true", endpoint=REST).summarize is True
    assert "expected one of `true`, `false`, `v2`" in refused("summarize=v1", endpoint=REST).message


def test_of_two_values_the_lenient_server_takes_the_last() -> None:
    assert accepted("model=nova-3&model=nova-2", strict=False).model == "nova-2"


def test_what_the_other_endpoint_would_read_is_ignored_however_it_is_written() -> None:
    options = accepted("interim_results=True&interim_results=true&interim_results=false&endpointing=x", endpoint=REST)
    assert options.interim_results is False
    assert options.unknown == (("interim_results", "True"), ("endpointing", "x"))


# --- rules ------------------------------------------------------------------------------------------------------------

KEYTERM_SENTENCE = "Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500."
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


# --- advice -----------------------------------------------------------------------------------------------------------


def test_a_misspelt_parameter_is_pointed_out() -> None:
    (found,) = advice(accepted("model=nova-3&keyterms=a&keyterms=b"))
    assert found == Advice("keyterms", "`keyterms` is not a parameter, and is ignored; did you mean `keyterm`?")


def test_a_parameter_nothing_resembles_is_only_reported() -> None:
    (found,) = advice(accepted("zzzzzz=1"))
    assert found.sentence == "`zzzzzz` is not a parameter, and is ignored."


def test_at_most_twenty_unknown_names_are_discussed() -> None:
    assert len(advice(accepted("&".join(f"zz{n}=1" for n in range(500))))) == 20


@pytest.mark.parametrize(
    ("query", "endpoint", "parameter"),
    [
        ("utterances=true", LIVE, "utterances"),
        ("interim_results=true", REST, "interim_results"),
        ("endpointing=banana", REST, "endpointing"),
        ("sample_rate=16000", LIVE, "sample_rate"),
        ("channels=2", LIVE, "channels"),
        ("multichannel=true&encoding=mulaw&sample_rate=8000", LIVE, "multichannel"),
        ("model=nova-3&keyterm=ward,theatre", LIVE, "keyterm"),
        ("model=nova-3&" + "keyterm=sternocleidomastoid&" * 120, LIVE, "keyterm"),
    ],
)
def test_what_is_asked_in_vain_is_pointed_out(query: str, endpoint: Endpoint, parameter: str) -> None:
    assert [found.parameter for found in advice(accepted(query, endpoint=endpoint), endpoint=endpoint)] == [parameter]


def test_a_query_that_means_what_it_says_gets_no_advice() -> None:
    options = accepted("model=nova-3&encoding=linear16&sample_rate=16000&channels=2&multichannel=true&keyterm=a")
    assert advice(options) == ()


def test_keyterms_that_are_refused_need_no_advice() -> None:
    options = ListenOptions(model="nova-3", keyterm=("anaesthesia",) * 501)
    assert [refusal.message for refusal in problems(options)] == [KEYTERM_SENTENCE]
    assert advice(options) == ()


def test_keyterm_tokens_are_estimated_by_word_length() -> None:
    assert keyterm_tokens(ListenOptions()) == 0
    assert keyterm_tokens(ListenOptions(keyterm=("a ward", "theatre"))) == 4

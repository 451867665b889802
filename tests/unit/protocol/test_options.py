"""The value of a query string: its fields, what they come to, how they are read and written."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput
from harness.protocol.options import ListenOptions
from harness.protocol.parameters import ENCODINGS, MAX_WHOLE, PARAMETERS
from tests.unit.protocol.queries import LIVE, REST, accepted, refused

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

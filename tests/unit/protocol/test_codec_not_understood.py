"""What is not understood is a value, not an exception."""

import json
from typing import Any

import pytest
from msgspec import UNSET

from harness.protocol.codec import decode_client, decode_server
from harness.protocol.messages import (
    Configure,
    Error,
    Finalize,
    MalformedMessage,
    Results,
    SpeechStarted,
    Sync,
    UnknownMessage,
)
from tests.unit.protocol.wire import RESULTS

DEEP = "[" * 100_000 + "]" * 100_000


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(RESULTS), **changes})


# --- unknown --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"type":"TurnInfo","event":"Update"}', "TurnInfo"),
        ('{"event":"Update"}', None),
        ('{"type":null,"event":"Update"}', None),
        ('{"type":7,"event":"Update"}', None),
        ('{"type":["Results"],"event":"Update"}', None),
        ('{"type":"results","event":"Update"}', "results"),
        ('{"type":"KeepAlive","event":"Update"}', "KeepAlive"),
    ],
)
def test_an_object_of_no_known_server_type_is_kept_whole(text: str, kind: str | None) -> None:
    decoded = decode_server(text)
    assert decoded.message == UnknownMessage(type=kind, fields=json.loads(text))
    assert (decoded.text, decoded.unmodelled) == (text, {})


def test_a_server_message_from_a_client_is_unknown() -> None:
    assert decode_client(RESULTS).message == UnknownMessage(type="Results", fields=json.loads(RESULTS))


def test_the_empty_object_is_unknown() -> None:
    assert decode_client("{}").message == UnknownMessage(type=None, fields={})


def test_unknown_fields_are_listed_by_path_at_every_depth() -> None:
    raw = json.loads(RESULTS)
    raw["novel"] = [1]
    raw["metadata"]["region"] = {"name": "north"}
    raw["channel"]["alternatives"][0]["words"][1]["pitch"] = 0.5
    raw["channel"]["alternatives"][0]["mood"] = "calm"
    decoded = decode_server(json.dumps(raw))
    assert decoded.unmodelled == {
        "novel": [1],
        "metadata.region": {"name": "north"},
        "channel.alternatives[0].words[1].pitch": 0.5,
        "channel.alternatives[0].mood": "calm",
    }
    assert decoded.message == decode_server(RESULTS).message


def test_an_unknown_field_without_a_value_is_not_worth_listing() -> None:
    assert decode_server('{"type":"Sync","id":1,"later":null}').unmodelled == {}


def test_free_form_objects_have_no_unknown_fields() -> None:
    assert decode_client('{"type":"Configure","features":{"novel":{"deep":true}}}').unmodelled == {}


def test_an_unknown_field_that_cannot_be_read_is_reported_not_raised() -> None:
    decoded = decode_server('{"type":"Sync","id":1,"huge":' + "9" * 5000 + "}")
    assert decoded.message == Sync(id=1)
    assert decoded.unmodelled == {"": "Integer value out of range - at `$[...]`"}


# --- malformed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not readable as JSON: Input data was truncated"),
        ("   ", "not readable as JSON: Input data was truncated"),
        ("hello", "not readable as JSON: JSON is malformed: invalid character (byte 0)"),
        ("{'type':'KeepAlive'}", "not readable as JSON"),
        ('{"type":"KeepAlive"', "not readable as JSON: Input data was truncated"),
        ('{"type":"KeepAlive"}{"type":"KeepAlive"}', "not readable as JSON"),
        ('\ufeff{"type":"KeepAlive"}', "not readable as JSON: JSON is malformed: invalid character (byte 0)"),
        ('{"type":"\\ud800"}', "not readable as JSON"),
        ("[]", "a JSON list where an object is wanted"),
        ('["KeepAlive"]', "a JSON list where an object is wanted"),
        ('"KeepAlive"', "a JSON str where an object is wanted"),
        ("null", "a JSON NoneType where an object is wanted"),
        ("12", "a JSON int where an object is wanted"),
        ("true", "a JSON bool where an object is wanted"),
        (DEEP, "not readable as JSON: maximum recursion depth exceeded"),
    ],
    ids=range(15),
)
@pytest.mark.parametrize("decode", [decode_server, decode_client])
def test_text_that_is_no_message_says_why(text: str, problem: str, decode: Any) -> None:
    decoded = decode(text)
    assert isinstance(decoded.message, MalformedMessage)
    assert decoded.message.type is None
    assert decoded.message.problem.startswith(problem)
    assert (decoded.text, decoded.unmodelled) == (text, {})


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"SpeechStarted","channel":[0,1],"timestamp":0.1,"novel":' + DEEP + "}",
        '{"type":"Novel","novel":' + DEEP + "}",
    ],
)
def test_nesting_deeper_than_the_stack_is_malformed(text: str) -> None:
    message = decode_server(text).message
    assert isinstance(message, MalformedMessage)
    assert "recursion" in message.problem


def test_nesting_in_a_free_form_field_is_malformed_too() -> None:
    message = decode_client('{"type":"Configure","features":{"novel":' + DEEP + "}}").message
    assert isinstance(message, MalformedMessage)


def test_text_with_half_a_surrogate_pair_is_malformed() -> None:
    assert decode_client('{"type":"\ud800"}').message == MalformedMessage(None, "the text is not valid Unicode")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"start": "0.0"}, "Expected `float`, got `str` - at `$.start`"),
        ({"start": True}, "Expected `float`, got `bool` - at `$.start`"),
        ({"is_final": 1}, "Expected `bool`, got `int` - at `$.is_final`"),
        ({"channel_index": [0]}, "Expected `array` of length 2"),
        ({"channel_index": [0, 1, 2]}, "Expected `array` of length 2"),
        ({"channel_index": [0.5, 1]}, "Expected `int`, got `float` - at `$.channel_index[0]`"),
        ({"channel": []}, "Expected `object`, got `array` - at `$.channel`"),
        ({"channel": {}}, "Object missing required field `alternatives` - at `$.channel`"),
        ({"channel": {"alternatives": [{"confidence": 1.0}]}}, "Object missing required field `transcript`"),
        ({"metadata": None}, "Expected `object`, got `null` - at `$.metadata`"),
        ({"start": None}, "Expected `float`, got `null` - at `$.start`"),
    ],
)
def test_a_known_type_of_the_wrong_shape_names_the_field(changes: dict[str, Any], problem: str) -> None:
    message = decode_server(changed(**changes)).message
    assert isinstance(message, MalformedMessage)
    assert message.type == "Results"
    assert message.problem.startswith(problem)


@pytest.mark.parametrize("field", ["channel_index", "duration", "start", "channel", "metadata"])
def test_each_required_field_of_results_is_required(field: str) -> None:
    raw = json.loads(RESULTS)
    del raw[field]
    assert decode_server(json.dumps(raw)).message == MalformedMessage(
        "Results", f"Object missing required field `{field}`"
    )


@pytest.mark.parametrize("field", ["is_final", "speech_final", "from_finalize"])
def test_a_flag_that_the_specification_calls_optional_reads_as_false(field: str) -> None:
    raw = json.loads(RESULTS)
    del raw[field]
    message = decode_server(json.dumps(raw)).message
    assert isinstance(message, Results)
    assert getattr(message, field) is False


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5000, "0x10", "01", "+1", ".5"])
def test_a_number_that_no_double_holds_or_json_forbids_is_malformed(number: str) -> None:
    message = decode_server('{"type":"SpeechStarted","channel":[0,1],"timestamp":' + number + "}").message
    assert isinstance(message, MalformedMessage)


def test_whole_numbers_do_for_seconds() -> None:
    message = decode_server('{"type":"SpeechStarted","channel":[0,1],"timestamp":3}').message
    assert message == SpeechStarted(channel=(0, 1), timestamp=3.0)


def test_an_id_of_any_length_is_kept() -> None:
    assert decode_server('{"type":"Sync","id":' + "9" * 40 + "}").message == Sync(id=int("9" * 40))


# --- null -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "unset"),
    [("is_final", False), ("speech_final", False), ("from_finalize", False), ("entities", UNSET)],
)
def test_null_in_a_field_that_may_be_absent_reads_as_absent(field: str, unset: Any) -> None:
    decoded = decode_server(changed(**{field: None}))
    assert isinstance(decoded.message, Results)
    assert getattr(decoded.message, field) == unset
    assert decoded.unmodelled == {}
    assert decoded.text == changed(**{field: None})


def test_null_deep_inside_reads_as_absent() -> None:
    raw = json.loads(RESULTS)
    raw["metadata"]["model_info"] = None
    raw["channel"]["search"] = None
    raw["channel"]["alternatives"][0]["languages"] = None
    raw["channel"]["alternatives"][0]["words"][0]["punctuated_word"] = None
    raw["channel"]["alternatives"][0]["words"][0]["speaker"] = None
    message = decode_server(json.dumps(raw)).message
    assert isinstance(message, Results)
    assert message.metadata.model_info is UNSET
    assert message.channel.search is UNSET
    assert message.channel.alternatives[0].languages is UNSET
    assert (message.words[0].display, message.words[0].speaker) == ("the", UNSET)
    assert message.words[1:] == decode_server(RESULTS).message.words[1:]  # type: ignore[union-attr]


def test_null_in_free_form_data_is_kept() -> None:
    raw = json.loads(RESULTS)
    raw["metadata"]["extra"] = {"call": None, "deep": [{"x": None}]}
    raw["entities"] = None
    message = decode_server(json.dumps(raw)).message
    assert isinstance(message, Results)
    assert (message.entities, message.metadata.extra) == (UNSET, {"call": None, "deep": [{"x": None}]})


def test_null_words_read_as_no_words() -> None:
    raw = json.loads(RESULTS)
    raw["channel"]["alternatives"][0]["words"] = None
    message = decode_server(json.dumps(raw)).message
    assert isinstance(message, Results)
    assert message.words == ()


def test_null_keyterms_are_kept_apart_from_absent_ones() -> None:
    assert decode_client('{"type":"Configure","keyterms":null}').message == Configure(keyterms=None)
    assert decode_client('{"type":"Configure"}').message == Configure(keyterms=UNSET)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"Finalize","channel":null}', Finalize()),
        ('{"type":"Error","variant":null,"code":null,"description":"d","message":null}', Error(description="d")),
    ],
)
def test_null_control_fields_read_as_absent(text: str, expected: Any) -> None:
    decoded = decode_client(text) if "Finalize" in text else decode_server(text)
    assert decoded.message == expected

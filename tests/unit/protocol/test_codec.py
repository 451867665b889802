"""What is not understood is a value, not an exception; what is literal stays literal."""

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from msgspec import UNSET

from harness.protocol import codec, messages, prerecorded
from harness.protocol.codec import decode_client, decode_server, encode, with_request_id
from harness.protocol.messages import (
    ClientMessage,
    Configure,
    Error,
    Finalize,
    KeepAlive,
    MalformedMessage,
    Results,
    ServerMessage,
    SpeechStarted,
    Sync,
    UnknownMessage,
)

WIRE = Path(__file__).parents[3] / "fixtures" / "wire"
FINAL = (WIRE / "results-final.json").read_text(encoding="utf-8").rstrip("\n")
DEEP = "[" * 100_000 + "]" * 100_000


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(FINAL), **changes})


def test_the_type_tables_name_exactly_the_messages_of_each_direction() -> None:
    assert {kind.__name__ for kind in get_args(ServerMessage)} == codec._SERVER_TYPES
    assert {kind.__name__ for kind in get_args(ClientMessage)} == codec._CLIENT_TYPES


def free_form_fields(module: ModuleType) -> set[str]:
    return {
        name
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
        for name, hint in get_type_hints(kind).items()
        if "dict[str, typing.Any]" in str(hint) and kind is not UnknownMessage
    }


def test_the_free_form_fields_are_those_typed_so() -> None:
    assert free_form_fields(messages) | free_form_fields(prerecorded) == codec._FREE_FORM


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
    assert decode_client(FINAL).message == UnknownMessage(type="Results", fields=json.loads(FINAL))


def test_the_empty_object_is_unknown() -> None:
    assert decode_client("{}").message == UnknownMessage(type=None, fields={})


def test_unknown_fields_are_listed_by_path_at_every_depth() -> None:
    raw = json.loads(FINAL)
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
    assert decoded.message == decode_server(FINAL).message


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
    raw = json.loads(FINAL)
    del raw[field]
    assert decode_server(json.dumps(raw)).message == MalformedMessage(
        "Results", f"Object missing required field `{field}`"
    )


@pytest.mark.parametrize("field", ["is_final", "speech_final", "from_finalize"])
def test_a_flag_that_the_specification_calls_optional_reads_as_false(field: str) -> None:
    raw = json.loads(FINAL)
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
    raw = json.loads(FINAL)
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
    assert message.words[1:] == decode_server(FINAL).message.words[1:]  # type: ignore[union-attr]


def test_null_in_free_form_data_is_kept() -> None:
    raw = json.loads(FINAL)
    raw["metadata"]["extra"] = {"call": None, "deep": [{"x": None}]}
    raw["entities"] = None
    message = decode_server(json.dumps(raw)).message
    assert isinstance(message, Results)
    assert (message.entities, message.metadata.extra) == (UNSET, {"call": None, "deep": [{"x": None}]})


def test_null_words_read_as_no_words() -> None:
    raw = json.loads(FINAL)
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


# --- spelling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ['{"type":"KeepAlive"}', '{ "type": "KeepAlive" }', '\n{"type" :\t"KeepAlive"}\r\n', '{"type":"Keep\\u0041live"}'],
)
def test_any_spelling_of_the_same_json_is_the_same_message(text: str) -> None:
    decoded = decode_client(text)
    assert (decoded.message, decoded.text) == (KeepAlive(), text)


def test_the_type_may_come_last() -> None:
    raw = json.loads(FINAL)
    text = json.dumps({**{key: value for key, value in raw.items() if key != "type"}, "type": "Results"})
    assert decode_server(text).message == decode_server(FINAL).message


def test_extra_fields_on_control_messages_do_not_hurt() -> None:
    decoded = decode_client('{"type":"CloseStream","reason":"done"}')
    assert (type(decoded.message).__name__, decoded.unmodelled) == ("CloseStream", {"reason": "done"})


def test_a_repr_shows_the_message_and_not_the_text() -> None:
    assert repr(decode_client('{"type":"Sync","id":1}')) == "Decoded(Sync(id=1))"


# --- encoding -------------------------------------------------------------------------------------------------------


def test_encoding_is_compact_and_whole_floats_keep_their_point() -> None:
    assert (
        encode(SpeechStarted(channel=(0, 1), timestamp=2)) == '{"type":"SpeechStarted","channel":[0,1],"timestamp":2}'
    )
    assert encode(SpeechStarted(channel=(0, 1), timestamp=2.0)).endswith('"timestamp":2.0}')


def test_absent_fields_are_not_encoded() -> None:
    assert encode(Error(description="d")) == '{"type":"Error","description":"d"}'


# --- request ids ----------------------------------------------------------------------------------------------------


def test_only_the_request_id_changes() -> None:
    assert with_request_id(FINAL, "new") == FINAL.replace("019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b", "new")
    assert '"duration":3.2599998' in with_request_id(FINAL, "new")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{ "request_id" : "a" , "x":2.0000002}', '{ "request_id" : "NEW" , "x":2.0000002}'),
        ('{"request_id":""}', '{"request_id":"NEW"}'),
        ('{"request_id":"a\\"b\\\\"}', '{"request_id":"NEW"}'),
        ('{"x":"\\\\","request_id":"a"}', '{"x":"\\\\","request_id":"NEW"}'),
        ('{"text":"say \\"request_id\\":\\"a\\""}', '{"text":"say \\"request_id\\":\\"a\\""}'),
        ('{"my\\"request_id":"a"}', '{"my\\"request_id":"a"}'),
        ('{"my_request_id":"a"}', '{"my_request_id":"a"}'),
        ('{"request_id":null}', '{"request_id":null}'),
        ('{"request_ids":["a"]}', '{"request_ids":["a"]}'),
        ("not json", "not json"),
    ],
)
def test_only_string_fields_of_that_name_are_replaced(text: str, expected: str) -> None:
    assert with_request_id(text, "NEW") == expected


@pytest.mark.parametrize("request_id", [r"\1", r"\g<0>", 'a"b', "a\\b"])
def test_an_odd_request_id_is_taken_literally(request_id: str) -> None:
    text = with_request_id('{"request_id":"a","x":1}', request_id)
    assert json.loads(text) == {"request_id": request_id, "x": 1}


# --- real recordings ------------------------------------------------------------------------------------------------


def assert_survives(text: str, expected_type: type) -> None:
    decoded = decode_server(text)
    assert type(decoded.message) is expected_type, decoded.message
    assert decoded.unmodelled == {}
    again = decode_server(encode(decoded.message))  # type: ignore[arg-type]
    assert again.message == decoded.message
    # Nothing of the message is lost: what is encoded has every field and value of the original.
    assert json.loads(encode(decoded.message)).items() >= json.loads(text).items()  # type: ignore[arg-type]


def test_every_live_message_of_the_python_sdks_history_survives(shared: Path) -> None:
    files = sorted((shared / "recordings/python-sdk-history/websocket").rglob("*-response.json"))
    assert len(files) == 20
    for file in files:
        assert_survives(file.read_text(encoding="utf-8"), Results)


def test_every_frame_of_the_pipecat_log_survives(shared: Path) -> None:
    lines = (shared / "recordings/docs-fragments/pipecat-pr-1261.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5
    for line in lines:
        assert_survives(json.dumps(json.loads(line)["message"]), Results)


def test_the_live_blocks_of_the_documentation_survive_but_for_the_trimmed_ones(shared: Path) -> None:
    lines = (shared / "recordings/docs-fragments/docs-json-blocks.jsonl").read_text(encoding="utf-8").splitlines()
    live = {
        at: json.loads(line)["json"] for at, line in enumerate(lines, 1) if "results" not in json.loads(line)["json"]
    }
    # Blocks 2 and 3 are cut down to what their page explains and lack `metadata`; block 9 is invented: it spells the
    # live `channel` as the pre-recorded `channels`.
    trimmed = {2: "metadata", 3: "metadata", 9: "channel"}
    kinds = {}
    for at, block in live.items():
        # Pages about Results print them without their type.
        text = json.dumps({"type": "Results", **block})
        message = decode_server(text).message
        kinds[at] = type(message).__name__
        if at in trimmed:
            assert message == MalformedMessage("Results", f"Object missing required field `{trimmed[at]}`")
        else:
            assert_survives(text, type(message))
    assert kinds == {
        1: "Metadata",
        2: "MalformedMessage",
        3: "MalformedMessage",
        4: "Results",
        6: "Results",
        8: "Results",
        9: "MalformedMessage",
        15: "SpeechStarted",
        16: "UtteranceEnd",
        17: "UtteranceEnd",
    }


def test_replacing_the_request_id_of_real_messages_keeps_every_other_byte(shared: Path) -> None:
    for file in sorted((shared / "recordings/python-sdk-history/websocket").rglob("*-response.json")):
        text = file.read_text(encoding="utf-8")
        (request_id,) = re.findall(r'"request_id": "([0-9a-f-]+)"', text)
        assert with_request_id(text, "NEW") == text.replace(request_id, "NEW")


def test_flux_frames_are_unknown_to_v1_and_kept(shared: Path) -> None:
    lines = (shared / "recordings/flux-preamble/frames.jsonl").read_text(encoding="utf-8").splitlines()
    messages = [decode_server(line).message for line in lines]
    unknown = [message for message in messages if isinstance(message, UnknownMessage)]
    assert {message.type for message in unknown} == {"Connected", "TurnInfo"}
    assert len(messages) - len(unknown) == 1  # ConfigureSuccess has the same shape, and more of it, in v2

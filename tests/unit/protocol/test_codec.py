"""Messages as text: what is kept, what is written, what stays literal."""

import json
from types import ModuleType
from typing import get_args, get_type_hints

import msgspec
import pytest

from harness.protocol import codec, messages, prerecorded
from harness.protocol.codec import decode_client, decode_server, encode, with_request_id
from harness.protocol.messages import ClientMessage, Error, KeepAlive, ServerMessage, SpeechStarted, UnknownMessage
from tests.unit.protocol.wire import RESULTS


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


# --- spelling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ['{"type":"KeepAlive"}', '{ "type": "KeepAlive" }', '\n{"type" :\t"KeepAlive"}\r\n', '{"type":"Keep\\u0041live"}'],
)
def test_any_spelling_of_the_same_json_is_the_same_message(text: str) -> None:
    decoded = decode_client(text)
    assert (decoded.message, decoded.text) == (KeepAlive(), text)


def test_the_type_may_come_last() -> None:
    raw = json.loads(RESULTS)
    text = json.dumps({**{key: value for key, value in raw.items() if key != "type"}, "type": "Results"})
    assert decode_server(text).message == decode_server(RESULTS).message


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
    assert with_request_id(RESULTS, "new") == RESULTS.replace("019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b", "new")
    assert '"duration":3.2599998' in with_request_id(RESULTS, "new")


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

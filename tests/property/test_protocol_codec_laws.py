"""Laws of the codec: nothing raises, nothing is lost, nothing else changes."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.protocol import messages
from harness.protocol.codec import (
    Decoded,
    decode_client,
    decode_prerecorded,
    decode_server,
    encode,
    encode_prerecorded,
    with_request_id,
)
from harness.protocol.messages import MalformedMessage, Message, UnknownMessage

SERVER_TYPES = (
    "Results", "SpeechStarted", "UtteranceEnd", "Metadata", "Error", "ConfigureSuccess", "ConfigureFailure", "Sync"
)  # fmt: skip
CLIENT_TYPES = ("KeepAlive", "Finalize", "CloseStream", "Configure", "Sync")

# --- strategies -----------------------------------------------------------------------------------------------------

anything = st.text(st.characters())  # lone surrogates included
text = st.text(st.characters(codec="utf-8"), max_size=20)
# The service computes in 32 bits and prints the shortest double: 2.0000002.
seconds = st.floats(0, 36_000, width=32)
confidence = st.floats(0, 1, width=32)
json_leaf = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
json_value = st.recursive(
    json_leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
)
json_object = st.dictionaries(text, json_value, max_size=3)
free_form = st.dictionaries(text, json_value.filter(lambda value: value is not None), max_size=3)


def struct(kind: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a message type: required fields always, those named with a leading `maybe_` now and then."""
    required = {name: each for name, each in fields.items() if not name.startswith("maybe_")}
    optional = {name.removeprefix("maybe_"): each for name, each in fields.items() if name.startswith("maybe_")}
    return st.fixed_dictionaries(required, optional=optional).map(lambda drawn: kind(**drawn))


def many(each: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(each, max_size=3).map(tuple)


words = many(
    struct(
        messages.Word,
        word=text,
        start=seconds,
        end=seconds,
        confidence=confidence,
        maybe_punctuated_word=text,
        maybe_speaker=st.integers(0, 9),
        maybe_language=text,
    )
)
alternatives = many(
    struct(
        messages.Alternative,
        transcript=text,
        confidence=confidence,
        words=words,
        maybe_languages=many(text),
        maybe_languages_hinted=many(text),
    )
)
hits = struct(messages.SearchHit, confidence=confidence, start=seconds, end=seconds, maybe_snippet=text)
channels = struct(
    messages.Channel,
    alternatives=alternatives,
    maybe_search=many(struct(messages.Search, query=text, hits=many(hits))),
)
models = struct(messages.ModelInfo, name=text, version=text, arch=text)
entities = struct(
    messages.Entity,
    label=text,
    value=text,
    confidence=confidence,
    start_word=st.integers(0, 99),
    end_word=st.integers(0, 99),
    maybe_raw_value=text,
)
channel_index = st.tuples(st.integers(0, 19), st.integers(1, 20))
results = struct(
    messages.Results,
    channel_index=channel_index,
    duration=seconds,
    start=seconds,
    is_final=st.booleans(),
    speech_final=st.booleans(),
    from_finalize=st.booleans(),
    channel=channels,
    metadata=struct(
        messages.ResultsMetadata,
        request_id=text,
        maybe_model_info=models,
        maybe_model_uuid=text,
        maybe_diarize_info=free_form,
        maybe_extra=free_form,
    ),
    maybe_entities=many(entities),
)
server_messages = st.one_of(
    results,
    struct(messages.SpeechStarted, channel=channel_index, timestamp=seconds),
    struct(messages.UtteranceEnd, channel=channel_index, last_word_end=seconds | st.just(-1.0)),
    struct(
        messages.Metadata,
        transaction_key=text,
        request_id=text,
        sha256=text,
        created=text,
        duration=seconds,
        channels=st.integers(0, 20),
        maybe_models=many(text),
        maybe_model_info=st.dictionaries(text, models, max_size=2),
        maybe_extra=free_form,
        maybe_warnings=many(free_form),
    ),
    struct(messages.Error, maybe_variant=text, maybe_code=text, maybe_description=text, maybe_message=text),
    struct(messages.ConfigureSuccess, request_id=text, maybe_keyterms=many(text)),
    struct(messages.ConfigureFailure, request_id=text, maybe_code=text, maybe_description=text),
    struct(messages.Sync, id=st.integers()),
)
client_messages = st.one_of(
    struct(messages.KeepAlive),
    struct(messages.Finalize, maybe_channel=st.integers(0, 19)),
    struct(messages.CloseStream),
    struct(messages.Configure, maybe_features=free_form, maybe_keyterms=many(text) | st.none()),
    struct(messages.Sync, id=st.integers()),
)
# Objects that are nearly messages: a known type, known field names, whatever values.
near_messages = st.fixed_dictionaries(
    {"type": st.sampled_from((*SERVER_TYPES, *CLIENT_TYPES)) | json_value},
    optional={
        "channel_index": json_value,
        "channel": json_value,
        "start": json_value,
        "metadata": json_value,
        "request_id": json_value,
        "id": json_value,
        "features": json_value,
    },
)


# --- laws -----------------------------------------------------------------------------------------------------------


def check(decoded: Decoded, given_text: str) -> None:
    assert decoded.text == given_text
    assert isinstance(decoded.unmodelled, dict)
    assert repr(decoded).startswith("Decoded(")
    message = decoded.message
    if isinstance(message, MalformedMessage):
        assert message.problem
    elif isinstance(message, UnknownMessage):
        assert message.fields == json.loads(given_text)
    else:
        assert type(message).__name__ in (*SERVER_TYPES, *CLIENT_TYPES)


@given(anything | json_value.map(json.dumps) | near_messages.map(json.dumps))
def test_decoding_never_raises_and_keeps_the_text(given_text: str) -> None:
    check(decode_server(given_text), given_text)
    check(decode_client(given_text), given_text)


@given(st.one_of(results), st.integers(0, 10_000), anything)
def test_decoding_never_raises_on_a_message_damaged_anywhere(message: Message, at: int, rubbish: str) -> None:
    whole = encode(message)
    at %= len(whole)
    for damaged in (whole[:at], whole[:at] + rubbish + whole[at:], whole[:at] + rubbish + whole[at + 1 :]):
        check(decode_server(damaged), damaged)


@given(server_messages)
def test_a_server_message_is_decoded_as_it_was_encoded(message: Message) -> None:
    decoded = decode_server(encode(message))
    assert decoded.message == message
    assert type(decoded.message) is type(message)
    assert decoded.unmodelled == {}


@given(client_messages)
def test_a_client_message_is_decoded_as_it_was_encoded(message: Message) -> None:
    decoded = decode_client(encode(message))
    assert decoded.message == message
    assert type(decoded.message) is type(message)
    assert decoded.unmodelled == {}


@given(server_messages)
def test_encoding_loses_no_digit(message: Message) -> None:
    once = encode(message)
    assert encode(decode_server(once).message) == once  # type: ignore[arg-type]


@given(server_messages, text.map(lambda name: f"novel {name}"), json_value.filter(lambda value: value is not None))
def test_an_unknown_field_is_listed_and_changes_nothing(message: Message, name: str, value: Any) -> None:
    decoded = decode_server(json.dumps({**json.loads(encode(message)), name: value}))
    assert decoded.message == message
    assert decoded.unmodelled == {name: value}


@given(results, st.data())
def test_null_for_fields_that_were_absent_changes_nothing(message: messages.Results, data: st.DataObject) -> None:
    raw = json.loads(encode(message))
    absent = [name for name in ("entities",) if name not in raw]
    absent_inside = [
        name for name in ("model_info", "model_uuid", "diarize_info", "extra") if name not in raw["metadata"]
    ]
    for name in data.draw(st.lists(st.sampled_from(absent or ["novel"]), max_size=1)):
        raw[name] = None
    for name in data.draw(st.lists(st.sampled_from(absent_inside or ["novel"]), unique=True)):
        raw["metadata"][name] = None
    decoded = decode_server(json.dumps(raw))
    assert decoded.message == message
    assert decoded.unmodelled == {}


# --- request ids ----------------------------------------------------------------------------------------------------


def replaced(value: Any, request_id: str) -> Any:
    """The oracle: the same replacement on parsed JSON."""
    if isinstance(value, dict):
        return {
            key: request_id if key == "request_id" and isinstance(inner, str) else replaced(inner, request_id)
            for key, inner in value.items()
        }
    return [replaced(inner, request_id) for inner in value] if isinstance(value, list) else value


named = st.recursive(
    json_leaf | st.just('"request_id":"a"') | st.just("2.0000002"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["request_id", 'x"request_id', "request_id\\", "request_ids"]) | text, inner)
    ),
    max_leaves=12,
)


@given(named, text, st.booleans(), st.booleans())
def test_a_new_request_id_is_what_replacing_it_in_the_parsed_json_gives(
    value: Any, request_id: str, is_spaced: bool, is_ascii: bool
) -> None:
    separators = (" , ", " : ") if is_spaced else (",", ":")
    given_text = json.dumps(value, separators=separators, ensure_ascii=is_ascii)
    assert json.loads(with_request_id(given_text, request_id)) == replaced(value, request_id)


@given(server_messages, st.uuids().map(str), st.uuids().map(str))
def test_every_other_byte_stays(message: Message, request_id: str, other: str) -> None:
    given_text = with_request_id(encode(message), request_id)
    changed = with_request_id(given_text, other)
    assert changed == re.sub(f'"request_id":"{request_id}"', f'"request_id":"{other}"', given_text)
    assert with_request_id(changed, request_id) == given_text


@given(anything, text)
def test_replacing_in_text_that_is_no_json_never_raises(given_text: str, request_id: str) -> None:
    replaced = with_request_id(given_text, request_id)
    assert "request_id" in given_text or replaced == given_text


# --- pre-recorded ---------------------------------------------------------------------------------------------------

prerecorded = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {"request_id": text, "sha256": text, "created": text, "duration": seconds, "channels": st.integers(0, 20)},
            optional={"tags": st.lists(text, max_size=2), "extra": free_form, "summary_info": free_form},
        ),
        "results": st.fixed_dictionaries(
            {
                "channels": st.lists(
                    st.fixed_dictionaries(
                        {
                            "alternatives": st.lists(
                                st.fixed_dictionaries(
                                    {"transcript": text, "confidence": confidence, "words": st.just([])}
                                ),
                                max_size=2,
                            )
                        }
                    ),
                    max_size=2,
                )
            },
            optional={"summary": free_form, "topics": free_form},
        ),
    }
)


@given(prerecorded)
def test_a_prerecorded_answer_is_encoded_as_it_was_decoded(answer: Any) -> None:
    assert json.loads(encode_prerecorded(decode_prerecorded(json.dumps(answer)))) == answer

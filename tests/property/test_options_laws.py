from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from harness.protocol.listen_options import read_query
from harness.protocol.options import Endpoint, ListenOptions, advice, parse_query, problems
from harness.protocol.parameters import (
    BY_NAME,
    DECIMAL,
    FLAG,
    FLAG_OR_WHOLE,
    MAX_WHOLE,
    PARAMETERS,
    TEXT,
    TEXTS,
    WHOLE,
    Parameter,
)
from harness.protocol.refusal import Refusal

_WHOLES = st.integers(0, MAX_WHOLE)
_TEXT = st.text(max_size=12)
_BY_KIND: dict[int, st.SearchStrategy[Any]] = {
    id(FLAG): st.booleans(),
    id(WHOLE): _WHOLES,
    id(FLAG_OR_WHOLE): st.booleans() | _WHOLES,
    id(DECIMAL): st.floats(0, allow_infinity=False, allow_nan=False).map(abs),
    id(TEXT): _TEXT,
    id(TEXTS): st.lists(_TEXT, min_size=1, max_size=4).map(tuple),
}
_WORDS: dict[str, list[Any]] = {
    "encoding": ["linear16", "opus", "g729"],
    "diarize_model": ["latest", "v1", "v2"],
    "custom_topic_mode": ["extended", "strict"],
    "custom_intent_mode": ["extended", "strict"],
    "callback_method": ["POST", "GET", "PUT", "DELETE"],
    "summarize": ["v2", True, False],
}


def _values(parameter: Parameter) -> st.SearchStrategy[Any]:
    known = _BY_KIND.get(id(parameter.kind))
    return st.sampled_from(_WORDS[parameter.name]) if known is None else known


_UNKNOWN = st.lists(st.tuples(_TEXT.filter(lambda name: name not in BY_NAME), _TEXT), max_size=3).map(tuple)
OPTIONS = st.builds(
    lambda fields, unknown: ListenOptions(**fields, unknown=unknown),
    st.fixed_dictionaries({}, optional={parameter.name: _values(parameter) for parameter in PARAMETERS}),
    _UNKNOWN,
)
QUERIES = (
    st.text()
    | st.lists(st.tuples(st.sampled_from(sorted(BY_NAME)) | st.text(max_size=8), st.text(max_size=20)), max_size=8).map(
        lambda pairs: "&".join(f"{quote(name)}={quote(text)}" for name, text in pairs)
    )
    | st.text(alphabet="&=+%;?#[]{}:/0123456789abcdeftruls_\ud800\udfff\x00\n", max_size=60)
)
ENDPOINTS = st.sampled_from(Endpoint)


@given(OPTIONS, ENDPOINTS, st.booleans())
def test_reading_what_was_written_gives_the_same_options(
    options: ListenOptions, endpoint: Endpoint, strict: bool
) -> None:
    again = read_query(options.to_query(), endpoint, strict=strict)
    assert again == options
    # `True == 1` in Python; the text tells `endpointing=true` from `endpointing=1`.
    assert isinstance(again, ListenOptions)
    assert again.to_query() == options.to_query()


@given(OPTIONS, ENDPOINTS, st.booleans(), st.booleans())
def test_parsing_refuses_with_the_first_problem_or_gives_the_options(
    options: ListenOptions, endpoint: Endpoint, strict: bool, any_model: bool
) -> None:
    found = problems(options, endpoint=endpoint, strict=strict, any_model=any_model)
    parsed = parse_query(options.to_query(), endpoint=endpoint, strict=strict, any_model=any_model)
    assert parsed == (found[0] if found else options)


@given(OPTIONS, ENDPOINTS)
def test_the_lenient_server_objects_to_nothing_that_the_strict_one_takes(
    options: ListenOptions, endpoint: Endpoint
) -> None:
    strict, lenient = (set(problems(options, endpoint=endpoint, strict=how)) for how in (True, False))
    assert lenient <= strict


@given(OPTIONS, ENDPOINTS)
def test_cutting_to_an_endpoint_is_idempotent_and_leaves_no_advice_about_it(
    options: ListenOptions, endpoint: Endpoint
) -> None:
    cut = options.for_endpoint(endpoint)
    assert cut.for_endpoint(endpoint) == cut
    assert not [found for found in advice(cut, endpoint=endpoint) if "is not read by" in found.sentence]


@given(QUERIES, ENDPOINTS, st.booleans(), st.booleans())
def test_no_text_makes_the_parser_raise(query: str, endpoint: Endpoint, strict: bool, any_model: bool) -> None:
    parsed = parse_query(query, endpoint=endpoint, strict=strict, any_model=any_model)
    assert isinstance(parsed, ListenOptions | Refusal)
    if isinstance(parsed, Refusal):
        assert 400 <= parsed.status < 500
        return
    assert parse_query(parsed.to_query(), endpoint=endpoint, strict=strict, any_model=any_model) == parsed
    # What a stranger's query passed with can be worked with: none of these may raise either.
    advice(parsed, endpoint=endpoint)
    assert parsed.raw_format is None or parsed.raw_format.channels == parsed.effective_channels
    assert parsed.endpointing_ms is None or parsed.endpointing_ms >= 0
    assert len(parsed.extra_fields) <= len(parsed.extra or ())

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from harness.protocol.options import parse_query
from harness.protocol.refusal import BodyShape, ErrorNames, Refusal, header_text

ANY_TEXT = st.text(st.characters())  # lone surrogates included


def is_safe(value: str) -> bool:
    """Whether it can stand in a header as it is."""
    return value.isascii() and value.isprintable() and value == value.strip() and len(value) <= 1000


@given(ANY_TEXT)
def test_any_text_makes_a_safe_header(text: str) -> None:
    assert is_safe(header_text(text))


@given(
    st.integers(400, 599),
    ANY_TEXT,
    ANY_TEXT,
    ANY_TEXT,
    st.sampled_from(BodyShape),
    st.sampled_from(ErrorNames),
    ANY_TEXT,
)
def test_whatever_is_refused_the_answer_can_be_sent(
    status: int, message: str, code: str, extra: str, shape: BodyShape, names: ErrorNames, request_id: str
) -> None:
    refusal = Refusal(status, message, code, headers=(("allow", extra),), shape=shape)
    answer = refusal.response(request_id, names)
    headers = dict(answer.headers)
    for name, value in answer.headers:
        assert is_safe(value)
        assert name == name.lower()
    assert headers["content-length"] == str(len(answer.body))
    assert {"dg-request-id", "dg-error", "content-type", "allow"} <= headers.keys()
    if shape is not BodyShape.TEXT:
        assert json.loads(answer.body)["request_id"] == request_id.encode(errors="replace").decode()


@given(st.sampled_from(["punctuate", "encoding", "tag", "extra", "model", "callback", "endpointing"]), st.text())
def test_a_refused_query_is_never_split_over_header_lines(name: str, text: str) -> None:
    parsed = parse_query(f"{name}=x&{name}={text}\r\nset-cookie: a=b")
    if isinstance(parsed, Refusal):
        for _, value in parsed.response("id").headers:
            assert is_safe(value)
    else:
        assert name in ("tag", "model", "extra")

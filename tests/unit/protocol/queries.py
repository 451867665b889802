"""Query strings that are taken, and those that are refused."""

from __future__ import annotations

from typing import Any

from harness.protocol.options import Endpoint, ListenOptions, parse_query
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


KEYTERM_SENTENCE = "Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500."

"""Rules on the query string, by the same reader that the mock server refuses with (`harness.protocol.options`)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from harness.conformance.evidence import Session
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt
from harness.protocol.options import advice, parse_query
from harness.protocol.refusal import Refusal

_MISSPELLED = {"True": "true", "False": "false", "TRUE": "true", "FALSE": "false"}


def first_entry(session: Session) -> int | None:
    """Where a finding about the query is shown."""
    return session.legs[0].places[0].at if session.legs else None


def spelled_right(session: Session) -> str:
    """The query with its booleans in lower case: how they are written is a rule of its own."""
    return urlencode([(name, _MISSPELLED.get(value, value)) for name, value in session.asked.pairs], errors="replace")


def booleans_are_lower_case(session: Session) -> Iterator[Hit]:
    """C-QUERY-BOOLEAN: a switch is `true` or `false`; Python's `True` is answered with 400.

    Source: deepgram-python-sdk PR #712.
    """
    for name, value in session.asked.pairs:
        if value in _MISSPELLED:
            message = f"{excerpt(name)}={value} is refused with 400; wanted {name}={_MISSPELLED[value]}."
            yield Hit(excerpt(message), first_entry(session))


def query_is_accepted(session: Session) -> Iterator[Hit]:
    """C-QUERY-REFUSED: Deepgram does not refuse the query: known model, values in range, options that go together.

    Only what is documented or was observed counts; booleans are left to C-QUERY-BOOLEAN. Source: docs, «Errors»;
    deepgram-js-sdk #435, #470, #474; deepgram-python-sdk #279; livekit/agents #3519.
    """
    verdict = parse_query(spelled_right(session), strict=False)
    if isinstance(verdict, Refusal):
        yield Hit(
            f"Deepgram refuses this query with {verdict.status}: {excerpt(verdict.message)}",
            first_entry(session),
            excerpt(session.asked.query),
        )


def query_is_heeded(session: Session) -> Iterator[Hit]:
    """C-QUERY-IGNORED: every parameter is one that is read; Deepgram says nothing of a name it does not know.

    Source: deepgram-python-sdk #506, #629 (`keyterms`, comma lists); livekit/agents #6059.
    """
    options = parse_query(spelled_right(session), strict=False)
    if not isinstance(options, Refusal):
        for found in advice(options):
            sentence = found.sentence[:1].upper() + found.sentence[1:]
            yield Hit(sentence, first_entry(session), excerpt(found.parameter))

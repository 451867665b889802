"""Everything the mock can say, said by it, and the published description to hold it against."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.protocol.codec import encode_prerecorded
from harness.protocol.messages import Word
from harness.protocol.options import Endpoint, ListenOptions, parse_query
from mock_server.answer import Submitted, answer
from mock_server.behaviour import ConnectionSettings, FinalizeReply
from mock_server.faults.steps import SendText
from mock_server.journal import Journal
from mock_server.library import Replies
from mock_server.listen_connection import ListenConnection
from mock_server.sources import SpokenSource
from mock_server.synthesis import MODEL, MODEL_UUID
from mock_server.timeline import Timeline, spoken

REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
CREATED = "2026-11-20T09:14:33.207Z"
RAW = "model=nova-3&encoding=linear16&sample_rate=16000"
TEXT = "Please book a table for two tomorrow. We are seven, and would like a table by the window."
SWITCHES = (
    "interim_results=true&utterance_end_ms=1000",
    "vad_events=true",
    "smart_format=true",
    "diarize_model=latest",
    "detect_entities=true",
    "search=table&search=sofa",
    "language=multi&language_hint=en",
    "extra=who:me&tag=a",
)
REST_SWITCHES = (
    "smart_format=true",
    "paragraphs=true",
    "utterances=true",
    "diarize_model=latest",
    "detect_entities=true",
    "search=table&search=sofa",
    "language=multi&language_hint=en",
    "extra=who:me&tag=a",
    "detect_language=true",
)
MULTICHANNEL = ("", "multichannel=true&channels=2")


@pytest.fixture(scope="session")
def spec(shared: Path) -> dict[str, dict[str, Any]]:
    """The published descriptions, by name."""
    files = {"AsyncAPI": "asyncapi.yml", "OpenAPI": "openapi.yml"}
    return {name: yaml.safe_load((shared / "spec" / file).read_text()) for name, file in files.items()}


@pytest.fixture(scope="session")
def streamed() -> list[dict[str, Any]]:
    """Every message of `/v1/listen`, said under every combination of what a query can ask for; each shape once."""
    at_once = ConnectionSettings(max_speed=None)
    chosen = product(*(("", on) for on in SWITCHES), MULTICHANNEL)
    said = [text for on in chosen for text in _session("&".join([RAW, *filter(None, on)]), at_once)]
    said += _session(
        f"{RAW}&{SWITCHES[0]}&{SWITCHES[1]}",
        ConnectionSettings(max_speed=None, finalize_reply=FinalizeReply.TEXT_THEN_EMPTY, utterance_end_sentinel=True),
    )
    said += _unheard()
    return _distinct(said)


@pytest.fixture(scope="session")
def prerecorded() -> list[dict[str, Any]]:
    """The answer to a posted file, under every combination of what a query can ask for; each shape once."""
    said = []
    for chosen in product(*(("", on) for on in REST_SWITCHES), ("", "multichannel=true")):
        query = "&".join(["model=nova-3", *filter(None, chosen)])
        submitted = Submitted("0" * 64, 20.0, 2, CREATED, REQUEST_ID)
        options = _options(query, Endpoint.PRERECORDED)
        said.append(encode_prerecorded(answer(_two_voices(), options, submitted, MODEL, MODEL_UUID)).decode())
    return _distinct(said)


def _session(query: str, settings: ConnectionSettings) -> Iterator[str]:
    """One whole session, with a Finalize, a Configure that is taken and one that is not, a Sync, and nonsense."""
    connection = _connection(query, settings)
    second = 32_000 * (2 if "channels=2" in query else 1)
    for at in range(14):
        yield from _texts(connection.receive_binary(bytes(second), float(at)))
        yield from _texts(connection.wake(at + 0.9))
        if at == 3:
            yield from _texts(connection.receive_text('{"type":"Finalize"}', at + 0.9))
    for text in (
        '{"type":"Configure","keyterms":["Quillon"]}',
        '{"type":"Configure","features":{"numerals":true}}',
        json.dumps({"type": "Configure", "keyterms": ["word " * 501]}),
        '{"type":"Sync","id":7}',
        '{"type":"Flush"}',
        '{"type":"CloseStream"}',
    ):
        yield from _texts(connection.receive_text(text, 14.0))


def _unheard() -> Iterator[str]:
    """A session without audio, and one that times out and says so."""
    yield from _texts(_connection(RAW, ConnectionSettings()).receive_text('{"type":"CloseStream"}', 1.0))
    yield from _texts(_connection(f"{RAW}&debug=true", ConnectionSettings()).wake(11.0))


def _connection(query: str, settings: ConnectionSettings) -> ListenConnection:
    journal = Journal("/v1/listen", query, CREATED, "dgharness test", 0.0)
    replies = Replies(always=SpokenSource("two voices", _two_voices()))
    return ListenConnection(_options(query), replies, REQUEST_ID, CREATED, journal, settings, 0.0)


def _two_voices() -> Timeline:
    first = spoken(TEXT).channels[0]
    second = tuple(
        Word(word=w.word, start=w.start + 7, end=w.end + 7, confidence=w.confidence, punctuated_word=w.punctuated_word)
        for w in spoken("Certainly. On which day?").channels[0]
    )
    return Timeline((first, second))


def _options(query: str, endpoint: Endpoint = Endpoint.STREAMING) -> ListenOptions:
    parsed = parse_query(query, endpoint=endpoint)
    assert isinstance(parsed, ListenOptions), parsed
    return parsed


def _texts(actions: list[Any]) -> Iterator[str]:
    return (action.text for action in actions if isinstance(action, SendText))


def _distinct(texts: list[str]) -> list[dict[str, Any]]:
    """One message of each shape: which fields there are, of which types, and which lists are empty."""
    by_shape: dict[str, dict[str, Any]] = {}
    for text in texts:
        message = json.loads(text)
        by_shape.setdefault(repr(_shape(message)), message)
    return list(by_shape.values())


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(inner) if key != "type" else inner for key, inner in value.items()}
    if isinstance(value, list):
        return sorted({repr(_shape(inner)) for inner in value})
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return "negative" if value < 0 else type(value).__name__
    return type(value).__name__


@pytest.fixture(scope="session")
def differences() -> Callable[[str], dict[str, str]]:
    """The table of known differences of one oracle: what differs, and who says that the wire is so."""
    table = yaml.safe_load((Path(__file__).parent / "differences.yml").read_text())
    return lambda oracle: {row["what"]: row["source"] for row in table if row["oracle"] == oracle}

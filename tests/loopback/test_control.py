"""The control API on a real socket: programs on this machine change the faults, and nobody else does."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

pytestmark = pytest.mark.deepgram(say="one two three four", verdict="off")
PATH = "/_dgharness/faults"
JSON = {"Content-Type": "application/json"}
CLOSE = {"kind": "close", "code": 1012, "reason": "going down"}


def post(wire: Any, body: object, **headers: str) -> Any:
    fields = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return wire.http("POST", PATH, fields, body if isinstance(body, bytes) else json.dumps(body).encode())


def ending(wire: Any) -> int:
    with wire.connect() as line:
        with suppress(ConnectionClosed):
            line.send(bytes(3200))
            line.send('{"type":"CloseStream"}')
        return int(wire.told(line).code)


def test_posted_faults_hold_from_the_next_connection_on_and_can_be_taken_back(wire: Any) -> None:
    assert ending(wire) == 1000
    assert post(wire, {"faults": [CLOSE], "seed": 3}).json() == {"faults": [CLOSE], "seed": 3, "fired": []}
    assert ending(wire) == 1012

    (firing,) = wire.http("GET", PATH).json()["fired"]
    assert (firing["kind"], firing["leg"], firing["what"]) == ("close", 0, "connection")

    assert post(wire, {"faults": []}).status == 200
    assert ending(wire) == 1000


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"no json", "the body is not JSON"),
        ([], 'the body has no list "faults"; wanted {"faults": [{"kind": ...}, ...], "seed": 7}'),
        ({"faults": [CLOSE, {"kind": "cloes"}]}, "faults 2: fault 'cloes' is not known; did you mean 'close'?"),
        ({"faults": [{**CLOSE, "code": "x"}]}, "faults 1: fault close: code is 'x'; expected `int`"),
        ({"faults": [], "sede": 1}, "'sede' is not known; known: faults, seed"),
        ({"faults": [], "seed": True}, "seed is True; wanted a whole number"),
    ],
)
def test_a_bad_body_changes_nothing_and_is_answered_with_a_sentence(wire: Any, body: object, sentence: str) -> None:
    post(wire, {"faults": [CLOSE]})

    answer = post(wire, body)

    assert answer.status == 400
    assert answer.json()["error"].startswith(sentence)
    assert wire.http("GET", PATH).json()["faults"] == [CLOSE]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Content_Type": "text/plain"}, 415),
    ],
)
def test_web_pages_are_refused(wire: Any, headers: dict[str, str], status: int) -> None:
    answer = post(wire, {"faults": [CLOSE]}, **headers)

    assert answer.status == status
    assert wire.http("GET", PATH).json()["faults"] == []


def test_other_paths_and_methods_are_refused(wire: Any) -> None:
    assert wire.http("GET", "/_dgharness/other").status == 404
    assert wire.http("DELETE", PATH).status == 405
    assert post(wire, b"x" * (1024 * 1024 + 1)).status == 413

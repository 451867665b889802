"""The switches of `dgharness serve` for `/v2/listen`, as a client of that process sees them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from harness.protocol.closing import CUT

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run, Spawn

QUERY = "model=flux-general-en&encoding=linear16&sample_rate=16000"
SWITCHED = (
    *("--compat", "2025", "--flux-close-code", "1000", "--flux-fatal-type", "FatalError", "--flux-bare-failures"),
    *("--flux-most-eot-threshold", "0.9", "--flux-most-eot-timeout-ms", "10000", "--flux-eot-timeout-ms", "3000"),
    *("--flux-idle-timeout-s", "0.3", "--flux-pending-configures", "1", "--flux-no-force-end-turn"),
    *("--reason-style", "code", "--max-speed", "4"),
)


def dial(ready: dict[str, Any], query: str = QUERY) -> ClientConnection:
    url = f"{ready['ws_url']}/v2/listen?{query}"
    line: ClientConnection = connect(url, additional_headers={"Authorization": "Token any"}, proxy=None)
    return line


def talk(ready: dict[str, Any], *sent: str | bytes) -> tuple[list[dict[str, Any]], int, str]:
    """What is said, and the close frame."""
    said: list[dict[str, Any]] = []
    with dial(ready) as line:
        try:
            for frame in sent:
                line.send(frame)
            while True:
                said.append(json.loads(line.recv(timeout=10)))
        except ConnectionClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (CUT, "")
            return said, code, reason


def test_every_switch_is_seen_on_the_wire(spawn: Spawn, helpers: Helpers) -> None:
    ready = helpers.ready(spawn("serve", "--port", 0, "--say", "Hello there.", "--quiet", *SWITCHED))
    bad = '{"type":"Configure","thresholds":{"eot_threshold":0.95}}'
    said, code, _ = talk(ready, bytes(32_000 * 3), '{"type":"CloseStream"}')
    (ended,) = (message for message in said if message.get("event") == "EndOfTurn")
    assert code == 1000
    assert "trigger" not in ended
    assert all(set(word) == {"word", "confidence"} for word in ended["words"])

    said, code, _ = talk(ready, bad, '{"type":"Configure"}', '{"type":"ForceEndTurn"}')
    assert [message["type"] for message in said] == ["Connected", "ConfigureFailure", "ConfigureSuccess", "FatalError"]
    assert set(said[1]) == {"type", "request_id", "sequence_id"}
    assert said[2]["thresholds"] == {"eot_threshold": 0.7, "eot_timeout_ms": 3000}
    assert code == 1000

    said, _, _ = talk(
        ready, bytes(32_000 * 2), '{"type":"Configure"}', '{"type":"Configure"}', '{"type":"CloseStream"}'
    )
    answers = [message["type"] for message in said if message["type"].startswith("Configure")]
    assert answers == ["ConfigureFailure", "ConfigureSuccess"]

    assert talk(ready)[1:] == (1011, "NET-0001")
    with pytest.raises(InvalidStatus):
        dial(ready, f"{QUERY}&eot_timeout_ms=20000")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--flux-eot-timeout-ms", "100"),
            "--flux-eot-timeout-ms 100: wanted 500 to 60000 (--flux-most-eot-timeout-ms)",
        ),
        (("--flux-most-eot-timeout-ms", "3000"), "--flux-eot-timeout-ms 5000: wanted 500 to 3000"),
        (("--flux-close-code", "1001"), "'--flux-close-code': '1001' is not one of '1005', '1000'"),
        (("--flux-most-eot-threshold", "2"), "'--flux-most-eot-threshold': 2.0 is not in the range"),
        (("--compat", "2024"), "'--compat': '2024' is not one of '2026', '2025'"),
    ],
)
def test_a_switch_that_cannot_be_set_so_is_named(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    ran = run("serve", "--say", "x", *arguments)

    assert ran.code == 2
    assert sentence in ran.err

"""What coverage-guided fuzzing begins with, run once and without the fuzzer; and that its targets can fail."""

from __future__ import annotations

import base64
import logging

import pytest

from tests.fuzz.guided.targets import TARGETS

HELD_FINALIZE = "AEZG+gD6APoA+hdGRk9GYUb6APoA+gD6AgEA+gD6APoA+gD6APo1NTU1NQSoAgM="
"""Found by the fuzzer: a Finalize before it is known whose audio it is, which is transcribed to 2.1399999 of 2.14 s."""


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_nothing_is_found_in_the_seeds(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    target = TARGETS[name]
    for seed in [*target.seeds(), b"", b"\0" * 40]:
        target.test(seed[: target.longest])


def test_a_finalize_held_back_by_rounding_asks_for_no_wakeup_without_end() -> None:
    TARGETS["v1_connection"].test(base64.b64decode(HELD_FINALIZE))


def test_what_escapes_a_parser_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise KeyError(text)

    monkeypatch.setattr("tests.fuzz.guided.targets.decode_server", broken)
    with pytest.raises(KeyError):
        TARGETS["messages"].test(b"{}")


def test_a_failure_inside_the_server_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("inside")

    monkeypatch.setattr("mock_server.reception.Reception.upgrade", broken)
    head = b"GET /v1/listen HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    key = b"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with pytest.raises(AssertionError, match="inside"):
        TARGETS["port"].test(b"\0" + head + key)

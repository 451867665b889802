"""Whatever is thrown at the server, nothing breaks inside it, nothing is left over, and nobody else notices.

The default run is short. The long one, of 100,000 attacks:

    DGHARNESS_FUZZ_ATTACKS=100000 pytest tests/fuzz -s
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from contextlib import suppress
from random import Random
from socket import SHUT_WR, create_connection
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import connect

from harness.pytest_support import DeepgramServer
from mock_server.settings import CallbackSettings, Limits, ServerSettings

if TYPE_CHECKING:
    from tests.fuzz.conftest import Attack, Attacker

ATTACKS = int(os.environ.get("DGHARNESS_FUZZ_ATTACKS", "4000"))
SEED = int(os.environ.get("DGHARNESS_FUZZ_SEED", "0"))
LIMITS = Limits(head_timeout_s=2.0, body_timeout_s=2.0, close_timeout_s=2.0, kept_sessions=50)
SETTINGS = ServerSettings(limits=LIMITS, callbacks=CallbackSettings(attempts=1))
SECONDS = 20.0
SPEECH = "one two three four five six seven"
STATUS_LINE = re.compile(rb"HTTP/1\.1 [1-5][0-9][0-9] ")

pytestmark = [
    pytest.mark.deepgram(say=SPEECH, settings=SETTINGS, verdict="off", any_model=True),
    pytest.mark.timeout(3600),
]


def thrown(server: DeepgramServer, attack: Attack, rng: Random) -> bytes:
    """Send it, stop sending, and read to the end of what is answered. A connection that does not end is a failure."""
    with create_connection(("127.0.0.1", server.port), timeout=SECONDS) as line:
        with suppress(ConnectionResetError, BrokenPipeError):
            if rng.random() < 0.2:  # in two pieces, so that what is parsed is cut somewhere
                middle = rng.randint(0, len(attack.data))
                line.sendall(attack.data[:middle])
                line.sendall(attack.data[middle:])
            else:
                line.sendall(attack.data)
            if rng.random() < 0.05:
                return b""  # gone without waiting for anything
            line.shutdown(SHUT_WR)
        answer = b""
        with suppress(ConnectionResetError, OSError if sys.platform == "win32" else ConnectionResetError):
            while piece := line.recv(65536):
                answer += piece
        return answer


def good_session(server: DeepgramServer) -> str:
    """What a well-behaved client hears."""
    url = f"{server.ws_url}/v1/listen?encoding=linear16&sample_rate=16000&model=nova-3"
    with connect(url, additional_headers={"Authorization": "Token other"}, proxy=None) as line:
        for _ in range(4):
            line.send(bytes(32_000))
        line.send('{"type":"CloseStream"}')
        said: list[dict[str, Any]] = [json.loads(text) for text in line]
    finals = (message["channel"]["alternatives"][0]["transcript"] for message in said if message.get("is_final"))
    return " ".join(filter(None, finals))


def open_connections(server: DeepgramServer) -> int:
    return len(server._server.connections)


def test_nothing_breaks_and_nothing_is_left(
    deepgram_server: DeepgramServer, attacker: Attacker, caplog: pytest.LogCaptureFixture
) -> None:
    rng, kinds = Random(SEED), Counter[str]()
    before = good_session(deepgram_server)
    assert before == SPEECH

    for number in range(ATTACKS):
        attack = attacker.attack(rng)
        answer = thrown(deepgram_server, attack, rng)
        kinds[attack.kind] += 1
        assert not answer or STATUS_LINE.match(answer), f"attack {number} ({attack.kind}) {attack.data!r}: {answer!r}"
        assert not deepgram_server.errors, f"attack {number} ({attack.kind}) {attack.data!r}"
        if number % 500 == 499:
            assert good_session(deepgram_server) == SPEECH
            sys.stderr.write(f"{number + 1} of {ATTACKS} attacks\n")

    waiting = Event()
    for _ in range(100):
        if not open_connections(deepgram_server) and not deepgram_server._server._tasks:
            break
        waiting.wait(0.05)
    assert not open_connections(deepgram_server)
    assert not deepgram_server._server._tasks
    assert good_session(deepgram_server) == SPEECH
    assert min(kinds.values()) > ATTACKS / len(kinds) / 2
    assert not [record for record in caplog.records if record.exc_info or record.levelname in ("ERROR", "CRITICAL")]

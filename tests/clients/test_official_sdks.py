"""Seven official SDKs, unmodified, each in an environment of its own: streaming, Flux, files, and a refused key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.conformance.findings import Blame
from harness.pytest_support import DeepgramServer
from tests.clients.installed import CLIENTS, Client, Run, run

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
COMMAND = FIXTURES / "audio" / "command.wav"
TEXT: str = json.loads((FIXTURES / "references" / "command.json").read_text(encoding="utf-8"))["text"]
DURATION_AUDIO_S = 3.65
SPEED = 4.0
CUTS_ITS_OWN_END = {"3.11.0", "4.8.1"}
"""Versions whose `finish()` waits half a second for the last Results and no longer (docs/reference/clients.md)."""

pytestmark = [
    pytest.mark.timeout(600),  # the first of them installs everything
    pytest.mark.deepgram(script="../../fixtures/references/command.json", api_key="secret"),
]
every_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
every_flux_client = pytest.mark.parametrize("client", [c for c in CLIENTS if c.flux], ids=lambda client: client.name)
Needs = Callable[[Client], Client]


def check_server(server: DeepgramServer, run: Run) -> None:
    """The client broke no rule, and neither did the server."""
    verdict = server.judge(speed=SPEED)
    assert verdict.passed, (verdict.broken, run.stderr)
    assert verdict.of(Blame.SERVER) == ()


@every_client
def test_streaming(client: Client, needs: Needs, deepgram_server: DeepgramServer, audio: Path) -> None:
    done = run(needs(client), deepgram_server.http_url, "secret", "stream", audio, SPEED)

    assert not done.killed
    assert done.errors == []
    assert len(done.of("open")) == 1
    assert done.of("close")
    if client.version in CUTS_ITS_OWN_END:
        assert TEXT.startswith(done.transcript)
        assert done.messages
        return
    assert done.transcript == TEXT
    assert done.messages[-1]["type"] == "Metadata"
    assert done.messages[-1]["duration"] == pytest.approx(DURATION_AUDIO_S, abs=0.01)
    check_server(deepgram_server, done)


@every_flux_client
def test_flux(client: Client, needs: Needs, deepgram_server: DeepgramServer, audio: Path) -> None:
    done = run(needs(client), deepgram_server.http_url, "secret", "turns", audio, SPEED)

    assert not done.killed
    assert done.errors == []
    assert done.messages[0]["type"] == "Connected"
    turns = [message for message in done.messages if message["type"] == "TurnInfo"]
    assert [message["sequence_id"] for message in done.messages] == list(range(len(done.messages)))
    assert [turn["transcript"] for turn in turns if turn["event"] == "EndOfTurn"] == [TEXT]
    assert done.of("close")
    check_server(deepgram_server, done)


@every_client
def test_a_file(client: Client, needs: Needs, deepgram_server: DeepgramServer) -> None:
    done = run(needs(client), deepgram_server.http_url, "secret", "file", COMMAND, SPEED)

    assert not done.killed
    assert done.errors == []
    (answer,) = done.messages
    assert answer["results"]["channels"][0]["alternatives"][0]["transcript"] == TEXT
    assert answer["metadata"]["duration"] == pytest.approx(DURATION_AUDIO_S, abs=0.01)


@every_client
@pytest.mark.parametrize("mode", ["stream", "file"])
def test_a_refused_key(client: Client, needs: Needs, deepgram_server: DeepgramServer, audio: Path, mode: str) -> None:
    done = run(needs(client), deepgram_server.http_url, "wrong", mode, audio, SPEED)

    assert not done.killed
    assert done.messages == []
    shown = " ".join([*done.errors, done.stderr])
    assert "401" in shown or "INVALID_AUTH" in shown, shown
    assert mode == "file" or [session.header.side.value for session in deepgram_server.sessions] == ["server"]

"""LiveKit Agents and Pipecat, unmodified: what their users hear of a stream, of Flux turns, of a file and a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.conformance.findings import Blame
from harness.pytest_support import DeepgramServer
from tests.clients.installed import VOICE_FRAMEWORKS, Client, run

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
COMMAND = FIXTURES / "audio" / "command.wav"
TEXT: str = json.loads((FIXTURES / "references" / "command.json").read_text(encoding="utf-8"))["text"]
SPEED = 4.0
LIVEKIT = VOICE_FRAMEWORKS[0]
"""The one of them that posts files, too."""

pytestmark = [
    pytest.mark.timeout(600),  # the first of them installs everything
    pytest.mark.deepgram(script="../../fixtures/references/command.json", api_key="secret"),
]
every_framework = pytest.mark.parametrize("client", VOICE_FRAMEWORKS, ids=lambda client: client.name)
both_endpoints = pytest.mark.parametrize("mode", ["stream", "turns"])
Needs = Callable[[Client], Client]


@both_endpoints
@every_framework
def test_a_stream_is_heard_to_its_last_word(
    client: Client, mode: str, needs: Needs, deepgram_server: DeepgramServer, audio: Path
) -> None:
    done = run(needs(client), deepgram_server.http_url, "secret", mode, audio, SPEED)

    assert not done.killed
    assert done.errors == []
    assert [line.facts["text"] for line in done.of("final")] == [TEXT]
    assert done.of("interim")
    verdict = deepgram_server.judge(speed=SPEED)
    assert verdict.passed, verdict.broken
    assert verdict.of(Blame.SERVER) == ()


def test_livekit_posts_a_file(needs: Needs, deepgram_server: DeepgramServer) -> None:
    done = run(needs(LIVEKIT), deepgram_server.http_url, "secret", "file", COMMAND, SPEED)

    assert not done.killed
    assert done.errors == []
    assert [line.facts["text"] for line in done.of("final")] == [TEXT]


@both_endpoints
@every_framework
def test_a_refused_key_is_told_as_401(
    client: Client, mode: str, needs: Needs, deepgram_server: DeepgramServer, audio: Path
) -> None:
    done = run(needs(client), deepgram_server.http_url, "wrong", mode, audio, SPEED)

    assert not done.killed
    assert done.of("final") == []
    assert "401" in " ".join([*done.errors, done.stderr])

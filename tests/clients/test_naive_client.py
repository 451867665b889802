"""The client that many start from, as it is: the judge names each of its four faults from what the server saw."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.conformance.findings import Blame, Severity
from harness.pytest_support import DeepgramServer
from harness.recording.document import Recording, lines
from harness.recording.entries import AnyEntry, Binary, Direction, End, Header, Opened, Side, Text
from mock_server import loading
from mock_server.library import Replies

CHUNKS = 30
CHUNK_AUDIO_S = 0.1
REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"


@pytest.fixture(scope="session")
def naive() -> ModuleType:
    """The client, loaded as the program that it is."""
    spec = importlib.util.spec_from_file_location("naive_client", Path(__file__).with_name("naive_client.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def results(number: int) -> str:
    """An interim about the audio of so many chunks."""
    word = {"word": "well", "start": 0.0, "end": CHUNK_AUDIO_S, "confidence": 0.9}
    return json.dumps(
        {
            "type": "Results",
            "channel_index": [0, 1],
            "start": 0.0,
            "duration": round(number * CHUNK_AUDIO_S, 3),
            "is_final": False,
            "speech_final": False,
            "channel": {"alternatives": [{"transcript": "well", "confidence": 0.9, "words": [word]}]},
            "metadata": {
                "request_id": REQUEST_ID,
                "model_info": {"name": "general-nova-3", "version": "2025-07-31.0", "arch": "nova-3"},
                "model_uuid": "5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f",
            },
        }
    )


@pytest.fixture(scope="session")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded session whose server says something about every chunk: otherwise the client would wait for ever."""
    entries: list[AnyEntry] = [Opened(leg=0, wall_s=0.0, headers={"dg-request-id": REQUEST_ID})]
    for number in range(1, CHUNKS + 1):
        at: dict[str, Any] = {"leg": 0, "wall_s": number * CHUNK_AUDIO_S, "audio_s": round(number * CHUNK_AUDIO_S, 3)}
        entries.append(Binary(direction=Direction.UPSTREAM, size=3200, **at))
        entries.append(Text(direction=Direction.DOWNSTREAM, text=results(number), **at))
    entries.append(End(wall_s=CHUNKS * CHUNK_AUDIO_S))
    header = Header(
        side=Side.CLIENT,
        path="/v1/listen",
        query="model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true",
        created="2026-11-20T09:14:33.207Z",
        tool="by hand",
        replies="made up",
        synthetic=True,
    )
    path = tmp_path_factory.mktemp("talkative") / "talkative.jsonl"
    path.write_text("".join(lines(Recording(header, tuple(entries)))), encoding="utf-8")
    return path


@pytest.fixture
def server(talkative: Path, tmp_path: Path) -> Iterator[DeepgramServer]:
    """A Deepgram that answers with that recording."""
    deepgram = DeepgramServer(tmp_path, recording=talkative)
    deepgram.start()
    yield deepgram
    deepgram.stop()


@pytest.mark.asyncio
async def test_each_of_its_four_faults_is_named(naive: ModuleType, server: DeepgramServer, tmp_path: Path) -> None:
    audio = tmp_path / "audio.raw"
    audio.write_bytes(b"\1\0" * 1600 * CHUNKS)
    transcribe: Callable[[Path, str, str], Awaitable[tuple[str, str]]] = naive.transcribe
    transcript, error = await transcribe(audio, server.ws_url, "any")
    verdict = server.judge(chunk_ms=naive.BELIEVED_CHUNK_MS, transcript=transcript, error=error, speed="max")

    errors = {finding.rule: finding for finding in verdict.of(Blame.CLIENT) if finding.severity is Severity.ERROR}
    assert set(errors) == {"C-CHUNK-CLAIM", "C-REPLY-LOOP", "P-SHAPE", "C-CLOSE-STREAM"}
    assert "3,200 bytes 20 ms" in errors["C-CHUNK-CLAIM"].message
    assert "100 ms" in errors["C-CHUNK-CLAIM"].message
    assert f"{CHUNKS - 1} of {CHUNKS - 1} frames" in errors["C-REPLY-LOOP"].message
    assert "results.channels" in errors["P-SHAPE"].message
    assert "without CloseStream" in errors["C-CLOSE-STREAM"].message
    assert not verdict.passed
    assert verdict.of(Blame.SERVER) == ()


def test_the_recording_made_by_hand_is_one_that_the_server_can_use(talkative: Path) -> None:
    known = loading.from_recording(talkative)

    assert Replies([known]).names == ("talkative",)

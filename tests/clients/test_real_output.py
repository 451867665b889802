"""What Deepgram really said, served again: known by the sha256 that Deepgram reported, or by the audio itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from harness.audio.decode import Audio, encode, read_audio, wav_bytes
from harness.audio.format import AudioFormat, Encoding
from mock_server import loading
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings

KEY = {"Authorization": "Token any"}
HISTORY = "recordings/python-sdk-history"
ANSWERED = {
    "preamble.wav": f"{HISTORY}/rest/a231370d-a17f4880/2025-08-11-7a943945-response.json",
    "spacewalk.wav": "recordings/captions/python-captions/dg_transcription-8cc5f8d9.json",
}
CLIPS = sorted(ANSWERED)


def heard(response: dict[str, Any]) -> str:
    text: str = response["results"]["channels"][0]["alternatives"][0]["transcript"]
    return text


def real(shared: Path, clip: str) -> dict[str, Any]:
    """What Deepgram answered for a clip."""
    response: dict[str, Any] = json.loads((shared / ANSWERED[clip]).read_text())
    return response


def clip_audio(shared: Path, clip: str) -> Audio:
    return read_audio(shared / HISTORY / "audio" / clip)


@pytest.fixture
def server(shared: Path) -> Iterator[str]:
    """A Deepgram with both answers; `host:port`. Files are known by their sha256, streams by how they sound."""
    known = [
        replace(loading.from_response(shared / path), audio=clip_audio(shared, clip)) for clip, path in ANSWERED.items()
    ]
    settings = ServerSettings(connection=ConnectionSettings(lag_scale=0.0))
    with BackgroundServer(MockServer(Replies(known), settings)) as running:
        yield f"127.0.0.1:{running.port}"
    assert running.errors == []


def post(server: str, data: bytes) -> dict[str, Any]:
    url = f"http://{server}/v1/listen?model=nova-3&smart_format=true"
    answer = httpx.post(url, content=data, headers=KEY, trust_env=False)
    assert answer.status_code == 200, answer.text
    response: dict[str, Any] = answer.json()
    return response


@pytest.mark.parametrize("clip", CLIPS)
def test_a_posted_file_gets_what_deepgram_answered_for_it(shared: Path, server: str, clip: str) -> None:
    answer, wanted = post(server, (shared / HISTORY / "audio" / clip).read_bytes()), real(shared, clip)

    assert answer["results"]["channels"] == wanted["results"]["channels"]
    for name in ("sha256", "duration", "channels", "models", "model_info"):
        assert answer["metadata"][name] == wanted["metadata"][name]
    assert answer["metadata"]["request_id"] != wanted["metadata"]["request_id"]


@pytest.mark.parametrize("clip", CLIPS)
def test_a_file_is_known_by_its_hash_alone(shared: Path, clip: str) -> None:
    replies = Replies(loading.load_known(shared / path for path in ANSWERED.values()))
    with BackgroundServer(MockServer(replies)) as running:
        answer = post(f"127.0.0.1:{running.port}", (shared / HISTORY / "audio" / clip).read_bytes())

    assert heard(answer) == heard(real(shared, clip))


def test_a_file_with_another_header_is_known_by_its_samples(shared: Path, server: str) -> None:
    clip = "spacewalk.wav"  # it has a longer header, as recorders write it
    audio = clip_audio(shared, clip)
    fmt = AudioFormat(Encoding.LINEAR16, audio.sample_rate, audio.channels)
    rewritten = wav_bytes(audio.samples, fmt)
    assert rewritten != (shared / HISTORY / "audio" / clip).read_bytes()

    assert heard(post(server, rewritten)) == heard(real(shared, clip))


def test_the_sdk_gets_it_too(shared: Path, server: str) -> None:
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    base, socket = f"http://{server}", f"ws://{server}"
    environment = DeepgramClientEnvironment(base=base, production=socket, agent=socket, agent_rest=base)
    with httpx.Client(trust_env=False) as http:
        client = DeepgramClient(api_key="any", environment=environment, httpx_client=http)
        answer = client.listen.v1.media.transcribe_file(
            request=(shared / HISTORY / "audio" / "preamble.wav").read_bytes(), model="nova-3", smart_format=True
        )

    dumped = json.loads(answer.json())
    assert heard(dumped) == heard(real(shared, "preamble.wav"))


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("fmt", [AudioFormat(), AudioFormat(Encoding.MULAW, 8_000)], ids=["16 kHz", "8 kHz mu-law"])
def test_a_stream_of_the_clip_gets_a_script_made_of_the_answer(
    shared: Path, server: str, clip: str, fmt: AudioFormat
) -> None:
    audio = encode(clip_audio(shared, clip), fmt)
    query = f"model=nova-3&encoding={fmt.encoding}&sample_rate={fmt.sample_rate}&punctuate=true"
    said: list[dict[str, Any]] = []
    with connect(f"ws://{server}/v1/listen?{query}", additional_headers=KEY, proxy=None) as line:
        for begin in range(0, len(audio), fmt.sample_rate // 10):
            line.send(audio[begin : begin + fmt.sample_rate // 10])
        line.send('{"type":"CloseStream"}')
        said.extend(map(json.loads, line))
        assert line.close_code == 1000

    finals = [message for message in said if message["type"] == "Results" and message["is_final"]]
    texts = [final["channel"]["alternatives"][0]["transcript"] for final in finals]
    assert " ".join(filter(None, texts)) == heard(real(shared, clip))
    words = [word for final in finals for word in final["channel"]["alternatives"][0]["words"]]
    wanted = real(shared, clip)["results"]["channels"][0]["alternatives"][0]["words"]
    assert [(word["word"], word["start"], word["end"]) for word in words] == [
        (word["word"], word["start"], word["end"]) for word in wanted
    ]

"""Real people's speech, heard by the real engines, through a real server and by clients that we did not write."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from harness.audio.decode import encode, read_audio
from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.audio.wav import wav_header
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.protocol.flux_options import FluxOptions
from harness.protocol.listen_options import ListenOptions
from harness.recording.entries import Direction
from harness.scoring.normalize import normalizer
from harness.scoring.wer import CorpusScore, score
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings
from mock_server.behaviour import ConnectionSettings
from mock_server.engines.base import RATE
from mock_server.recogniser.source import RecognisedReplies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
FMT = AudioFormat()
WHISPER_ENGLISH = normalizer("whisper-english")
AT_ONCE = ServerSettings(connection=ConnectionSettings(max_speed=None))


def streamed(replies: RecognisedReplies, path: Path, options: ListenOptions | FluxOptions) -> StreamOutcome:
    async def session() -> StreamOutcome:
        async def blocks() -> Any:
            yield encode(read_audio(path), FMT)

        async with MockServer(replies, AT_ONCE) as server:
            outcome = await stream(
                Endpoint(f"ws://127.0.0.1:{server.port}", "secret"),
                options,
                AudioToSend(blocks(), FMT, path.name),
                StreamSettings(chunk_ms=80, speed=Speed(float("inf"))),
            )
            assert server.errors == []
            return outcome

    outcome = asyncio.run(session())
    assert outcome.failure is None
    assert outcome.ledger_problems() == []
    return outcome


def posted(replies: RecognisedReplies, path: Path) -> dict[str, Any]:
    with BackgroundServer(MockServer(replies, AT_ONCE)) as server, httpx.Client(trust_env=False) as client:
        answered = client.post(
            f"http://127.0.0.1:{server.port}/v1/listen?model=nova-3&punctuate=true&utterances=true",
            content=path.read_bytes(),
            headers={"Authorization": "Token secret", "Content-Type": "audio/*"},
            timeout=100,
        )
    answered.raise_for_status()
    response: dict[str, Any] = answered.json()
    return response


LISTEN = ListenOptions(
    model="nova-3", encoding="linear16", sample_rate=RATE, punctuate=True, interim_results=True, vad_events=True
)


def test_people_reading_are_understood_streamed_and_posted(replies: RecognisedReplies, shared: Path) -> None:
    """LibriSpeech test-clean. Engines are deterministic; the bounds leave room for other processors' arithmetic."""
    folder = shared / "recordings" / "librispeech-test-clean"
    said = dict(line.split("\t") for line in (folder / "refs.tsv").read_text().splitlines())
    streaming = prerecorded = CorpusScore.zero(WHISPER_ENGLISH)
    for path in sorted((folder / "audio").glob("*.flac"))[:3]:
        live = streamed(replies, path, LISTEN)
        file = posted(replies, path)["results"]["channels"][0]["alternatives"][0]
        streaming += score(said[path.stem], live.transcript.text(), WHISPER_ENGLISH).corpus
        prerecorded += score(said[path.stem], file["transcript"], WHISPER_ENGLISH).corpus

    assert streaming.words.reference_length > 30
    assert streaming.words.rate is not None
    assert prerecorded.words.rate is not None
    assert streaming.words.rate < 0.12
    assert prerecorded.words.rate < 0.12


def test_interims_revise_finals_tile_and_the_model_says_its_own_name(replies: RecognisedReplies) -> None:
    outcome = streamed(replies, FIXTURES / "audio" / "booking.wav", LISTEN)

    messages = [json.loads(entry.text) for entry in outcome.recording.texts(Direction.DOWNSTREAM)]
    results = [m for m in messages if m["type"] == "Results"]
    finals = [m for m in results if m["is_final"]]
    ends = [round(m["start"] + m["duration"], 6) for m in finals]
    assert [m["start"] for m in finals] == [0.0, *ends[:-1]]
    assert ends[-1] == pytest.approx(18.2)
    interims = [m["channel"]["alternatives"][0]["transcript"] for m in results if not m["is_final"]]
    assert len(interims) > 8
    assert any(not finals[0]["channel"]["alternatives"][0]["transcript"].startswith(text) for text in interims[:3])
    name = replies.source.engine.info.name
    assert {m["metadata"]["model_info"]["name"] for m in results} == {name}
    assert "nova" not in json.dumps([m["metadata"] for m in results])
    for final in finals:
        for word in final["channel"]["alternatives"][0]["words"]:
            assert final["start"] <= word["start"] <= word["end"] <= final["start"] + final["duration"] + 1e-3


def test_people_taking_turns_on_flux(replies: RecognisedReplies) -> None:
    options = FluxOptions(model="flux-general-en", encoding="linear16", sample_rate=RATE, eager_eot_threshold=0.5)
    outcome = streamed(replies, FIXTURES / "audio" / "booking.wav", options)
    messages = [json.loads(entry.text) for entry in outcome.recording.texts(Direction.DOWNSTREAM)]
    events = [message["event"] for message in messages if message["type"] == "TurnInfo"]
    assert events.count("EndOfTurn") >= 4
    text = outcome.transcript.text()
    assert "Friday evening" in text
    assert "allergic to peanuts" in text


def test_silence_and_noise_have_no_words(replies: RecognisedReplies, tmp_path: Path) -> None:
    quiet = np.zeros(4 * RATE)
    hiss = np.random.default_rng(1).normal(0, 0.003, 4 * RATE)
    pcm = (np.concatenate((quiet, hiss)) * 32767).astype("<i2").tobytes()
    path = tmp_path / "quiet.wav"
    path.write_bytes(wav_header(FMT, len(pcm)) + pcm)
    assert streamed(replies, path, LISTEN).transcript.text() == ""
    assert posted(replies, path)["results"]["channels"][0]["alternatives"][0]["transcript"] == ""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK imports the old client of `websockets`
def test_the_official_sdk_streams_a_file_that_the_server_has_never_seen(
    moonshine: RecognisedReplies, shared: Path
) -> None:
    from deepgram import DeepgramClient
    from deepgram.core.events import EventType
    from deepgram.environment import DeepgramClientEnvironment

    path = shared / "recordings" / "open-audio" / "cheetah" / "test_en.wav"
    pcm = encode(read_audio(path), FMT)
    heard: list[str] = []

    def note(message: Any) -> None:
        if message.type == "Results" and message.is_final:
            heard.append(message.channel.alternatives[0].transcript)

    with BackgroundServer(MockServer(moonshine, AT_ONCE)) as server, httpx.Client(trust_env=False) as http:
        ws, base = f"ws://127.0.0.1:{server.port}", f"http://127.0.0.1:{server.port}"
        environment = DeepgramClientEnvironment(base=base, production=ws, agent=ws, agent_rest=base)
        client = DeepgramClient(api_key="secret", environment=environment, httpx_client=http)
        with client.listen.v1.connect(
            model="nova-3", encoding="linear16", sample_rate=RATE, channels=1, punctuate=True
        ) as connection:
            connection.on(EventType.MESSAGE, note)
            listening = threading.Thread(target=connection.start_listening)
            listening.start()
            for begin in range(0, len(pcm), 3200):
                connection.send_media(pcm[begin : begin + 3200])
            connection.send_close_stream()
            listening.join(60)

    rate = score("today only platforms one and three are used", " ".join(heard), WHISPER_ENGLISH).corpus.words.rate
    assert rate is not None
    assert rate < 0.3

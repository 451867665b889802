"""The engines on this machine: real-time factor, delays at 1x, streams that one core holds, memory; printed only.

pytest tests/benchmarks/test_engines.py -s
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.audio.decode import Audio, encode, read_audio
from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.cli.engine import listening
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.errors import BadInput
from harness.protocol.codec import decode_server
from harness.protocol.listen_options import ListenOptions
from harness.protocol.messages import Results
from harness.recording.entries import Direction
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings
from mock_server.recogniser.source import RecognisedReplies
from mock_server.server import MockServer
from mock_server.settings import ServerSettings

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CLIPS = ("booking.wav", "support.flac", "weather.flac", "readback.wav", "directions.wav", "voicemail.wav")
FMT = AudioFormat()
OPTIONS = ListenOptions(
    model="nova-3", encoding="linear16", sample_rate=16_000, punctuate=True, interim_results=True, endpointing=300
)
LATE_WALL_S = 1.0
"""A core holds as many streams as have their finals within a second of the audio, at the 95th percentile."""
MOST_STREAMS = 8


@pytest.fixture(params=["moonshine", "whisper"])
def replies(request: pytest.FixtureRequest) -> Iterator[RecognisedReplies]:
    """An engine with its server's threads."""
    try:
        with listening(request.param) as found:
            yield found
    except BadInput as error:
        pytest.skip(str(error))


def clips(count: int) -> list[Audio]:
    return [read_audio(FIXTURES / "audio" / CLIPS[number % len(CLIPS)]) for number in range(count)]


async def streamed(port: int, audio: Audio, name: str) -> StreamOutcome:
    async def blocks() -> AsyncIterator[bytes]:
        yield encode(audio, FMT)

    endpoint = Endpoint(f"ws://127.0.0.1:{port}", "secret")
    outcome = await stream(endpoint, OPTIONS, AudioToSend(blocks(), FMT, name), StreamSettings(speed=Speed(1.0)))
    assert outcome.failure is None
    return outcome


def at_1x(replies: RecognisedReplies, count: int) -> list[StreamOutcome]:
    async def all_of_them() -> list[StreamOutcome]:
        async with MockServer(replies, ServerSettings()) as server:
            return await asyncio.gather(
                *(streamed(server.port, audio, str(number)) for number, audio in enumerate(clips(count)))
            )

    return asyncio.run(all_of_them())


def delays(outcomes: list[StreamOutcome], *, finals: bool) -> list[float]:
    """How long after the audio that it covers each Results with words came, in seconds."""
    found = []
    for outcome in outcomes:
        frames = list(outcome.recording.audio_frames())
        began_wall_s = frames[0].wall_s
        for entry in outcome.recording.texts(Direction.DOWNSTREAM):
            message = decode_server(entry.text).message
            if isinstance(message, Results) and message.transcript and message.is_final is finals:
                found.append(entry.wall_s - began_wall_s - message.end_audio_s)
    return found


def first_interims(outcomes: list[StreamOutcome]) -> list[float]:
    """From the first audio to the first words, in seconds."""
    firsts = []
    for outcome in outcomes:
        began_wall_s = next(iter(outcome.recording.audio_frames())).wall_s
        firsts.append(
            next(
                entry.wall_s - began_wall_s
                for entry in outcome.recording.texts(Direction.DOWNSTREAM)
                if isinstance(message := decode_server(entry.text).message, Results) and message.transcript
            )
        )
    return firsts


def p50_p95(values: list[float]) -> str:
    return f"{np.percentile(values, 50):.2f} / {np.percentile(values, 95):.2f} s"


def test_figures_of_an_engine(replies: RecognisedReplies) -> None:
    info = replies.source.engine.info
    print(f"\n{info.name} ({info.version})")

    files, transcribe = clips(6), replies.source.engine.transcribe
    audio_s = sum(audio.duration_audio_s for audio in files)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    for audio in files:
        for part in np.array_split(audio.samples.mean(axis=1), 1 + int(audio.duration_audio_s / info.longest_audio_s)):
            transcribe(part if audio.sample_rate == 16_000 else np.repeat(part, 2))
    wall, cpu = (time.perf_counter() - began_s) / audio_s, (time.process_time() - began_cpu_s) / audio_s
    print(f"  whole stretches: real-time factor {wall:.3f} wall, {cpu:.3f} CPU over {audio_s:.0f} s of audio")

    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_cpu_s = time.process_time()
    outcomes = at_1x(replies, 1) + at_1x(replies, 1)
    audio_s = sum(2 * audio.duration_audio_s for audio in clips(1))
    cpu = (time.process_time() - began_cpu_s) / audio_s
    print(f"  one stream at 1x: {cpu:.3f} s of CPU for a second of audio, client included")
    print(f"    first words after {p50_p95(first_interims(outcomes))} of audio (p50 / p95)")
    print(f"    interims {p50_p95(delays(outcomes, finals=False))}, finals {p50_p95(delays(outcomes, finals=True))}")

    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    held = 0
    try:
        for count in range(1, MOST_STREAMS + 1):
            late = delays(at_1x(replies, count), finals=True)
            print(f"  {count} at a time on one core: finals {p50_p95(late)}")
            if np.percentile(late, 95) > LATE_WALL_S:
                break
            held = count
    finally:
        os.sched_setaffinity(0, cores)
    after_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  one core holds {held}; peak memory {after_kb / 1024:.0f} MB, {before_kb / 1024:.0f} MB before any stream")

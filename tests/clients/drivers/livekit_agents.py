"""A user's program for livekit-plugins-deepgram 1, after its docstrings: `STT` for v1 and files, `STTv2` for Flux."""

from __future__ import annotations

import asyncio
import wave
from io import BytesIO

import aiohttp  # type: ignore[import-not-found]
from livekit import rtc  # type: ignore[import-not-found]
from livekit.agents.stt import SpeechEvent, SpeechEventType, SpeechStream  # type: ignore[import-not-found]
from livekit.plugins import deepgram  # type: ignore[import-not-found]
from reporting import Arguments, each, paced, report  # type: ignore[import-not-found]

HERTZ = 16_000
TOLD = {SpeechEventType.INTERIM_TRANSCRIPT: "interim", SpeechEventType.FINAL_TRANSCRIPT: "final"}


def told(event: SpeechEvent) -> None:
    """Of what was heard; the rest is about speaking and billing."""
    if event.type in TOLD:
        heard = event.alternatives[0]
        words = [[str(word), word.start_time, word.end_time] for word in heard.words or []]
        report(TOLD[event.type], text=heard.text, words=words)


async def stream(asked: Arguments) -> None:
    async with aiohttp.ClientSession() as session:
        common = {"api_key": asked.key, "http_session": session, "sample_rate": HERTZ}
        if asked.mode == "turns":
            stt = deepgram.STTv2(base_url=asked.url.replace("http", "ws", 1) + "/v2/listen", **common)
        else:
            stt = deepgram.STT(base_url=f"{asked.url}/v1/listen", **common)
        async with stt.stream() as speech:
            pushing = asyncio.create_task(push(speech, asked))
            try:
                async for event in speech:
                    told(event)
            finally:
                pushing.cancel()
    report("close")


async def push(speech: SpeechStream, asked: Arguments) -> None:
    chunks = paced(asked.mode, asked.audio, asked.speed)
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        speech.push_frame(rtc.AudioFrame(chunk, HERTZ, 1, len(chunk) // 2))
    speech.end_input()
    report("sent")


async def file(asked: Arguments) -> None:
    with wave.open(BytesIO(asked.audio)) as wav:
        samples, hertz = wav.readframes(wav.getnframes()), wav.getframerate()
    async with aiohttp.ClientSession() as session:
        stt = deepgram.STT(base_url=f"{asked.url}/v1/listen", api_key=asked.key, http_session=session)
        told(await stt.recognize(rtc.AudioFrame(samples, hertz, 1, len(samples) // 2)))
    report("close")


each(lambda asked: asyncio.run((file if asked.mode == "file" else stream)(asked)))

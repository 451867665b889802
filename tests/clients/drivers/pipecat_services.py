"""A user's program for Pipecat 1 with its Deepgram services: `DeepgramSTTService` for v1, `DeepgramFluxSTTService`."""

from __future__ import annotations

import asyncio

from pipecat.frames.frames import (  # type: ignore[import-not-found]
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # type: ignore[import-not-found]
from pipecat.pipeline.runner import PipelineRunner  # type: ignore[import-not-found]
from pipecat.pipeline.task import PipelineParams, PipelineTask  # type: ignore[import-not-found]
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor  # type: ignore[import-not-found]
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService  # type: ignore[import-not-found]
from pipecat.services.deepgram.stt import DeepgramSTTService  # type: ignore[import-not-found]
from reporting import Arguments, each, paced, report  # type: ignore[import-not-found]

HERTZ = 16_000
TAIL_S = 1.5
"""A pipeline is told to end when its user hangs up, not when the last words are in; this one waits for them."""


class Telling(FrameProcessor):  # type: ignore[misc]
    """The end of the pipeline, where a bot would read what was heard."""

    def __init__(self) -> None:
        super().__init__()
        self.final = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            report("final", text=frame.text)
            self.final.set()
        elif isinstance(frame, InterimTranscriptionFrame):
            report("interim", text=frame.text)
        await self.push_frame(frame, direction)


class Complaints(FrameProcessor):  # type: ignore[misc]
    """The front of the pipeline, where errors come out."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, ErrorFrame):
            report("error", how="frame", text=frame.error)
        await self.push_frame(frame, direction)


async def stream(asked: Arguments) -> None:
    if asked.mode == "turns":
        socket = asked.url.replace("http", "ws", 1)
        stt = DeepgramFluxSTTService(api_key=asked.key, url=f"{socket}/v2/listen", sample_rate=HERTZ)
    else:
        stt = DeepgramSTTService(api_key=asked.key, base_url=asked.url, sample_rate=HERTZ)
    telling = Telling()
    task = PipelineTask(Pipeline([Complaints(), stt, telling]), params=PipelineParams(audio_in_sample_rate=HERTZ))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(push(task, telling, asked))
        await PipelineRunner(handle_sigint=False).run(task)
    report("close")


async def push(task: PipelineTask, telling: Telling, asked: Arguments) -> None:
    chunks = paced(asked.mode, asked.audio, asked.speed)
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        await task.queue_frame(InputAudioRawFrame(audio=chunk, sample_rate=HERTZ, num_channels=1))
    report("sent")
    try:
        async with asyncio.timeout(TAIL_S):
            await telling.final.wait()
    except TimeoutError:
        pass
    await task.queue_frame(EndFrame())


each(lambda asked: asyncio.run(stream(asked)))

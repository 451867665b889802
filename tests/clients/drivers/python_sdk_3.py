"""A user's program for deepgram-sdk 3 and 4, after their README."""

from __future__ import annotations

from typing import Any

from deepgram import (
    DeepgramClient,
    DeepgramClientOptions,
    LiveOptions,
    LiveTranscriptionEvents,
    PrerecordedOptions,
)
from reporting import Arguments, described, each, paced, report  # type: ignore[import-not-found]

EVENTS = ("Transcript", "Metadata", "SpeechStarted", "UtteranceEnd", "Unhandled")


def stream(client: Any, asked: Arguments) -> None:
    connection = client.listen.websocket.v("1")

    def on_message(_: Any, **kwargs: Any) -> None:
        (message,) = kwargs.values()
        report("message", message=message.to_dict())

    for event in EVENTS:
        connection.on(getattr(LiveTranscriptionEvents, event), on_message)
    connection.on(LiveTranscriptionEvents.Open, lambda *_, **__: report("open"))
    connection.on(LiveTranscriptionEvents.Close, lambda *_, **__: report("close"))
    connection.on(
        LiveTranscriptionEvents.Error, lambda _, error, **__: report("error", how="event", text=described(error))
    )

    options = LiveOptions(
        model="nova-3",
        encoding="linear16",
        sample_rate=16_000,
        channels=1,
        punctuate=True,
        interim_results=True,
        vad_events=True,
        utterance_end_ms="1000",
        endpointing=300,
    )
    if connection.start(options) is False:
        report("error", how="returned", text="start() returned False")
        return
    for chunk in paced(asked.mode, asked.audio, asked.speed):
        if not connection.send(chunk):
            report("error", text="send() returned False")
            break
    report("sent")
    connection.finish()


def file(client: Any, asked: Arguments) -> None:
    options = PrerecordedOptions(model="nova-3", punctuate=True)
    answer = client.listen.rest.v("1").transcribe_file({"buffer": asked.audio}, options)
    report("message", message=answer.to_dict())


def attempt(asked: Arguments) -> None:
    client = DeepgramClient(asked.key, DeepgramClientOptions(url=asked.url))
    {"stream": stream, "file": file}[asked.mode](client, asked)


each(attempt)

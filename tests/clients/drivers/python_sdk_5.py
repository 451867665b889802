"""A user's program for deepgram-sdk 5, 6 and 7, after their README."""

from __future__ import annotations

import threading
from typing import Any

from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from reporting import Arguments, described, each, paced, report  # type: ignore[import-not-found]

STREAM = {
    "model": "nova-3",
    "encoding": "linear16",
    "sample_rate": "16000",
    "channels": "1",
    "punctuate": "true",
    "interim_results": "true",
    "vad_events": "true",
    "utterance_end_ms": "1000",
    "endpointing": "300",
}
TURNS = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": "16000"}


def environment(url: str) -> DeepgramClientEnvironment:
    """Version 7 has a fourth address, which 5 and 6 do not know."""
    socket = url.replace("http", "ws", 1)
    addresses = {"base": url, "production": socket, "agent": socket}
    try:
        return DeepgramClientEnvironment(**addresses, agent_rest=url)
    except TypeError:
        return DeepgramClientEnvironment(**addresses)


def close(connection: Any, mode: str) -> None:
    """Version 5 has one method for every control message, 6 and 7 have one for each."""
    if hasattr(connection, "send_close_stream"):
        connection.send_close_stream()
    else:
        from deepgram.extensions.types.sockets import (  # type: ignore[import-not-found]
            ListenV1ControlMessage,
            ListenV2ControlMessage,
        )

        message = {"stream": ListenV1ControlMessage, "turns": ListenV2ControlMessage}[mode]
        connection.send_control(message(type="CloseStream"))


def stream(client: Any, asked: Arguments) -> None:
    """Stream to the end; `finalize` is `stream` with a Finalize whose answer is waited for before the close."""
    listen, options = (client.listen.v2, TURNS) if asked.mode == "turns" else (client.listen.v1, STREAM)
    finalized = threading.Event()

    def on_message(message: Any) -> None:
        report("message", message=plain(message))
        if getattr(message, "from_finalize", False):
            finalized.set()

    with listen.connect(**options) as connection:
        connection.on(EventType.OPEN, lambda _: report("open"))
        connection.on(EventType.MESSAGE, on_message)
        connection.on(EventType.ERROR, lambda error: report("error", how="event", text=described(error)))
        connection.on(EventType.CLOSE, lambda _: report("close"))
        listening = threading.Thread(target=connection.start_listening, daemon=True)
        listening.start()
        for chunk in paced(asked.mode, asked.audio, asked.speed):
            connection.send_media(chunk)
        if asked.mode == "finalize":
            connection.send_finalize()
            finalized.wait()
        close(connection, asked.mode)
        report("sent")
        listening.join()


def plain(message: Any) -> Any:
    """What the SDK made of a message: one of its models, or what it could not fit into one."""
    return message.dict() if hasattr(message, "dict") else message


def file(client: Any, asked: Arguments) -> None:
    answer = client.listen.v1.media.transcribe_file(request=asked.audio, model="nova-3", punctuate=True)
    report("message", message=plain(answer))


def attempt(asked: Arguments) -> None:
    client = DeepgramClient(api_key=asked.key, environment=environment(asked.url))
    (file if asked.mode == "file" else stream)(client, asked)


each(attempt)

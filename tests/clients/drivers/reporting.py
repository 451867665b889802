"""What the drivers have in common, and no more: arguments, a steady pace, and lines of JSON about what their user sees.

A driver runs with a client of its own version in an environment of its own, so nothing here needs dgharness:

    python DRIVER URL KEY stream|finalize|turns|file AUDIO SPEED

Several URLs and several modes, each with commas between them, are done one after the other, mode by mode.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

BYTES_PER_AUDIO_S = 32_000
"""Of 16 kHz linear16, which the drivers stream."""

V1_CHUNK_BYTES = 3200
"""100 ms."""

FLUX_CHUNK_BYTES = 2560
"""80 ms, as advised for Flux."""

_begun_s = time.monotonic()
_writing = threading.Lock()


class Arguments(NamedTuple):
    """What a driver is told: where, as whom, what, with which audio, and how many audio seconds per second."""

    url: str
    key: str
    mode: str
    audio: bytes
    speed: float


def arguments() -> Arguments:
    url, key, mode, audio, speed = sys.argv[1:]
    return Arguments(url, key, mode, Path(audio).read_bytes(), float(speed))


def report(event: str, **facts: Any) -> None:
    """One line about one thing that the client told its user; `wall_s` is counted from the driver's start."""
    line = {"event": event, "wall_s": round(time.monotonic() - _begun_s, 3), **facts}
    with _writing:
        print(json.dumps(line, default=str), flush=True)


def each(attempt: Callable[[Arguments], None]) -> None:
    """Do what was asked for, once for each mode and URL, and tell what it ended with if it broke off."""
    asked = arguments()
    for mode in asked.mode.split(","):
        for url in asked.url.split(","):
            report("asked", mode=mode, url=url)
            try:
                attempt(asked._replace(mode=mode, url=url))
            except Exception as error:
                report("error", how="raised", text=described(error), **readable(error))
    report("done")


def readable(error: BaseException) -> dict[str, Any]:
    """What a program can read of a refusal off an exception, wherever the SDKs keep it: status, body and headers."""
    answer = getattr(error, "response", None)
    body = _first(error, "body", "original_error") or _first(answer, "body", "text")
    headers = _first(error, "headers") or _first(answer, "headers") or {}
    return {
        "status": _first(error, "status_code", "status") or _first(answer, "status_code"),
        "body": bytes(body).decode() if isinstance(body, bytes | bytearray) else body,
        "headers": {str(name).lower(): str(value) for name, value in dict(headers).items()},
    }


def _first(thing: Any, *names: str) -> Any:
    return next((found for name in names if (found := getattr(thing, name, None)) is not None), None)


def described(error: BaseException | Any) -> str:
    """An error as a traceback's last line has it."""
    text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    return " ".join(text.split())


def paced(mode: str, audio: bytes, speed: float) -> Iterator[bytes]:
    """Chunks of the audio, each when its last sample would have been spoken, by absolute deadlines."""
    size = FLUX_CHUNK_BYTES if mode == "turns" else V1_CHUNK_BYTES
    begun_s, tick = time.monotonic(), threading.Event()
    for begin in range(0, len(audio), size):
        chunk = audio[begin : begin + size]
        due_s = begun_s + (begin + len(chunk)) / BYTES_PER_AUDIO_S / speed
        tick.wait(max(0.0, due_s - time.monotonic()))
        yield chunk

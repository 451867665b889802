"""What the drivers have in common, and no more: arguments, a steady pace, and lines of JSON about what their user sees.

A driver runs with a client of its own version in an environment of its own, so nothing here needs dgharness:

    python DRIVER URL KEY stream|finalize|turns|file AUDIO SPEED
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
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

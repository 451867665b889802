"""Opens what the user names: a file, `-` for raw audio on standard input, or an http URL."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final

from harness.audio.decode import Audio, decode, decode_raw, read_audio
from harness.audio.format import AudioFormat
from harness.client.streams import AudioToSend
from harness.errors import BadInput
from harness.runner import to_send

STDIN: Final = "-"
BLOCK_BYTES: Final = 4096
MAX_DOWNLOAD_BYTES: Final = 500 * 1024 * 1024
RAW_ENDINGS: Final = (".raw", ".pcm", ".ulaw", ".alaw")


def is_url(source: str) -> bool:
    """Whether it names something to fetch."""
    return source.startswith(("http://", "https://"))


def open_audio(source: str, fmt: AudioFormat) -> Audio:
    """A file or URL, decoded; a file without a header whose name says so is raw audio in `fmt`.

    Raises:
        BadInput: it cannot be had, or is no audio.
    """
    if is_url(source):
        data, name = download(source), source.rsplit("/", 1)[-1] or source
        return decode_raw(data, fmt, name) if name.endswith(RAW_ENDINGS) else decode(data, name)
    raw = fmt if source.lower().endswith(RAW_ENDINGS) else None
    return read_audio(Path(source), raw)


def prepare(source: str, fmt: AudioFormat) -> tuple[AudioToSend, float | None]:
    """What to stream, and how long it plays (None for standard input).

    Raises:
        BadInput: it cannot be had, or is no audio.
    """
    if source == STDIN:
        return AudioToSend(_blocks(sys.stdin.buffer), fmt, STDIN), None
    audio = open_audio(source, fmt)
    name = source if is_url(source) else Path(source).name
    return to_send(audio, fmt, name), audio.duration_audio_s


def read_file(path: Path) -> bytes:
    """A file as it is.

    Raises:
        BadInput: it cannot be read, or is empty.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    if not data:
        raise BadInput(f"{path}: the file is empty; wanted audio")
    return data


def download(url: str) -> bytes:
    """The bytes behind a URL.

    Raises:
        BadInput: it cannot be fetched, or is larger than is sensible.
    """
    import httpx

    data = bytearray()
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=30) as response:
            if not response.is_success:
                raise BadInput(f"{url}: answered HTTP {response.status_code}")
            for piece in response.iter_bytes():
                data += piece
                if len(data) > MAX_DOWNLOAD_BYTES:
                    raise BadInput(f"{url}: larger than {MAX_DOWNLOAD_BYTES} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BadInput(f"{url}: cannot be fetched ({str(error) or type(error).__name__})") from None
    return bytes(data)


async def _blocks(file: BinaryIO) -> AsyncIterator[bytes]:
    """Reads a file that may block, in a thread that never keeps the process from ending."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(16)

    def read() -> None:
        while True:
            room.acquire()
            block = file.read1(BLOCK_BYTES) if hasattr(file, "read1") else file.read(BLOCK_BYTES)
            loop.call_soon_threadsafe(queue.put_nowait, block)
            if not block:
                return

    threading.Thread(target=read, name="dgharness-stdin", daemon=True).start()
    while block := await queue.get():
        yield block
        room.release()

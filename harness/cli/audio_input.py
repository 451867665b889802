"""Opens what the user names: a file, `-` for standard input, or an http URL."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from harness.audio.decode import Audio, check_declared, decode, decode_raw
from harness.audio.format import AudioFormat
from harness.audio.sniff import SIGNATURE_BYTES, sniff_container, sniff_signature
from harness.cli.output import warn
from harness.client.streams import AudioToSend
from harness.errors import BadInput
from harness.loopback import is_loopback
from harness.runner import to_send
from reports.figures import count

STDIN: Final = "-"
BLOCK_BYTES: Final = 4096
BLOCKS_AHEAD: Final = 16
MAX_DOWNLOAD_BYTES: Final = 500 * 1024 * 1024
RAW_ENDINGS: Final = (".raw", ".pcm", ".ulaw", ".alaw")


@dataclass(frozen=True)
class Opened:
    """What there is to stream.

    Attributes:
        audio: for the client.
        duration_audio_s: how long it plays; None for standard input.
        warnings: what is odd but bearable, a sentence each.
        converted: a sentence when the file's header and the declared format differ, else None.
    """

    audio: AudioToSend
    duration_audio_s: float | None = None
    warnings: tuple[str, ...] = ()
    converted: str | None = None


def prepare(source: str, fmt: AudioFormat, *, declared: bool = False) -> Opened:
    """What to stream in `fmt`.

    A file with a header is decoded and converted. Standard input is in `fmt`, and so is a file without a header whose
    name says that it has none, or whose encoding the user `declared`.

    Raises:
        BadInput: it cannot be had, or is no audio.
    """
    if source == STDIN:
        _refuse_terminal()
        return Opened(AudioToSend(_from_stdin(fmt), fmt, STDIN))
    data, name = read_source(source), shown_name(source)
    # A header is never taken for samples, whatever the name says.
    raw = (declared or name.lower().endswith(RAW_ENDINGS)) and sniff_container(data) is None
    audio = decode_raw(data, fmt, name) if raw else decode(data, name)
    shown = name if is_url(source) else Path(source).name
    converted = check_declared(audio, fmt)
    return Opened(
        to_send(audio, fmt, shown),
        audio.duration_audio_s,
        audio.warnings,
        f"{name}: {converted}" if converted else None,
    )


def read_source(source: str) -> bytes:
    """The bytes of a file, of a URL, or of all of standard input.

    Raises:
        BadInput: they cannot be had, or there are none.
    """
    name = shown_name(source)
    if is_url(source):
        data = _download(source)
    elif source == STDIN:
        _refuse_terminal()
        data = sys.stdin.buffer.read()
    else:
        data = _read_file(Path(source))
    if not data:
        raise BadInput(f"{name}: is empty; wanted audio")
    return data


def decoded(data: bytes, source: str) -> Audio:
    """A whole file's samples, for what they tell about it.

    Raises:
        BadInput: it is no audio.
    """
    return decode(data, shown_name(source))


def is_url(source: str) -> bool:
    """Whether it names something to fetch."""
    return source.lower().startswith(("http://", "https://"))


def shown_name(source: str) -> str:
    """What messages and recordings call it; of a URL without user and query, which may hold a signature or a token.

    Raises:
        BadInput: it begins like a URL and is none.
    """
    if source == STDIN:
        return "standard input"
    if not is_url(source):
        return source
    try:
        parts = urlsplit(source)
    except ValueError as error:
        raise BadInput(f"the audio's URL cannot be read ({error})") from None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _download(url: str) -> bytes:
    import httpx

    name, data = shown_name(url), bytearray()
    try:
        host = urlsplit(url).hostname
        with httpx.stream("GET", url, follow_redirects=True, timeout=30, trust_env=not is_loopback(host)) as response:
            if not response.is_success:
                raise BadInput(f"{name}: answered HTTP {response.status_code}; wanted audio")
            for piece in response.iter_bytes():
                data += piece
                if len(data) > MAX_DOWNLOAD_BYTES:
                    raise BadInput(f"{name}: is larger than {MAX_DOWNLOAD_BYTES} bytes")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise BadInput(f"{name}: cannot be fetched ({str(error) or type(error).__name__})") from None
    return bytes(data)


def _refuse_terminal() -> None:
    if sys.stdin.isatty():
        raise BadInput(
            "standard input is a terminal; wanted audio from a pipe or a file, as in `arecord ... | dgharness`"
        )


async def _from_stdin(fmt: AudioFormat) -> AsyncIterator[bytes]:
    """Raw audio as it comes, in whole frames.

    Raises:
        BadInput: it begins with a container's header, or ends without one frame.
    """
    head, rest, empty = b"", b"", True
    async for block in _blocks(_unbuffered()):
        if len(head) < SIGNATURE_BYTES:
            head = (head + block)[:SIGNATURE_BYTES]
            _refuse_container(head)
        rest += block
        whole = len(rest) - len(rest) % fmt.frame_bytes
        if whole:
            empty = False
            yield rest[:whole]
            rest = rest[whole:]
    if empty:
        raise BadInput(f"standard input ended after {count(len(rest), 'byte')}; wanted raw audio in {fmt}")
    if rest:
        warn(f"standard input ended within a frame of {fmt}; left out: its last {count(len(rest), 'byte')}")


def _refuse_container(head: bytes) -> None:
    container = sniff_signature(head)
    if container is not None:
        raise BadInput(
            f"standard input begins with the header of a {container} file; wanted raw audio "
            "(name the file instead of -, or take its header off)"
        )


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


def _unbuffered() -> _Readable:
    """Standard input below its buffer: a block comes as soon as there is one, and no lock is held at exit."""
    raw: _Readable = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
    return raw


async def _blocks(file: _Readable) -> AsyncIterator[bytes]:
    """Reads a file that may block, in a thread that never keeps the process from ending.

    Raises:
        BadInput: it cannot be read on.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | OSError] = asyncio.Queue()
    room = threading.Semaphore(BLOCKS_AHEAD)

    def next_block() -> bytes | OSError:
        try:
            return file.read(BLOCK_BYTES) or b""
        except OSError as error:
            return error

    def read() -> None:
        block: bytes | OSError = b"first"
        with suppress(RuntimeError):  # the loop is closed: nobody waits for more
            while block and not isinstance(block, OSError):
                room.acquire()
                block = next_block()
                loop.call_soon_threadsafe(queue.put_nowait, block)

    threading.Thread(target=read, name="dgharness-stdin", daemon=True).start()
    while block := await queue.get():
        if isinstance(block, OSError):
            raise BadInput(f"standard input cannot be read on ({block.strerror})")
        yield block
        room.release()

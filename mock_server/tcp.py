"""The two ways to end a TCP connection without the other side's consent: its own half in good order, or a reset."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Final

_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""SO_LINGER for no time at all: closing the socket then resets the connection."""


def end(transport: asyncio.Transport) -> None:
    """Say no more: what was written goes out, then comes the end of the stream; the other half stays open."""
    if transport.is_closing():
        return
    if not transport.can_write_eof():
        transport.close()  # TLS has no half-close
        return
    with suppress(OSError):  # the client is gone already
        transport.write_eof()


def reset(transport: asyncio.Transport) -> None:
    """Cut the connection with a reset; what was not yet sent is lost."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()

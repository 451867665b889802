"""The streaming client that many start from, with its faults left in: the judge must name every one of them.

It believes 3,200 bytes to be 20 ms, waits for an answer to each chunk, reads a live message as if it were a
pre-recorded one, and leaves without CloseStream. Do not copy from it.
"""

from __future__ import annotations

import json
from pathlib import Path

from websockets.asyncio.client import connect

CHUNK_BYTES = 3200
BELIEVED_CHUNK_MS = 20

PATH = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true"


async def transcribe(path: Path, base_url: str, key: str) -> tuple[str, str]:
    """Stream a file of 16 kHz linear16; returns the transcript that it gathered, and its last error."""
    transcript = error = ""
    headers = {"Authorization": f"Token {key}"}
    async with connect(base_url + PATH, additional_headers=headers, proxy=None) as socket:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                await socket.send(chunk)
                answer = json.loads(await socket.recv())
                try:
                    transcript += answer["results"]["channels"][0]["alternatives"][0]["transcript"]
                except KeyError as missing:
                    error = f"KeyError: {missing}"
    return transcript, error

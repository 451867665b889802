"""A folder with a small client under test in it, for pytest runs inside the tests."""

from __future__ import annotations

import pytest

# pytester forgets every module that an inner run imported; what holds C code cannot be imported a second time.
import harness.pytest_support  # noqa: F401  # isort: skip
import httpcore  # noqa: F401  # isort: skip
import httpx  # noqa: F401  # isort: skip
import rich.padding  # isort: skip
import rich.table  # noqa: F401  # isort: skip
import websockets.sync.client  # noqa: F401  # isort: skip

CLIENT = """
import json
import httpx
from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_sync

QUERY = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&punctuate=true"
KEY = {"Authorization": "Token any"}
SECOND = b"\\1\\0" * 16000
CLOSE = json.dumps({"type": "CloseStream"})

def post(server):
    answer = httpx.post(server.url + QUERY, content=SECOND * 5, headers=KEY, trust_env=False)
    answer.raise_for_status()
    return answer.json()["results"]["channels"][0]["alternatives"][0]["transcript"]

def frames(size=640):
    audio = SECOND * 5
    return [audio[begin:begin + size] for begin in range(0, len(audio), size)]

def final_text(texts):
    messages = [json.loads(text) for text in texts]
    finals = [m for m in messages if m["type"] == "Results" and m["is_final"]]
    return " ".join(f["channel"]["alternatives"][0]["transcript"] for f in finals).strip()

def hear(server, size=640, query=QUERY, close=CLOSE):
    with connect_sync(server.ws_url + query, proxy=None, compression=None, additional_headers=KEY) as line:
        for frame in frames(size):
            line.send(frame)
        line.send(close)
        return final_text(line) if close == CLOSE else None

async def hear_async(server):
    async with connect(server.ws_url + QUERY, proxy=None, compression=None, additional_headers=KEY) as line:
        for frame in frames():
            await line.send(frame)
        await line.send(CLOSE)
        return final_text([text async for text in line])
"""


@pytest.fixture
def inner(pytester: pytest.Pytester) -> pytest.Pytester:
    """The folder: `client.py`, and settings as strict as this project's own."""
    pytester.makepyfile(client=CLIENT)
    pytester.makeini(
        """
        [pytest]
        addopts = --strict-markers --strict-config -p no:cacheprovider
        pythonpath = .
        filterwarnings = error
        asyncio_mode = strict
        asyncio_default_fixture_loop_scope = function
        """
    )
    return pytester

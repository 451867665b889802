"""Delivers to a client's `callback` what it asked to have sent there instead of to itself, in order, on loopback only.

Deepgram posts every message of a stream, or the one answer for a file, and tries again while the receiver does not
answer with 2xx (docs, «Callback»: 10 times more, 30 s apart).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import httpx

from harness.loopback import is_loopback
from harness.protocol.options import ListenOptions
from harness.protocol.refusal import Refusal
from mock_server.listen_connection import Post
from mock_server.log import LOG
from mock_server.settings import CallbackSettings

TIMEOUT_S: Final = 10.0
DG_TOKEN: Final = "dgharness"
"""The header `dg-token`, for which Deepgram has the id of the API key: here a key has none."""

Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None]], object]


def unreachable(options: ListenOptions) -> Refusal | None:
    """A refusal for a callback that this server will not call: it sends nothing off its machine."""
    if options.callback is None:
        return None
    url = urlsplit(options.callback)
    if url.scheme not in ("http", "https"):
        return Refusal(400, "Bad Request: this server calls back over http and https only.")
    if not is_loopback(url.hostname):
        return Refusal(400, "Bad Request: this server calls back on loopback only.")
    return None


class Courier:
    """Takes what is to be posted, and posts it in tasks of its own.

    Args:
        spawn: runs a task until it ends or the server stops.
        settings: how often it tries.
    """

    def __init__(self, spawn: Spawn, settings: CallbackSettings) -> None:
        self._spawn, self._settings = spawn, settings

    def to(self, options: ListenOptions) -> Post | None:
        """Where to drop the messages of one request; None when it has no callback."""
        if options.callback is None:
            return None
        return _Route(options.callback, options.callback_method or "POST", self._spawn, self._settings).drop


class _Route:
    """The messages of one request on their way: each waits for the one before it."""

    def __init__(self, url: str, method: str, spawn: Spawn, settings: CallbackSettings) -> None:
        self._url, self._method, self._spawn, self._settings = url, method, spawn, settings
        self._bodies: deque[str] = deque()
        self._under_way = False

    def drop(self, body: str) -> None:
        """Post this as soon as everything before it was."""
        self._bodies.append(body)
        if not self._under_way:
            self._under_way = True
            self._spawn(self._deliver())

    async def _deliver(self) -> None:
        # No proxy and no redirect: either could lead off this machine.
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT_S) as client:
            while self._bodies:
                await self._offer(client, self._bodies.popleft())
        self._under_way = False

    async def _offer(self, client: httpx.AsyncClient, body: str) -> None:
        headers = {"content-type": "application/json", "dg-token": DG_TOKEN}
        for attempt in range(self._settings.attempts):
            if attempt:
                await asyncio.sleep(self._settings.every_s)
            try:
                answer = await client.request(self._method, self._url, content=body.encode(), headers=headers)
            except httpx.HTTPError as error:
                LOG.warning("callback failed", extra={"why": str(error) or type(error).__name__})
                continue
            if answer.is_success:
                return
            LOG.warning("callback refused", extra={"status": answer.status_code})
        LOG.warning("callback given up", extra={"attempts": self._settings.attempts})

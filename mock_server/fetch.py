"""Fetches what `{"url": …}` names, without ever leaving this machine.

A URL is either backed by a file that the server was told of, or it is on loopback. Anything else is refused: a mock
must not turn a request into traffic to a stranger (architecture, rule 10).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx

from harness.loopback import is_loopback

TIMEOUT_S: Final = 10.0


class RemoteContentError(Exception):
    """The content cannot be had; the message says why."""


async def fetch(url: str, file_urls: Mapping[str, Path], limit: int) -> bytes:
    """The bytes behind a URL.

    Args:
        url: what the client named.
        file_urls: URL, or URL prefix that ends in `/`, to the file or folder that stands for it.
        limit: most bytes taken.

    Raises:
        RemoteContentError: it is neither file-backed nor on loopback, cannot be read, or is too large.
    """
    try:
        path = _backed_by(url, file_urls)  # a NUL in the name of a file is no name
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a port above 65535 is none
    except ValueError:
        raise RemoteContentError(f"{url!r} is not a URL") from None
    if path is not None:
        return await asyncio.to_thread(_read, path, url, limit)
    if parts.scheme not in ("http", "https") or not is_loopback(host):
        raise RemoteContentError(f"{url} is neither on loopback nor backed by a file (serve --url-file URL=FILE)")
    return await _get(url, limit)


def _backed_by(url: str, file_urls: Mapping[str, Path]) -> Path | None:
    for prefix, path in file_urls.items():
        if url == prefix:
            return path
        if prefix.endswith("/") and url.startswith(prefix):
            wanted = (path / unquote(url.removeprefix(prefix))).resolve()
            return wanted if wanted.is_relative_to(path.resolve()) else None
    return None


def _read(path: Path, url: str, limit: int) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise RemoteContentError(f"{url} has more than {limit} bytes")
        return path.read_bytes()
    except OSError as error:
        raise RemoteContentError(f"{url} cannot be read ({error.strerror})") from None


async def _get(url: str, limit: int) -> bytes:
    data = bytearray()
    try:
        # No proxy and no redirect: either could lead off this machine.
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT_S) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise RemoteContentError(f"{url} answered HTTP {response.status_code}")
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) > limit:
                    raise RemoteContentError(f"{url} has more than {limit} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RemoteContentError(f"{url} cannot be fetched ({str(error) or type(error).__name__})") from None
    return bytes(data)

"""Where a Deepgram is: one base URL, from which both endpoints follow, and the key for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from harness.errors import BadInput
from harness.loopback import is_loopback
from harness.streamer.dialect import FLUX_PATH, LISTEN_PATH

_WEBSOCKET: Final = {"ws": "ws", "http": "ws", "wss": "wss", "https": "wss"}
_HTTP: Final = {"ws": "http", "http": "http", "wss": "https", "https": "https"}


@dataclass(frozen=True)
class Endpoint:
    """A server and the key for it.

    Attributes:
        base_url: `ws://`, `wss://`, `http://` or `https://`, host and port; a bare `host:port` means `ws://`.
        key: the API key; never shown, logged or recorded.
    """

    base_url: str
    key: str = field(repr=False, default="")

    def __post_init__(self) -> None:
        url = self.base_url if "://" in self.base_url else f"ws://{self.base_url}"
        try:
            parts = urlsplit(url)
            wrong = parts.scheme not in _WEBSOCKET or not parts.hostname or parts.port == 0
        except ValueError:
            wrong = True
        if wrong:
            raise BadInput(f"url is {self.base_url!r}; wanted ws://HOST:PORT, wss://, http:// or https://")
        object.__setattr__(self, "base_url", url)

    def websocket_url(self, query: str, path: str = LISTEN_PATH) -> str:
        """A streaming endpoint with a query string."""
        return self._url(_WEBSOCKET, query, path)

    def http_url(self, query: str) -> str:
        """The pre-recorded endpoint with a query string."""
        return self._url(_HTTP, query, LISTEN_PATH)

    @property
    def host(self) -> str:
        """Host and port, as reports name the server."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(urlsplit(self.base_url).hostname)

    @property
    def authorization(self) -> dict[str, str]:
        """The header that carries the key; empty without one."""
        return {"Authorization": f"Token {self.key}"} if self.key else {}

    def _url(self, schemes: dict[str, str], query: str, endpoint: str) -> str:
        parts = urlsplit(self.base_url)
        path = parts.path.rstrip("/").removesuffix(LISTEN_PATH).removesuffix(FLUX_PATH) + endpoint
        return f"{schemes[parts.scheme]}://{parts.netloc}{path}" + (f"?{query}" if query else "")

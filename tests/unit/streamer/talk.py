"""What both ends say in the tests of the client's machine."""

from __future__ import annotations

import json
from typing import Any

from harness.protocol.messages import Metadata
from harness.streamer.backoff import ReconnectPolicy

AT_ONCE = ReconnectPolicy(first_s=0.0, attempts=5)
KEEP_ALIVE, CLOSE_STREAM, FINALIZE = '{"type":"KeepAlive"}', '{"type":"CloseStream"}', '{"type":"Finalize"}'
METADATA = Metadata(
    transaction_key="deprecated",
    request_id="r",
    sha256="0" * 64,
    created="2026-01-01T00:00:00Z",
    duration=1.0,
    channels=1,
)


def kind(text: str) -> str:
    return str(json.loads(text)["type"])


def finish(client: Any) -> None:
    """The server does what CloseStream asks for."""
    client.hear(METADATA)
    client.cut(1000, "")

"""The server's log: structured through `extra`, so that a formatter can print it as JSON. Never a key."""

from __future__ import annotations

import logging
from typing import Final

LOG: Final = logging.getLogger("dgharness.server")

WIRE: Final = logging.getLogger("dgharness.server.wire")
"""The `websockets` package's own log. At DEBUG it would print the request's headers, and with them the key."""

WIRE.setLevel(logging.WARNING)

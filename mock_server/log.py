"""The server's log: structured through `extra`, so that a formatter can print it as JSON. Never a key."""

from __future__ import annotations

import logging
from typing import Final

LOG: Final = logging.getLogger("dgharness.server")

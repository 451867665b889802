"""The client's log: structured through `extra`, so that a formatter can print it as JSON. Never the key."""

from __future__ import annotations

import logging
from typing import Final

LOG: Final = logging.getLogger("dgharness.client")

"""Where the log goes: to stderr, as text or as JSON lines, with every `extra` field and never the key."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Final

from harness.cli.options import DEFAULT_KEY
from harness.recording.scrub import SHORTEST_SECRET, mask

_STANDARD_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def secrets_of(key: str) -> frozenset[str]:
    """What must not be shown of a key: all of it, unless it is a stand-in that protects nothing."""
    return frozenset({key}) if len(key) >= SHORTEST_SECRET and key != DEFAULT_KEY else frozenset()


def set_up_logging(level: str, *, as_json: bool, secrets: Iterable[str] = ()) -> None:
    """Send the log of this process to stderr; a second call replaces what the first set up."""
    handler = _MaskingHandler(secrets)
    if as_json:
        from pythonjsonlogger.json import JsonFormatter

        handler.setFormatter(JsonFormatter("{asctime}{levelname}{name}{message}", style="{"))
    else:
        handler.setFormatter(_TextFormatter("{levelname} {name}: {message}", style="{"))
    root = logging.getLogger("dgharness")
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    root.propagate = False


class _TextFormatter(logging.Formatter):
    """The message, and behind it every `extra` field as `name=value`."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        fields = [f"{name}={value!r}" for name, value in vars(record).items() if name not in _STANDARD_FIELDS]
        return " ".join([super().formatMessage(record), *fields])


class _MaskingHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic in the stubs only, not at run time
    """The last door before stderr: no line with a secret passes, whoever wrote it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(sys.stderr)
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record), self._secrets)

"""The control API: what a test, in any language, asks of a running server about its faults.

    GET  /_dgharness/faults    the faults, their seed, and every firing so far
    POST /_dgharness/faults    {"faults": [{"kind": …}, …], "seed": 7}: these from the next connection on

It is for programs on this machine only: never for another host, and never for a web page, which may reach a server on
its visitor's machine. Deepgram has nothing like it, so it answers as no Deepgram does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlsplit

from harness.errors import BadInput
from harness.loopback import is_loopback
from mock_server.faults.notation import fault_table, parse_fault
from mock_server.runs import FaultRuns

CONTROL_PREFIX: Final = "/_dgharness/"
FAULTS_PATH: Final = "/_dgharness/faults"
BODY_BYTES: Final = 1024 * 1024

_WEB_HEADERS: Final = ("origin", "sec-fetch-site", "sec-fetch-mode")
"""What browsers send and programs do not."""


class ControlError(Exception):
    """The control API refuses.

    Args:
        status: HTTP status.
        sentence: why.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def guard(peer_host: str | None, headers: Mapping[str, str]) -> None:
    """Let in programs on this machine only.

    Args:
        peer_host: address that the request came from.
        headers: of the request, names in lower case.

    Raises:
        ControlError: it came from elsewhere, under a name that is not this machine's, or from a web page.
    """
    if not is_loopback(peer_host):
        raise ControlError(403, f"the control API is for this machine only; the request came from {peer_host}")
    if not is_loopback(_host_named(headers.get("host", ""))):  # a page whose own name was made to mean 127.0.0.1
        raise ControlError(403, f"the control API is reached as 127.0.0.1 or localhost, not as {headers.get('host')!r}")
    for name in _WEB_HEADERS:
        if name in headers:
            raise ControlError(403, f"the control API is not for web pages; the request has the header {name}")


def answer(method: str, path: str, content_type: str, body: bytes, runs: FaultRuns) -> dict[str, Any]:
    """Carry out one request that `guard` let in; returns what stands now.

    Raises:
        ControlError: there is no such resource, or what is asked for is none that can be done.
    """
    if path != FAULTS_PATH:
        raise ControlError(404, f"the control API has no {path}; there is {FAULTS_PATH}")
    if method == "POST":
        _use(content_type, body, runs)
    elif method not in ("GET", "HEAD"):
        raise ControlError(405, f"{FAULTS_PATH} takes GET and POST, not {method}")
    return {
        "faults": [fault_table(fault) for fault in runs.faults],
        "seed": runs.seed,
        "fired": [asdict(firing) for firing in runs.fired],
    }


def _use(content_type: str, body: bytes, runs: FaultRuns) -> None:
    if content_type != "application/json":  # a web page may post only other types unasked
        raise ControlError(415, f"content-type is {content_type!r}; wanted application/json")
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise ControlError(400, "the body is not JSON") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("faults"), list):
        raise ControlError(400, 'the body has no list "faults"; wanted {"faults": [{"kind": ...}, ...], "seed": 7}')
    for name in asked.keys() - {"faults", "seed"}:
        raise ControlError(400, f"{name!r} is not known; known: faults, seed")
    seed = asked.get("seed", runs.seed)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ControlError(400, f"seed is {seed!r}; wanted a whole number")
    faults = []
    for number, table in enumerate(asked["faults"], start=1):
        try:
            faults.append(parse_fault(table))
        except BadInput as error:
            raise ControlError(400, f"faults {number}: {error}") from None
    runs.use(faults, seed)


def _host_named(host_header: str) -> str | None:
    try:
        return urlsplit(f"//{host_header}").hostname
    except ValueError:
        return None

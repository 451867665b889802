"""How each documented refusal arrives at the user of one client: measured, all statuses in one run of its driver."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.protocol.refusal import for_status
from mock_server.faults.refuse import Refuse
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings
from tests.clients.installed import Client, Line, run

STATUSES: Final = (400, 401, 402, 403, 404, 405, 408, 429, 500, 502, 503, 504)
RETRY_AFTER_S: Final = 2
"""With 429; above what any of the clients waits of its own accord before a second try, and twice it before a third."""

MODES: Final = {"stream": "/v1/listen", "turns": "/v2/listen", "file": ""}
"""Each with the path of its upgrade; a file has none."""

LIMIT_S: Final = 150.0
HALF_A_SECOND_OF_SILENCE: Final = bytes(16_000)


@dataclass(frozen=True)
class Arrival:
    """What a program has of one refusal.

    Attributes:
        told: what the client told it, in order, such as `close event 1006`.
        status, body, headers: where it finds them: in a `field`, the `text` of the error, the `log`, or `no` place.
        tries: how often the client asked.
        obeyed: whether it waited between tries for as long as `retry-after` said.
    """

    told: tuple[str, ...]
    status: str
    body: str
    headers: str
    tries: int
    obeyed: bool = False


def modes_of(client: Client) -> list[str]:
    """What the client can ask for."""
    return [mode for mode in MODES if client.flux or mode != "turns"]


def fault_of(status: int) -> Refuse:
    """The scenario of one status."""
    return Refuse(status=status, retry_after_s=RETRY_AFTER_S if status == 429 else None)


def observe(client: Client, folder: Path) -> dict[str, dict[int, Arrival]]:
    """Have every request of a client refused with every status: mode -> status -> how it arrived."""
    audio = folder / "silence.raw"
    audio.write_bytes(HALF_A_SECOND_OF_SILENCE)
    modes = modes_of(client)
    with ExitStack() as running:
        servers = {
            status: running.enter_context(
                BackgroundServer(MockServer(Replies([]), ServerSettings(faults=(fault_of(status),))))
            )
            for status in STATUSES
        }
        urls = {status: f"http://127.0.0.1:{server.port}" for status, server in servers.items()}
        done = run(client, ",".join(urls.values()), "any", ",".join(modes), audio, speed=4.0, limit_s=LIMIT_S)
    assert not done.killed, done.stderr
    parts = split(done.lines)
    return {
        mode: {
            status: arrival(parts[mode, urls[status]], status, tries(server, mode), done.stderr)
            for status, server in servers.items()
        }
        for mode in modes
    }


def split(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    """Mode and URL -> the lines about that request."""
    parts: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.event == "asked":
            parts[line.facts["mode"], line.facts["url"]] = current = [line]
        elif line.event != "done":
            current.append(line)
    return parts


def tries(server: MockServer, mode: str) -> int:
    """How often the client asked: upgrades by their journals, and files are the rest of what was refused."""
    paths = [journal.recording().header.path for journal in server.sessions]
    return paths.count(MODES[mode]) if MODES[mode] else len(server.reception.runs.fired) - len(paths)


def arrival(lines: list[Line], status: int, asked: int, log: str) -> Arrival:
    """What the lines about one request say of its refusal."""
    facts = [line.facts for line in lines if line.event == "error"]
    text = " ".join(fact["text"] for fact in facts)
    sentence = for_status(status).message
    in_field = {
        "status": any(str(fact.get("status")) == str(status) for fact in facts),
        "body": any(sentence in shown(fact.get("body")) for fact in facts),
        "headers": any(fact.get("headers", {}).get("dg-request-id") for fact in facts),
    }
    in_text = {"status": str(status) in text, "body": sentence in text, "headers": "dg-request-id" in text}
    in_log = {"status": log_has(log, status, lines)}
    took_s = lines[-1].now_s - lines[0].now_s
    return Arrival(
        tuple(map(said, lines[1:])),
        status=place("status", in_field, in_text, in_log),
        body=place("body", in_field, in_text, in_log),
        headers=place("headers", in_field, in_text, in_log),
        tries=asked,
        obeyed=status == 429 and asked > 1 and took_s >= (asked - 1) * RETRY_AFTER_S,
    )


def place(what: str, in_field: dict[str, bool], in_text: dict[str, bool], in_log: dict[str, bool]) -> str:
    """The handiest place in which a program finds something."""
    if in_field[what]:
        return "field"
    return "text" if in_text[what] else "log" if in_log.get(what) else "no"


def log_has(log: str, status: int, lines: list[Line]) -> bool:
    """Whether the status of a stream's refusal was logged: a request and its log lines are told apart by it alone."""
    return lines[0].facts["mode"] != "file" and f"HTTP {status}" in log


def said(line: Line) -> str:
    """One thing that the client told, without what differs from status to status."""
    if line.event == "close":
        code = line.facts.get("code")
        return "close event" if code is None else f"close event with {code}"
    if line.event == "error":
        text: str = line.facts["text"]
        name, colon, _ = text.partition(":")
        return f"`{name}` {line.facts['how']}" if colon else f"`{text.removesuffix(' returned False')}` returns False"
    return line.event


def shown(value: object) -> str:
    """A body, whatever the client made of it, as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

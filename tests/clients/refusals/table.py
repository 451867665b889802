"""How refusals arrive, as a section of Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from tests.clients.refusals.measurement import RETRY_AFTER_S, STATUSES, Arrival

HEADING: Final = "## How refusals arrive"
INTRODUCTION: Final = f"""{HEADING}

Every request of every client, refused with every documented status (`dgharness serve --fault 'refuse status=402'`), 429
with `retry-after: {RETRY_AFTER_S}`. `python -m tests.clients.refusals.measure` writes this section, and the tests
measure it again; do not edit it.

- **Status**, **body** (its `err_msg`) and **headers** (`dg-request-id`): where a program finds them. *field* is an
  attribute of the error, *text* its message, *log* the client's log and nothing else, *no* nowhere.
- **Tries** is how often the client asked before it told its user; none of the tries was let in.

| Client | Request | Refused with | What the program gets | Status | Body | Headers | Tries |
|---|---|---|---|---|---|---|---|
"""
REQUESTS: Final = {"stream": "`/v1/listen` stream", "turns": "Flux", "file": "file"}

Rows = list[list[str]]


def render(results: Mapping[str, Mapping[str, Mapping[int, Arrival]]]) -> str:
    """The section; `results` is client -> mode -> status -> arrival. Clients that are alike share their rows."""
    alike: dict[str, list[str]] = {}
    rows: dict[str, Rows] = {}
    for client, by_mode in results.items():
        found = rows_of(by_mode)
        alike.setdefault(repr(found), []).append(client)
        rows[repr(found)] = found
    lines = [
        f"| {' | '.join([' and '.join(clients) if number == 0 else '', *row])} |"
        for key, clients in alike.items()
        for number, row in enumerate(rows[key])
    ]
    return INTRODUCTION + "\n".join(lines) + "\n"


def rows_of(by_mode: Mapping[str, Mapping[int, Arrival]]) -> Rows:
    """One row for each way of arriving, of each kind of request; requests that are alike share theirs."""
    requests: dict[str, list[str]] = {}
    rows: dict[str, Rows] = {}
    for mode, by_status in by_mode.items():
        found = [[statuses_of(statuses), *cells(arrival)] for arrival, statuses in grouped(by_status).items()]
        requests.setdefault(repr(found), []).append(REQUESTS[mode])
        rows[repr(found)] = found
    return [
        [", ".join(names) if number == 0 else "", *row]
        for key, names in requests.items()
        for number, row in enumerate(rows[key])
    ]


def grouped(by_status: Mapping[int, Arrival]) -> dict[Arrival, list[int]]:
    """The statuses that arrive alike."""
    groups: dict[Arrival, list[int]] = {}
    for status, arrival in by_status.items():
        groups.setdefault(arrival, []).append(status)
    return groups


def statuses_of(statuses: Sequence[int]) -> str:
    """`all`, or which."""
    return "all" if tuple(statuses) == STATUSES else ", ".join(map(str, statuses))


def cells(arrival: Arrival) -> list[str]:
    """The rest of a row."""
    tries = f"{arrival.tries}" + (", as far apart as `retry-after` says" if arrival.obeyed else "")
    return ["; ".join(arrival.told), arrival.status, arrival.body, arrival.headers, tries]


def section(page: str) -> str:
    """This section of the page as it is."""
    found = re.search(rf"^{HEADING}\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return "" if found is None else found[0].rstrip("\n") + "\n"


def replaced(page: str, new: str) -> str:
    """The page with a new section in its place, or at its end."""
    old = section(page)
    return page.replace(old, new) if old else f"{page.rstrip()}\n\n{new}"

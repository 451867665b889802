"""The committed table of how refusals arrive is what every client does today."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients.installed import CLIENTS, Client, Line
from tests.clients.refusals.measure import PAGE, Results, measure
from tests.clients.refusals.measurement import STATUSES, arrival, split
from tests.clients.refusals.table import HEADING, INTRODUCTION, render, replaced, section

Needs = Callable[[Client], Client]


@pytest.fixture(scope="session")
def results(missing: dict[Client, str]) -> Results:
    """Every client that is there, side by side, with every status."""
    return measure(client for client in CLIENTS if client not in missing)


def titled(client: Client) -> str:
    return f"`{client.package}` {client.version}"


def rows_about(name: str, text: str) -> list[str]:
    """A client's rows, without the cell that names it."""
    rows: list[str] = []
    about = False
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| Client "):
            names, _, rest = line.removeprefix("| ").partition("| ")
            about = name in names.strip().split(" and ") if names.strip() else about
            rows += [rest] if about else []
    return rows


@pytest.mark.timeout(600)  # the first of all clients' tests installs everything
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_every_refusal_arrives_as_the_page_says(client: Client, needs: Needs, results: Results) -> None:
    name = titled(needs(client))
    measured = rows_about(name, render({name: results[name]}))
    assert len(measured) >= 2
    assert all(set(by_status) == set(STATUSES) for by_status in results[name].values())

    assert rows_about(name, section(PAGE.read_text(encoding="utf-8"))) == measured


def test_the_section_says_of_itself_what_the_measurement_writes() -> None:
    assert section(PAGE.read_text(encoding="utf-8")).startswith(INTRODUCTION)


def test_a_new_section_takes_the_place_of_the_old_one_or_comes_last() -> None:
    page = f"# Page\n\n{HEADING}\n\nold\n\n## Next\n"

    assert replaced(page, f"{HEADING}\n\nnew\n") == f"# Page\n\n{HEADING}\n\nnew\n\n## Next\n"
    assert replaced("# Page\n", f"{HEADING}\n\nnew\n") == f"# Page\n\n{HEADING}\n\nnew\n"


def asked(mode: str = "file", now_s: float = 0.0) -> Line:
    return Line(now_s, "asked", {"mode": mode, "url": "http://x"})


def error(text: str, now_s: float = 1.0, **facts: object) -> Line:
    return Line(now_s, "error", {"text": text, "how": "raised", **facts})


def test_what_can_be_read_is_told_from_what_can_only_be_seen() -> None:
    readable = error("A: no", status=402, body={"err_msg": "Project not found."}, headers={"dg-request-id": "x"})
    seen = error('A: {"err_msg": "Project not found."} 404')

    found = arrival([asked(), readable], 402, 1, "")
    assert (found.status, found.body, found.headers) == ("field", "no", "field")
    found = arrival([asked(), seen], 404, 1, "")
    assert (found.status, found.body, found.headers, found.told) == ("text", "text", "no", ("`A` raised",))


def test_a_status_in_the_log_counts_for_the_stream_that_logs_it() -> None:
    log = "server rejected WebSocket connection: HTTP 402"

    assert arrival([asked("stream"), error("start() returned False")], 402, 1, log).status == "log"
    assert arrival([asked("file"), error("start() returned False")], 402, 1, log).status == "no"
    assert arrival([asked("stream"), error("start() returned False")], 403, 1, log).status == "no"


@pytest.mark.parametrize(("took_s", "obeyed"), [(3.3, False), (4.1, True)])
def test_two_waits_of_two_seconds_take_four(took_s: float, obeyed: bool) -> None:
    assert arrival([asked(), error("A: no", now_s=took_s)], 429, 3, "").obeyed is obeyed


def test_lines_belong_to_what_was_asked_last() -> None:
    first, second = asked("stream"), asked("file")
    parts = split([first, error("A: no"), second, Line(2.0, "done", {})])

    assert parts == {("stream", "http://x"): [first, error("A: no")], ("file", "http://x"): [second]}

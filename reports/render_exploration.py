"""What exploring fault schedules came to, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from harness.results import Exploration, Spread
from reports.figures import one_line
from reports.text_page import DEFAULT_WIDTH, Cell, TextPage

_HEADER = ("seconds of virtual time", "n", "p50", "p95", "most")


def render_exploration_text(found: Exploration, name: str, *, width: int = DEFAULT_WIDTH, color: bool = False) -> str:
    """How many schedules failed, how long reconnecting took after each kind of fault, and how late finals came.

    Args:
        found: what to render.
        name: of the case.
        width: of the terminal, in cells.
        color: whether to put ANSI colour codes in.
    """
    page = TextPage(width, color)
    page.line(one_line(name), "bold")
    last = found.first_seed + found.schedules - 1
    page.grid(
        [
            [("endpoint", ""), (one_line(found.endpoint), "")],
            [("schedules", ""), (f"{found.schedules}, seeds {found.first_seed} to {last}", "")],
            [("connections", ""), (str(found.connections), "")],
            [("failed", ""), (str(found.failed), "red" if found.failed else "")],
            [("words lost", ""), (str(found.words_lost), "")],
            [("words doubled", ""), (str(found.words_doubled), "")],
            [("event log", ""), (f"sha256 {found.event_log_sha256}", "")],
        ],
        indent=2,
    )
    rows = list(_rows(found))
    if rows:
        page.line()
        page.grid([[(title, "bold") for title in _HEADER], *rows], indent=2, numbers=True)
    if found.first_failure_seed is not None:
        page.line()
        page.line(f"the first that failed, seed {found.first_failure_seed}, made smaller:", "bold")
        for line in (*found.first_failure, *found.first_failure_problems):
            page.line(one_line(line), indent=2)
    page.line()
    outcome = "PARTIAL" if found.partial else "FAIL" if found.failed else "PASS"
    page.line(
        f"{outcome}: {found.failed} of {found.schedules} schedules failed",
        {"PARTIAL": "yellow", "FAIL": "red", "PASS": "green"}[outcome],
    )
    return page.text()


def _rows(found: Exploration) -> Iterator[list[Cell]]:
    for kind, spread in found.reconnect_wall_s.items():
        yield _row(f"from {kind} to the next connection", spread)
    if found.final_delay_wall_s is not None:
        yield _row("from the end of the audio to its final, first connection", found.final_delay_wall_s)
    if found.final_delay_after_reconnect_wall_s is not None:
        yield _row("the same after a reconnection", found.final_delay_after_reconnect_wall_s)


def _row(title: str, spread: Spread) -> list[Cell]:
    figures = (f"{seconds:.2f}" for seconds in (spread.p50_s, spread.p95_s, spread.most_s))
    return [(title, ""), (str(spread.n), ""), *((figure, "") for figure in figures)]
